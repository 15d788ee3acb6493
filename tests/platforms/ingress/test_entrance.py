"""What happens to whoever asks when a session, a platform or the host leaves."""

from __future__ import annotations

from collections.abc import Callable

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.monitor import ConnectionState
from platforms.ingress import IDLE, Ingress, Request, Response, SendPiece, anybody
from tests.platforms.ingress.clients import connect
from tests.platforms.ingress.conftest import World


async def hangs(_: Request) -> None:
    await trio.sleep_forever()


async def test_who_comes_while_a_session_is_away_is_told_to_come_again(
    nursery: trio.Nursery,
) -> None:
    ingress = Ingress()
    async with ingress.entrance("web"):
        pass

    answer = await connect(ingress, nursery).asks("/web/", b"{}")
    assert (answer.status, answer.headers["retry-after"]) == (503, "2")

    ingress.forget("web")
    assert (await connect(ingress, nursery).asks("/web/", b"{}")).status == 404


async def test_what_is_in_hand_ends_with_the_session(nursery: trio.Nursery) -> None:
    ingress = Ingress()
    async with ingress.entrance("web") as entrance:
        entrance.hook("", hangs, admit=anybody)
        client = connect(ingress, nursery)
        await client.begins("/web/", b"")
        await wait_all_tasks_blocked()

    assert (await client.hears()).status == 503


async def test_so_does_what_is_being_said(nursery: trio.Nursery) -> None:
    async def page(_: Request) -> Response:
        async def says(say: SendPiece) -> None:
            await say(b"0")
            await trio.sleep_forever()

        return Response(says=says)

    ingress = Ingress()
    async with ingress.entrance("web") as entrance:
        entrance.page("", page)
        client = connect(ingress, nursery)
        await client.begins("/web/")
        await client.hears_head()
        await client.hears_more()

    assert await client.ended()


async def test_a_successor_keeps_the_path_that_its_predecessor_leaves(
    nursery: trio.Nursery,
) -> None:
    async def page(_: Request) -> Response:
        return Response.text(200, "the new one")

    ingress = Ingress()
    async with ingress.entrance("web"):
        successor = ingress.entrance("web")
        (await successor.__aenter__()).page("", page)

    assert (await connect(ingress, nursery).asks("/web/")).text == "the new one"
    await successor.__aexit__(None, None, None)


async def test_a_port_is_needed_while_a_platform_is_known() -> None:
    ingress = Ingress("127.0.0.1", 1)
    assert ingress.needed is None
    assert ingress.state == IDLE
    async with ingress.entrance("web"):
        assert ingress.needed == ("127.0.0.1", 1)
    ingress.bind("::1", 2)
    assert ingress.needed == ("::1", 2)
    ingress.forget("web")
    assert ingress.needed is None


async def test_leaving_lets_answers_be_finished(
    world: World, autojump_clock: MockClock
) -> None:
    async def slow(_: Request) -> None:
        await trio.sleep(0.5)

    world.entrance.hook("", slow, admit=anybody)
    idle, busy = world.client(), world.client()
    assert (await idle.asks("/web/", b"")).status == 200
    await busy.begins("/web/", b"")
    await wait_all_tasks_blocked()
    began = trio.current_time()

    await world.ingress.leave()

    assert trio.current_time() == began + 0.5
    answer = await busy.hears()
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert await idle.ended()
    assert await world.client().ended()  # nothing new is taken


async def test_leaving_does_not_wait_for_what_hangs(
    world: World, autojump_clock: MockClock
) -> None:
    world.entrance.hook("", hangs, admit=anybody)
    await world.client().begins("/web/", b"")
    await wait_all_tasks_blocked()

    await world.ingress.leave()

    assert trio.current_time() == 1.0


async def test_who_waits_for_the_port_hears_of_it(nursery: trio.Nursery) -> None:
    ingress = Ingress()

    async def waited(do: Callable[[], object]) -> bool:
        over = trio.Event()

        async def wait() -> None:
            await ingress.changed()
            over.set()

        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        do()
        await wait_all_tasks_blocked()
        return over.is_set()

    assert await waited(lambda: ingress.opened("127.0.0.1:1"))
    assert str(ingress.state) == "up (listens on 127.0.0.1:1)"
    assert await waited(lambda: ingress.bind("127.0.0.1", 2))
    assert await waited(
        lambda: ingress.report("", "", ConnectionState.needs_operator("no"))
    )
