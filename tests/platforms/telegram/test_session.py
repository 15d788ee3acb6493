"""Long polls, and what is journalled before they confirm anything."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs

from actors.messages import Inbound, Text
from actors.monitor import Phase
from platforms.telegram import polling, wire
from tests.fakes.telegram import FakeTelegram, Reply, bad, flood
from tests.fakes.telegram.methods import TERMINATED
from tests.platforms.base.hosts import FakeHost
from tests.platforms.telegram.living import ME, comes_true, living, saying, talking


async def phase(host: FakeHost, wanted: Phase, why: str = "") -> str:
    """Wait until the connection is in *wanted*, and *why* is said of it; return that."""
    with trio.fail_after(60):
        while True:
            for state in host.states.values():
                if state.phase is wanted and why in state.why:
                    return state.why
            await host.changed.wait()


async def test_what_people_say_is_heard_and_answered() -> None:
    async with talking() as (fake, host):
        said = fake.says("你好 👋")
        [event] = await host.accepts(1)
        assert (event.text, str(event.chat), event.id) == (
            "你好 👋",
            "private:14",
            str(said["message_id"]),
        )
        sent = await (await host.line(ME, "tg")).send(saying("hi"))
        asked = await fake.hears()
        assert (asked.method, asked.chat, asked.text) == ("sendMessage", 14, "hi")
        assert sent.id == "2"
        assert host.told[-1] == ("tg", ME, "up")


async def test_nothing_is_confirmed_before_it_is_journalled() -> None:
    """B36: the offset is asked with only after the batch is written down, and with it."""
    host, held = FakeHost(), trio.Event()
    host.journal.held = held
    async with talking(host=host) as (fake, host):
        for text in ("one", "two"):
            fake.says(text)
        await comes_true(lambda: host.journal.asked > 0)
        await trio.sleep(0.1)
        assert len(fake.waiting) == 2, "Telegram still has both"
        assert host.journal.cursors == {}
        held.set()
        await host.accepts(2)
        await comes_true(lambda: len(fake.waiting) == 0)
        assert host.journal.cursors["tg", ME] == "3"
        assert {cursor for _, cursor in host.journal.brought} <= {None, "2", "3"}


async def test_what_waited_while_nobody_was_there_is_heard() -> None:
    """Nothing that waits is dropped at a start, and a webhook of before keeps none of it."""
    fake = FakeTelegram()
    fake.webhook.url = "http://127.0.0.1:1/"
    for number in range(250):
        fake.says(str(number))
    async with talking(fake) as (_, host):
        await host.accepts(250)
        assert host.journal.texts() == [str(number) for number in range(250)]


async def test_what_is_told_again_is_known_again() -> None:
    """B23: the cursor was lost, as where it is killed between the answer and the journal."""
    fake, host = FakeTelegram(), FakeHost()
    async with fake.serving() as url:
        update = {"update_id": 1, "message": fake.does(text="again")}
        fake.on("getUpdates", Reply([update]))
        async with living(url, host):
            await comes_true(lambda: host.journal.asked >= 5)
    assert host.journal.texts() == ["again"]


async def test_numbers_that_begin_anew_are_no_old_ones() -> None:
    """After a quiet week an update may have any number, a smaller one as well."""
    fake = FakeTelegram()
    fake.waiting.next_id = 90_000_000
    async with talking(fake) as (_, host):
        fake.says("before")
        await host.accepts(1)
        fake.waiting.next_id = 5
        fake.says("after")
        await host.accepts(2)
        await comes_true(lambda: host.journal.cursors["tg", ME] == "6")
    assert host.journal.texts() == ["before", "after"]


async def test_another_bot_of_the_same_platform_begins_at_its_own_beginning() -> None:
    """The token was changed: the cursor of the old account is not that of the new one."""
    host = FakeHost()
    host.journal.cursors["tg", ""] = host.journal.cursors["tg", "1"] = "500"
    fake = FakeTelegram()
    fake.waiting.next_id = 500 - 5
    fake.says("hello")
    async with talking(fake, host):
        await host.accepts(1)


@pytest.mark.parametrize("code", [401, 404])
async def test_a_refused_token_needs_a_person(code: int) -> None:
    host, fake = FakeHost(), FakeTelegram()
    fake.on("getMe", Reply(code=code, why="Unauthorized"))
    with capture_logs() as logs:
        async with fake.serving() as url, living(url, host):
            why = await phase(host, Phase.NEEDS_OPERATOR)
    assert "check token" in why
    assert fake.token not in f"{why}{logs}"


async def test_a_token_that_is_revoked_while_we_poll_needs_a_person() -> None:
    fake = FakeTelegram()
    async with talking(fake) as (_, host):
        fake.on("getUpdates", Reply(code=401, why="Unauthorized"))
        fake.says("x")
        await phase(host, Phase.NEEDS_OPERATOR)


async def test_somebody_else_who_polls_is_a_conflict_for_a_person_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told, and tried slowly; what we say goes out all the same."""
    monkeypatch.setattr(polling, "CONFLICT_SECONDS", 0.3)
    fake = FakeTelegram()
    fake.on("getUpdates", TERMINATED, TERMINATED, None)
    async with fake.serving() as url, living(url, FakeHost()) as host:
        why = await phase(host, Phase.DEGRADED)
        assert why.startswith("conflict: Conflict: terminated by other getUpdates")
        assert (await (await host.line(ME, "tg")).send(saying("hi"))).id
        began = trio.current_time()
        await host.state(ME, "up", "tg")
        assert trio.current_time() - began > 0.25
        polls = [each for each in fake.asked if each.method == "getUpdates"]
        assert len(polls) <= 3


async def test_a_poll_that_is_told_to_wait_waits() -> None:
    """The server's own delay wins over any rule of ours, also before we are up."""
    fake = FakeTelegram()
    fake.on("getMe", flood(1), None)
    fake.on("getUpdates", flood(1), None)
    fake.says("hi")
    began = trio.current_time()
    async with talking(fake) as (_, host):
        await host.accepts(1)
        assert trio.current_time() - began > 1.9
        assert not any("backing_off" in state for _, _, state in host.told)


@pytest.mark.parametrize("method", ["getMe", "getUpdates"])
async def test_a_server_that_says_too_many_and_wait_for_nothing_gets_a_pause(
    method: str,
) -> None:
    fake = FakeTelegram()
    fake.on(method, flood(0))
    async with fake.serving() as url, living(url, FakeHost()):
        await trio.sleep(1.5)
    assert len([each for each in fake.asked if each.method == method]) <= 3


@pytest.mark.parametrize(
    "reply",
    [
        Reply(code=502, body=b"<html>Bad Gateway</html>"),
        Reply(code=500, why="Internal Server Error"),
        Reply(code=200, body=b"<html>sign in to the hotel</html>"),
        Reply("no list"),
        Reply([7, None, "x"]),
        bad("whatever"),
    ],
    ids=str,
)
async def test_what_is_no_news_ends_the_session_and_another_begins(
    reply: Reply,
) -> None:
    fake = FakeTelegram()
    fake.on("getUpdates", reply, None)
    async with fake.serving() as url, living(url, FakeHost()) as host:
        await phase(host, Phase.BACKING_OFF)
        fake.says("still there")
        await host.accepts(1)


async def test_one_update_that_is_none_costs_no_other() -> None:
    deep: object = []
    for _ in range(100):
        deep = [deep]
    fake = FakeTelegram()
    message = fake.does(text="fine")
    batch = [
        {"no": "number"},
        {"update_id": 7, "message": {"deep": deep}},
        {"update_id": 8, "message": message},
    ]
    fake.on("getUpdates", Reply(batch), Reply([]))
    with capture_logs() as logs:
        async with talking(fake) as (_, host):
            await host.accepts(1)
            assert host.journal.cursors["tg", ME] == "9"
    assert host.journal.texts() == ["fine"]
    [refused] = [log for log in logs if log["event"] == "frame.refused"]
    assert "must have an update_id" in refused["why"], "the second one within a minute"


async def test_a_mistake_of_ours_costs_one_update(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def events_of(update: wire.Update, _: object) -> tuple[Inbound, ...]:
        if update.number == 1:
            raise KeyError("oops")
        return (Inbound("2", body=(Text("fine"),)),)

    monkeypatch.setattr(wire, "events_of", events_of)
    fake = FakeTelegram()
    fake.says("poison")
    fake.says("fine")
    async with talking(fake) as (_, host):
        await host.accepts(1)
        assert host.journal.cursors["tg", ME] == "3"


async def test_a_server_that_holds_no_poll_is_not_asked_without_pause() -> None:
    fake = FakeTelegram()
    fake.on("getUpdates", Reply([]))
    async with talking(fake):
        await trio.sleep(1.5)
        polls = [each for each in fake.asked if each.method == "getUpdates"]
        assert len(polls) <= 3


async def test_a_server_that_is_gone_is_tried_again_until_it_is_back() -> None:
    fake, host = FakeTelegram(), FakeHost()
    async with fake.serving() as url:
        port = fake.port
    with capture_logs() as logs:
        async with living(url, host):
            why = await phase(host, Phase.BACKING_OFF)
            assert fake.token not in f"{why} {logs}"
            async with fake.serving(port):
                await host.line(ME, "tg")
                fake.says("back")
                await host.accepts(1)
    assert fake.token not in str(logs)
    assert fake.token not in str(host.told)


async def test_everything_there_is_is_asked_for() -> None:
    """Reactions and members are not sent unless they are named."""
    async with talking() as (fake, host):
        await comes_true(lambda: bool(fake.waiting.allowed))
        change = {
            "chat": {"id": -7, "type": "group"},
            "user": {"id": 14, "first_name": "Ann"},
            "message_id": 3,
            "date": 1,
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍"}],
        }
        assert fake.tells("message_reaction", change) is not None
        [event] = await host.accepts(1)
        assert event.event == "message.reacted"
        polls = [each for each in fake.asked if each.method == "getUpdates"]
        assert polls[0].params["timeout"] == "50"


async def test_a_session_that_ends_leaves_nothing_open() -> None:
    async with talking() as (fake, host):
        await host.line(ME, "tg")
        await comes_true(lambda: fake.polls == 1)
        polling = fake
    assert polling.polls == 0
