"""One account's conversation, over sockets without a network."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import define, evolve, field
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import Change, Delete, Edit, Emoji, Image, Markdown, React
from platforms.base import (
    Caller,
    Link,
    OutcomeUnknown,
    Rejected,
    Retry,
    Sent,
    SessionEnded,
)
from platforms.onebot11 import OneBot11, OneBot11Config
from platforms.onebot11.roles import SocketRole
from platforms.onebot11.session import Session
from platforms.onebot11.wire import OtherEvent
from tests.platforms.base.hosts import FakeHost, FakeSocket, saying

US = "10001"


def message(id_: object, text: str = "hi", **more: object) -> dict[str, object]:
    return {
        "post_type": "message",
        "message_type": "group",
        "sub_type": "normal",
        "time": 1_700_000_000,
        "self_id": int(US),
        "message_id": id_,
        "group_id": 42,
        "user_id": 14,
        "message": [{"type": "text", "data": {"text": text}}],
        "raw_message": text,
        "font": 0,
        "sender": {"user_id": 14, "nickname": "ann", "role": "member"},
    } | more


def heartbeat(*, online: bool = True, interval: int = 5000) -> dict[str, object]:
    return {
        "post_type": "meta_event",
        "meta_event_type": "heartbeat",
        "time": 1_700_000_000,
        "self_id": int(US),
        "interval": interval,
        "status": {"online": online, "good": online},
    }


def ok(asked: dict[str, object], data: object = None) -> dict[str, object]:
    return {"status": "ok", "retcode": 0, "data": data, "echo": asked["echo"]}


@define
class Talk:
    """A session that lives, and the sockets that were let into it."""

    host: FakeHost
    platform: OneBot11
    link: Link
    ended: list[Exception] = field(factory=list)
    over: trio.Event = field(factory=trio.Event)

    async def enters(self, role: SocketRole = SocketRole.UNIVERSAL) -> FakeSocket:
        socket = FakeSocket()
        caller = Caller(socket, role.value)
        self.link.visitors.put(caller)
        assert await self.link.visitors.taken(caller, within=5)
        await wait_all_tasks_blocked()
        return socket

    async def live(self) -> None:
        try:
            await self.platform.session(self.link)
        except* Exception as errors:
            self.ended.append(errors)
        finally:
            self.over.set()

    @property
    def state(self) -> str:
        return str(self.host.states["qq", US])


@asynccontextmanager
async def talking() -> AsyncIterator[Talk]:
    host = FakeHost()
    platform = OneBot11(OneBot11Config())
    talk = Talk(host, platform, host.link(platform, US))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk.live)
        yield talk
        nursery.cancel_scope.cancel()


async def test_a_message_comes_in_and_its_reply_goes_out() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        assert talk.state == "up"
        socket.says(message(7, "/ping"))
        (event,) = await talk.host.accepts(1)
        assert (event.id, event.text, str(event.chat)) == ("7", "/ping", "group:42")

        async def answer() -> None:
            asked = await socket.hears()
            assert asked["action"] == "send_group_msg"
            assert asked["params"] == {
                "group_id": 42,
                "message": [{"type": "text", "data": {"text": "pong"}}],
            }
            socket.says(ok(asked, {"message_id": -2147483648}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            line = await talk.host.line(US)
            assert (await line.send(saying("pong"))).id == "-2147483648"


async def test_a_message_is_recalled_and_reacted_to_by_its_id() -> None:
    """`delete_msg` is of the specification, `set_msg_emoji_like` of most who speak it."""
    changes: dict[Change, tuple[str, dict[str, object]]] = {
        Delete("-7"): ("delete_msg", {"message_id": -7}),
        React("7", "❤️"): (
            "set_msg_emoji_like",
            {"message_id": 7, "emoji_id": "10084", "set": True},
        ),
        React("7", Emoji("14"), remove=True): (
            "set_msg_emoji_like",
            {"message_id": 7, "emoji_id": "14", "set": False},
        ),
    }
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)

        async def answer() -> None:
            for wanted in changes.values():
                asked = await socket.hears()
                assert (asked["action"], asked["params"]) == wanted
                socket.says(ok(asked))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            for change in changes:
                out = evolve(saying("x"), body=(), change=change)
                assert await line.send(out) == Sent()


async def test_a_reaction_that_nobody_can_show_is_rejected_and_so_is_an_edit() -> None:
    async with talking() as talk:
        await talk.enters()
        line = await talk.host.line(US)
        for change, why in (
            (React("7", "🇳🇿"), "one code point"),
            (Edit("7"), "cannot edit"),
        ):
            with pytest.raises(Rejected, match=why):
                await line.send(evolve(saying("x"), change=change))


async def test_a_peer_that_knows_no_reactions_says_so() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)

        async def refuse() -> None:
            asked = await socket.hears()
            socket.says(ok(asked) | {"status": "failed", "retcode": 1404})

        async with trio.open_nursery() as nursery:
            nursery.start_soon(refuse)
            with pytest.raises(Rejected, match="does not know this action"):
                await line.send(evolve(saying("x"), change=React("7", "👍")))


async def test_answers_come_in_any_order_and_with_long_ids() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        ids: dict[str, str] = {}

        async def say(n: int) -> None:
            ids[f"m{n}"] = (await line.send(saying(f"m{n}", key=f"k{n}"))).id

        async with trio.open_nursery() as nursery:
            for n in range(5):
                nursery.start_soon(say, n)
            asked = [await socket.hears() for _ in range(5)]
            for frame in reversed(asked):
                params = frame["params"]
                assert isinstance(params, dict)
                text = params["message"][0]["data"]["text"]
                socket.says(ok(frame, {"message_id": 9007199254740993 + int(text[1])}))
        assert ids == {f"m{n}": str(9007199254740993 + n) for n in range(5)}


async def test_answers_are_settled_while_deliver_waits(
    autojump_clock: MockClock,
) -> None:
    """A journal that is full for now must not make a sent message *unknown*."""
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        talk.host.journal.held = trio.Event()
        for n in range(1, 101):
            socket.says(message(n))

        async def answer() -> None:
            socket.says(ok(await socket.hears(), {"message_id": 1}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            with trio.fail_after(5):
                await line.send(saying("pong"))
        assert talk.host.journal.accepted == []
        talk.host.journal.held.set()
        assert [e.id for e in await talk.host.accepts(100)] == [
            str(n) for n in range(1, 101)
        ]


async def test_what_is_said_three_times_is_accepted_once() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        for _ in range(3):
            socket.says(message(7))
        socket.says(message(8))
        assert [e.id for e in await talk.host.accepts(2)] == ["7", "8"]
        assert talk.host.journal.asked == 4


async def test_a_lost_link_makes_everything_unknown_at_once(
    autojump_clock: MockClock,
) -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        unknown = []

        async def say(n: int) -> None:
            try:
                await line.send(saying("x", key=f"k{n}"))
            except OutcomeUnknown as error:
                unknown.append(error)

        with trio.fail_after(5):  # of 15 seconds for an answer
            async with trio.open_nursery() as nursery:
                for n in range(3):
                    nursery.start_soon(say, n)
                for _ in range(3):
                    await socket.hears()
                socket.end()
            await talk.over.wait()
        assert len(unknown) == 3
        with pytest.raises(Retry):
            await line.send(saying("later"))


async def test_no_answer_is_unknown_and_a_late_one_is_told(
    autojump_clock: MockClock,
) -> None:
    """E05."""
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        with pytest.raises(OutcomeUnknown):
            await line.send(saying("x", key="the key"))
        asked = await socket.hears()
        socket.says(ok(asked, {"message_id": 77}))
        await wait_all_tasks_blocked()
        assert talk.host.late == [("the key", "77", "")]


async def test_a_late_answer_tells_what_was_lost(autojump_clock: MockClock) -> None:
    """A27: also where nobody waited for it any more."""
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        with pytest.raises(OutcomeUnknown):
            await line.send(evolve(saying("x"), body=(Markdown("**x**"),)))
        socket.says(ok(await socket.hears(), {"message_id": 77}))
        await wait_all_tasks_blocked()
        assert talk.host.late == [("k1", "77", "markdown as text")]


async def test_a_late_refusal_changes_nothing(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        with pytest.raises(OutcomeUnknown):
            await line.send(saying("x"))
        asked = await socket.hears()
        socket.says({"status": "failed", "retcode": 1404, "echo": asked["echo"]})
        await wait_all_tasks_blocked()
        assert talk.host.late == []


@pytest.mark.parametrize(
    ("answer", "raises"),
    [
        ({"status": "failed", "retcode": 1400, "wording": "no"}, Rejected),
        ({"status": "failed", "retcode": 1200, "message": "Timeout"}, OutcomeUnknown),
        ({"status": "async", "retcode": 1}, OutcomeUnknown),
    ],
)
async def test_what_a_refusal_means(
    answer: dict[str, object], raises: type[Exception]
) -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)

        async def refuse() -> None:
            asked = await socket.hears()
            socket.says(answer | {"echo": asked["echo"]})

        async with trio.open_nursery() as nursery:
            nursery.start_soon(refuse)
            with pytest.raises(raises):
                await line.send(saying("x"))


async def test_a_link_is_the_peers_to_fetch_and_ours_when_it_cannot() -> None:
    """A25: also one into a private net goes to the peer as it is; we do not fetch it."""
    picture = Image("http://192.168.1.9/rook.png", alt="a rook")
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        files: list[object] = []

        async def refuse_pictures() -> None:
            while True:
                asked = await socket.hears()
                (part,) = asked["params"]["message"]  # type: ignore[index]  # JSON
                files.append(part["data"].get("file", part["data"].get("text")))
                if part["type"] == "image":
                    no = {"status": "failed", "retcode": 1200, "message": "rich media"}
                    socket.says(no | {"echo": asked["echo"]})
                else:
                    socket.says(ok(asked))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(refuse_pictures)
            sent = await line.send(evolve(saying("x"), body=(picture,)))
            told = "[image a rook: http://192.168.1.9/rook.png]"
            assert files == ["http://192.168.1.9/rook.png", told]
            assert "192.168.1.9 is private" in sent.degraded
            sent = await line.send(evolve(saying("x"), body=(Image(b"png"),)))
            assert files[2:] == ["base64://cG5n", "[image]"]
            assert sent.degraded == "image as text: rich media (retcode 1200)"
            nursery.cancel_scope.cancel()


async def test_what_onebot_cannot_say_is_rejected_before_it_leaves() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        line = await talk.host.line(US)
        with pytest.raises(Rejected):
            await line.send(saying("x", chat="thread:9"))
        assert not socket.heard


# --- roles ----------------------------------------------------------------------------


async def test_two_sockets_make_one_session() -> None:
    async with talking() as talk:
        api = await talk.enters(SocketRole.API)
        assert talk.state == "degraded (no event connection, nothing can be heard)"
        event = await talk.enters(SocketRole.EVENT)
        assert talk.state == "up"
        event.says(message(1))
        await talk.host.accepts(1)

        async def answer() -> None:
            api.says(ok(await api.hears(), {"message_id": 1}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            await (await talk.host.line(US)).send(saying("x"))
        assert not event.heard


async def test_without_an_api_socket_the_outbox_keeps() -> None:
    async with talking() as talk:
        api = await talk.enters(SocketRole.API)
        await talk.enters(SocketRole.EVENT)
        line = await talk.host.line(US)
        api.end()
        await talk.host.state(US, "degraded (no API connection, nothing can be said)")
        assert talk.host.lines == {}
        with pytest.raises(Retry):
            await line.send(saying("x"))
        assert not talk.over.is_set()
        await talk.enters(SocketRole.API)
        await talk.host.line(US)
        assert talk.state == "up"


async def test_the_newest_of_a_role_wins_and_the_old_ones_end_harms_nobody() -> None:
    async with talking() as talk:
        old = await talk.enters(SocketRole.API)
        event = await talk.enters(SocketRole.EVENT)
        line = await talk.host.line(US)
        unknown = trio.Event()

        async def say() -> None:
            with pytest.raises(OutcomeUnknown):
                await line.send(saying("on the old one"))
            unknown.set()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say)
            asked = await old.hears()
            new = await talk.enters(SocketRole.API)
            assert (await talk.host.line(US)) is line
            # An answer on another socket than the question's is nobody's.
            new.says(ok(asked, {"message_id": 1}))
            await wait_all_tasks_blocked()
            assert not unknown.is_set()
            old.end(1000)
        await wait_all_tasks_blocked()
        assert event.closed is None
        assert talk.state == "up"

        async def answer() -> None:
            new.says(ok(await new.hears(), {"message_id": 2}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            assert (await line.send(saying("on the new one"))).id == "2"


async def test_the_old_socket_is_dismissed(
    autojump_clock: MockClock,
) -> None:
    async with talking() as talk:
        callers = [Caller(FakeSocket(), "Universal") for _ in range(2)]
        for caller in callers:
            talk.link.visitors.put(caller)
            await talk.link.visitors.taken(caller, within=5)
            await wait_all_tasks_blocked()
        with trio.fail_after(1):
            assert "newer" in await callers[0].over()


async def test_a_socket_that_was_replaced_while_it_waited_is_heard_out_first() -> None:
    """It dialled while nobody was there, and again a moment later: what it said stands."""
    sockets = [FakeSocket() for _ in range(3)]
    whys: list[str] = []

    async def receive(caller: Caller) -> None:  # as the listener does
        whys.append(await caller.over())
        await caller.socket.close()

    async with talking() as talk, trio.open_nursery() as nursery:
        for number, socket in enumerate(sockets):
            socket.says(message(number + 1))
            caller = Caller(socket, "Universal")
            nursery.start_soon(receive, caller)
            talk.link.visitors.put(caller)
        accepted = await talk.host.accepts(3)
        assert [event.id for event in accepted] == ["1", "2", "3"]
        assert len(whys) == 2
        assert all("newer" in why for why in whys)
        assert talk.state == "up"
        nursery.cancel_scope.cancel()


async def test_what_the_old_socket_has_read_comes_before_what_the_new_one_says() -> (
    None
):
    """A line torn while the disk is stalled turns nothing round in a chat."""
    async with talking() as talk:
        old = await talk.enters()
        talk.host.journal.held = trio.Event()
        for n in range(1, 201):
            old.says(message(n))
        await wait_all_tasks_blocked()
        new = await talk.enters()
        old.end()
        for n in range(201, 221):
            new.says(message(n))
        await wait_all_tasks_blocked()
        talk.host.journal.held.set()
        accepted = await talk.host.accepts(220)
        assert [e.id for e in accepted] == [str(n) for n in range(1, 221)]


async def test_a_stop_turns_nothing_round_either() -> None:
    async with talking() as talk:
        old = await talk.enters()
        talk.host.journal.held = trio.Event()
        for n in range(1, 101):
            old.says(message(n))
        await wait_all_tasks_blocked()
        new = await talk.enters()
        old.end()
        for n in range(101, 121):
            new.says(message(n))
        await wait_all_tasks_blocked()
        talk.host.journal.held.set()
        # The block is left, and the session cancelled, before another task runs.
    accepted = talk.host.journal.accepted
    assert [e.id for e in accepted] == [str(n) for n in range(1, 121)]


# --- what is wrong with the peer ------------------------------------------------------


async def test_an_account_that_is_offline_is_degraded_not_reconnected() -> None:
    """B19: degraded has an entry and an exit."""
    async with talking() as talk:
        socket = await talk.enters()
        socket.says(heartbeat(online=False))
        await talk.host.state(US, "degraded (the account is offline)")
        assert (await talk.host.line(US)) is not None
        socket.says(heartbeat(online=True))
        await talk.host.state(US, "up")
        assert socket.closed is None


async def test_a_peer_whose_heartbeat_stops_is_left(autojump_clock: MockClock) -> None:
    """B10."""
    async with talking() as talk:
        socket = await talk.enters()
        socket.says(heartbeat(interval=4000))
        await wait_all_tasks_blocked()
        began = trio.current_time()
        await talk.over.wait()
        assert 9 < trio.current_time() - began < 16
        assert "heartbeat" in repr(talk.ended)


async def test_a_silent_peer_is_asked_then_left(autojump_clock: MockClock) -> None:
    async with talking() as talk:
        socket = await talk.enters()
        await talk.over.wait()
        assert (await socket.hears())["action"] == "get_status"
        assert "unanswered" in repr(talk.ended)


async def test_an_api_socket_is_only_probed(autojump_clock: MockClock) -> None:
    """It carries no events: silence on it is its nature."""
    async with talking() as talk:
        api = await talk.enters(SocketRole.API)

        async def answer() -> None:
            while True:
                asked = await api.hears()
                assert asked["action"] == "get_status"
                api.says(ok(asked, {"online": True, "good": True}))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            await trio.sleep(3600)
            assert not talk.over.is_set()
            nursery.cancel_scope.cancel()


@pytest.mark.parametrize("answers", [True, False])
async def test_a_quiet_event_socket_is_pinged(
    answers: bool, autojump_clock: MockClock
) -> None:
    async with talking() as talk:
        await talk.enters(SocketRole.API)
        event = await talk.enters(SocketRole.EVENT)
        event.pongs = answers
        await trio.sleep(75)
        assert not event.heard, "no action is sent to it"
        assert (event.closed is None) is answers


async def test_a_token_refused_by_who_dialled_us_needs_nobody() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        socket.says({"status": "failed", "retcode": 1403, "echo": None})
        socket.says(message(1))
        await talk.host.accepts(1)
        assert talk.state == "up"


async def test_no_frame_ends_a_session() -> None:
    async with talking() as talk:
        socket = await talk.enters()
        for frame in (
            "",
            "{",
            "null",
            "[]",
            "[" * 100_000,
            '{"a":' * 100 + "1" + "}" * 100,
            b"\x00\xff\xfe",
            '{"post_type": 7}',
            '{"post_type": "message"}',
            '{"post_type": "message", "message_type": [], "message": {}}',
            '{"post_type": "notice", "notice_type": {"a": 1}}',
            '{"status": "ok", "retcode": "0", "echo": {"a": [1]}}',
            '{"echo": null}',
        ):
            socket.says(frame)
        socket.says(message(99))
        with trio.fail_after(60):
            while "99" not in [e.id for e in talk.host.journal.accepted]:
                await talk.host.journal.changed.wait()
        assert not talk.over.is_set()


# --- calling actions ------------------------------------------------------------------


async def test_every_action_can_be_called_by_its_name() -> None:
    async with talking() as talk:
        socket = await talk.enters()

        async def answer() -> None:
            asked = await socket.hears()
            assert asked["params"] == {"group_id": 42, "no_cache": False}
            socket.says(ok(asked, {"group_name": "rooks"}))
            asked = await socket.hears()
            assert asked["action"] == "get_group_msg_history"
            socket.says(ok(asked, [1, 2]))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            call = talk.platform.call
            info = await call(talk.link, "get_group_info", {"group_id": 42})
            assert info == {"group_name": "rooks"}
            history = await call(talk.link, "get_group_msg_history", {"count": 2})
            assert history == [1, 2]
        with pytest.raises(Rejected, match="group_id is missing"):
            await call(talk.link, "get_group_info", {})


# --- the end --------------------------------------------------------------------------


async def test_the_session_is_over_with_its_last_socket(
    autojump_clock: MockClock,
) -> None:
    async with talking() as talk:
        socket = await talk.enters()
        socket.end(1000)
        with trio.fail_after(5):
            await talk.over.wait()
        (group,) = talk.ended
        assert isinstance(group, ExceptionGroup)
        (ended,) = group.exceptions
        assert isinstance(ended, SessionEnded)


async def test_what_was_read_is_journalled_before_a_stop() -> None:
    """OneBot says nothing twice."""
    async with talking() as talk:
        socket = await talk.enters()
        talk.host.journal.held = trio.Event()
        for n in range(1, 21):
            socket.says(message(n))
        await wait_all_tasks_blocked()
        talk.host.journal.held.set()
        # The block is left, and the session cancelled, before another task runs.
    assert [e.id for e in talk.host.journal.accepted] == [str(n) for n in range(1, 21)]


async def test_a_mistake_of_ours_costs_one_event() -> None:
    platform = OneBot11(OneBot11Config())
    session = Session(FakeHost().link(platform, US), dialled=False)
    unforeseen = OtherEvent(None, US, {"what": object()}, "notice.x", "", "")
    with capture_logs() as logs:
        assert session._inbound(unforeseen) is None
    assert [log["event"] for log in logs] == ["event.not_understood"]
