"""A session that the world comes to: webhooks and WebSockets at the host's ingress."""

from __future__ import annotations

import trio
from attrs import frozen
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.kernel import System
from actors.messages import Inbound, Outbound, Text
from actors.monitor import ConnectionState
from platforms.base import Link, Platform, Secret, Sent, platform_tree
from platforms.ingress import Request, ShowsSecret
from tests.platforms.base.hosts import FakeHost
from tests.platforms.ingress.clients import Client, connect


@frozen
class HookConfig:
    secret: Secret


class HookChat(Platform[HookConfig]):
    """All that a platform with a webhook takes."""

    name = "hookchat"

    async def session(self, link: Link) -> None:
        async def take(request: Request) -> None:
            m = request.json()
            event = Inbound(
                m["id"], chat="group:1", sender=m["who"], body=[Text(m["text"])]
            )
            await link.deliver(event, cursor=m["n"])

        admit = ShowsSecret("x-secret", self.config.secret.reveal())
        async with link.webhooks(take, admit=admit) as door:
            link.up(account="me")
            await door.serve_forever()

    async def send(self, link: Link, out: Outbound) -> Sent:
        return Sent("1")


class World:
    def __init__(self, nursery: trio.Nursery) -> None:
        self.host = FakeHost()
        tree = platform_tree(
            "qq", HookChat(HookConfig(Secret("s3cret"))), self.host.host()
        )
        self.system = System(tree.actor)
        self._nursery = nursery

    def client(self) -> Client:
        return connect(self.host.ingress, self._nursery)

    async def posts(self, n: int, client: Client | None = None) -> int:
        body = b'{"id": "m%d", "n": %d, "who": "ann", "text": "hi"}' % (n, n)
        answer = await (client or self.client()).asks(
            "/qq/", body, headers={"X-Secret": "s3cret"}
        )
        return answer.status


async def test_a_webhook_is_answered_once_it_is_journalled(
    nursery: trio.Nursery,
) -> None:
    world = World(nursery)
    world.host.ingress.opened("memory")
    async with world.system:
        await world.host.state("me", "up")
        world.host.journal.held = trio.Event()
        client = world.client()
        answered: list[int] = []

        async def post() -> None:
            answered.append(await world.posts(1, client))

        nursery.start_soon(post)
        await wait_all_tasks_blocked()
        assert answered == []
        assert world.host.journal.accepted == []

        world.host.journal.held.set()
        await world.host.accepts(1)
        await wait_all_tasks_blocked()

        assert answered == [200]
        assert world.host.journal.cursors["qq", "me"] == "1"


async def test_what_is_told_again_is_known(nursery: trio.Nursery) -> None:
    world = World(nursery)
    world.host.ingress.opened("memory")
    async with world.system:
        await world.host.state("me", "up")

        assert [await world.posts(1), await world.posts(1)] == [200, 200]

        assert world.host.journal.texts() == ["hi"]


async def test_a_stranger_is_turned_away(nursery: trio.Nursery) -> None:
    world = World(nursery)
    world.host.ingress.opened("memory")
    async with world.system:
        await world.host.state("me", "up")

        assert (await world.client().asks("/qq/", b"{}")).status == 401

        assert world.host.journal.asked == 0


async def test_a_taken_port_is_shown_by_who_needs_it(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world = World(nursery)
    async with world.system:
        await world.host.state("", "connecting (waits for the ingress)")
        taken = ConnectionState.backing_off(7.0, "port taken")
        world.host.ingress.report("", "", taken)
        await world.host.state("", "backing_off (port taken)")
        assert world.host.states["qq", ""].until == 7.0

        world.host.ingress.opened("memory")

        await world.host.state("me", "up")


async def test_a_port_that_is_lost_ends_the_session_and_another_begins(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world = World(nursery)
    world.host.ingress.opened("memory")
    async with world.system:
        await world.host.state("me", "up")

        taken = ConnectionState.backing_off(7.0, "port taken")
        world.host.ingress.report("", "", taken)
        await world.host.state("me", "backing_off (port taken)")
        world.host.ingress.opened("memory")

        await world.host.state("me", "up")
        assert await world.posts(2) == 200


async def test_many_at_once_are_all_kept(nursery: trio.Nursery) -> None:
    many = 50
    world = World(nursery)
    world.host.ingress.opened("memory")
    async with world.system:
        await world.host.state("me", "up")
        async with trio.open_nursery() as posts:
            for n in range(many):
                posts.start_soon(world.posts, n)

        assert len(world.host.journal.accepted) == many
