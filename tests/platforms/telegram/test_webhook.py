"""Updates that are pushed: only with the secret, and taken once they are journalled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import pytest
import trio
from attrs import frozen
from structlog.testing import capture_logs

from actors.journal import Appended, Arrived
from actors.monitor import Phase
from platforms.base import Secret
from platforms.telegram import webhook
from platforms.telegram.wire import trouble_of
from tests.fakes.telegram import FakeTelegram, Reply, flood
from tests.platforms.base.hosts import FakeHost, FakeJournal
from tests.platforms.ingress.clients import Client
from tests.platforms.telegram.living import ME, comes_true, living, saying
from tests.platforms.telegram.test_session import phase

HEADER = "X-Telegram-Bot-Api-Secret-Token"
SECRET = webhook.secret_of(Secret(FakeTelegram().token))


@frozen
class Pushed:
    """A fake that pushes, a platform that is pushed to, and the port between them."""

    fake: FakeTelegram
    host: FakeHost
    port: int

    async def posts(self, body: bytes, secret: str | None = SECRET) -> int:
        """Post *body* ourselves; return the status of the answer."""
        headers = {} if secret is None else {HEADER: secret}
        async with await trio.open_tcp_stream("127.0.0.1", self.port) as stream:
            return (await Client(stream).asks("/tg/", body, headers=headers)).status


@asynccontextmanager
async def pushed(
    fake: FakeTelegram | None = None, host: FakeHost | None = None
) -> AsyncIterator[Pushed]:
    fake, host = fake or FakeTelegram(), host or FakeHost()

    async def serve(stream: trio.SocketStream) -> None:
        await host.ingress.serve(stream, "test:0")

    async with fake.serving() as url, trio.open_nursery() as nursery:
        listeners = await nursery.start(
            partial(trio.serve_tcp, serve, 0, host="127.0.0.1")
        )
        port = listeners[0].socket.getsockname()[1]
        host.ingress.opened(f"127.0.0.1:{port}")
        async with living(url, host, f"http://127.0.0.1:{port}"):
            with trio.fail_after(60):
                await host.line(ME, "tg")
            yield Pushed(fake, host, port)
        nursery.cancel_scope.cancel()


async def test_what_is_pushed_is_heard_and_answered() -> None:
    fake = FakeTelegram()
    fake.says("said before")
    async with pushed(fake) as world:
        fake.says("你好")
        await world.host.accepts(2)
        assert world.host.journal.texts() == ["said before", "你好"]
        assert (await (await world.host.line(ME, "tg")).send(saying("hi"))).id
        await comes_true(lambda: fake.webhook.answers == [200, 200])
        [asked] = [each for each in fake.asked if each.method == "setWebhook"]
        assert asked.params["url"] == f"http://127.0.0.1:{world.port}/tg/"
        assert asked.params["secret_token"] == SECRET
        assert "message_reaction" in asked.params["allowed_updates"]
        assert world.host.journal.cursors == {}, "it confirms nothing of a poll"
    assert fake.webhook.url, "it stays: what people say meanwhile waits for us"


async def test_a_push_is_taken_once_it_is_journalled() -> None:
    """Law 1: until then Telegram keeps it, and pushes it again."""
    host, held = FakeHost(), trio.Event()
    host.journal.held = held
    async with pushed(host=host) as world:
        world.fake.says("hi")
        await comes_true(lambda: host.journal.asked > 0)
        await trio.sleep(0.1)
        assert len(world.fake.waiting) == 1
        assert world.fake.webhook.answers == []
        held.set()
        await comes_true(lambda: world.fake.webhook.answers == [200])


async def test_what_is_pushed_again_is_handled_once() -> None:
    """B23: our 200 was lost on the way."""
    async with pushed() as world:
        update = {"update_id": 1, "message": world.fake.does(text="once")}
        body = world.fake.body_of(update)
        assert [await world.posts(body) for _ in range(3)] == [200, 200, 200]
        assert world.host.journal.texts() == ["once"]


@pytest.mark.parametrize("secret", [None, "", "guess", SECRET[:-1], SECRET.upper()])
async def test_who_does_not_show_the_secret_is_turned_away(secret: str | None) -> None:
    async with pushed() as world:
        body = b'{"update_id": 1, "message": {"message_id": 1, "text": "let me in"}}'
        assert await world.posts(body, secret) in (401, 403)
        assert world.host.journal.accepted == []


@pytest.mark.parametrize(
    "body",
    [b"", b"rubbish", b"[1]", b"{}", b'{"update_id":' + b"[" * 9999 + b"]" * 9999],
)
async def test_what_can_never_be_read_does_not_come_for_ever(body: bytes) -> None:
    with capture_logs() as logs:
        async with pushed() as world:
            assert await world.posts(body) == 200
            world.fake.says("fine")
            await world.host.accepts(1)
    assert "frame.refused" in [log["event"] for log in logs]


class FailsOnce(FakeJournal):
    failed = False

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        if not FailsOnce.failed:
            FailsOnce.failed = True
            raise OSError("the disk is full")
        return await super().append_all(platform, account, arrived)


async def test_a_push_that_cannot_be_kept_now_is_pushed_again() -> None:
    host = FakeHost(journal=FailsOnce())
    async with pushed(host=host) as world:
        world.fake.says("hi")
        await host.accepts(1)
        await comes_true(lambda: world.fake.webhook.answers == [500, 200])


async def test_a_webhook_that_was_taken_away_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Another program polls, and has deleted it; what we say goes out all the same."""
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)
    async with pushed() as world:
        ours = world.fake.webhook.url
        world.fake.webhook.url = ""
        await phase(world.host, Phase.DEGRADED, "another program has taken the webhook")
        assert (await (await world.host.line(ME, "tg")).send(saying("hi"))).id
        world.fake.webhook.url = ours
        await world.host.state(ME, "up", "tg")


async def test_too_many_looks_end_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pushes would be turned away until another session has set the webhook again."""
    monkeypatch.setattr(webhook, "LOOK_SECONDS", 0.05)
    fake = FakeTelegram()
    fake.on("getWebhookInfo", flood(1), None)
    began = trio.current_time()
    async with pushed(fake) as world:

        def looks() -> int:
            return [each.method for each in fake.asked].count("getWebhookInfo")

        await comes_true(lambda: looks() >= 3)
        assert trio.current_time() - began > 1.0
        assert [each.method for each in fake.asked].count("setWebhook") == 1
        assert not any("backing_off" in state for _, _, state in world.host.told)


async def test_a_webhook_that_is_refused_is_a_fault_with_telegrams_words() -> None:
    fake, host = FakeTelegram(), FakeHost()
    why = "Bad Request: bad webhook: getaddrinfo failed"
    fake.on("setWebhook", Reply(code=400, why=why))
    host.ingress.opened("memory")
    async with fake.serving() as url, living(url, host, "https://nowhere.test"):
        assert why in await phase(host, Phase.BACKING_OFF)


def test_what_telegram_says_of_a_webhook() -> None:
    mine = "https://x/tg/"
    info: dict[str, object] = {"url": mine, "pending_update_count": 0}
    assert trouble_of(info, mine) == ""
    failed = info | {"last_error_message": "Connection refused"}
    assert trouble_of(failed, mine) == "", "that is over"
    waiting = failed | {"pending_update_count": 7}
    assert trouble_of(waiting, mine) == (
        "Telegram cannot push to us: Connection refused (7 updates wait)"
    )
    assert "conflict" in trouble_of(info, "https://other/")
    assert "conflict" in trouble_of(None, mine)


def test_the_secret_is_one_that_telegram_takes() -> None:
    """1 to 256 of A-Z, a-z, 0-9, _ and -; another token has another one."""
    assert SECRET.isascii()
    assert SECRET.isalnum()
    assert 32 <= len(SECRET) <= 256
    assert webhook.secret_of(Secret("1:x")) != SECRET
