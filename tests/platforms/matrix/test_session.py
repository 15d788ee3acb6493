"""A whole host and a homeserver in memory: what is heard, and what ends a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from attrs import define, evolve, field
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.bots import Bot, Context
from actors.messages import ChatKind
from actors.monitor import Phase
from platforms.base import PlatformConfig, Secret
from platforms.matrix import MatrixConfig
from platforms.matrix.wire import read_body
from rookery.testing import lab
from rookery.testing.lab import Lab
from tests.fakes.matrix import FakeHomeserver, Room
from tests.fakes.matrix.answers import Answer, too_many
from tests.fakes.matrix.peer import MatrixPeer

ANN = "@ann:here.test"
FAR = "@eve:far.test"


class Peer(MatrixPeer):
    """A bot that is in no room yet, with a configuration of the test's own."""

    rooms = 0

    def __init__(self, **keys: Any) -> None:
        super().__init__()
        self.keys = keys

    def config(self, token: str) -> PlatformConfig:
        return evolve(MatrixConfig("http://here.test", Secret(token)), **self.keys)


@define
class Diary:
    """What a bot has heard."""

    events: list[Context] = field(factory=list)

    @property
    def said(self) -> list[str]:
        return [ctx.text for ctx in self.events if ctx.event.event == "message"]

    @property
    def names(self) -> list[str]:
        return [ctx.event.event for ctx in self.events]


def writer(diary: Diary) -> Bot:
    """A bot that writes down everything, and answers `say ...`."""
    bot = Bot("writer")

    async def hear(ctx: Context) -> None:
        diary.events.append(ctx)
        if ctx.event.event == "message" and ctx.text.startswith("say "):
            await ctx.reply(ctx.text.removeprefix("say "))

    names = ["message", "message.edited", "message.deleted", "message.reacted"]
    names += ["chat.invited", "chat.joined", "chat.left", "chat.renamed"]
    names += ["member.joined", "member.left", "matrix.encrypted"]
    for name in names:
        bot.on(name, bots=True)(hear)
    return bot


@define
class Home:
    """The lab, its server, and what was heard."""

    chat: Lab
    server: FakeHomeserver
    diary: Diary

    def room(self, **more: Any) -> Room:
        """A room with Ann and us in it, before anything is said."""
        room = self.server.create(ANN, **more)
        self.server.join(room.id, self.bot)
        return room

    @property
    def bot(self) -> str:
        return self.server.user("bot")

    async def hears(self, *texts: str) -> None:
        """Wait until the bot has handled exactly these, in this order."""
        wanted = list(texts)
        assert await self.chat.until(lambda: len(self.diary.said) >= len(wanted), 60)
        assert self.diary.said == wanted

    async def happens(self, name: str) -> Context:
        assert await self.chat.until(lambda: name in self.diary.names, 60), (
            self.diary.names
        )
        return next(ctx for ctx in self.diary.events if ctx.event.event == name)

    async def people_hear(self, *texts: str) -> None:
        wanted = list(texts)
        assert await self.chat.until(lambda: len(self.chat.texts) >= len(wanted), 60)
        assert self.chat.texts == wanted


@asynccontextmanager
async def home(peer: Peer | None = None, *, up: bool = True) -> AsyncIterator[Home]:
    peer, diary = peer or Peer(), Diary()
    async with lab.open(peer, writer(diary)) as chat:
        if up:
            await chat.up()
            await trio.sleep(1)
        yield Home(chat, peer.server, diary)


async def away(at: Home) -> None:
    """Cut the line and let nobody in."""
    at.chat.network.away = True
    at.chat.cut()
    assert await at.chat.until(lambda: not at.chat.is_up, 60)


async def back(at: Home) -> None:
    at.chat.network.away = False
    await at.chat.up()


# --- what is heard --------------------------------------------------------------------


async def test_what_was_before_the_first_start_is_history(
    autojump_clock: MockClock,
) -> None:
    peer = Peer()
    room = peer.server.create(ANN)
    peer.server.join(room.id, peer.bot)
    peer.server.say(room.id, ANN, "before")
    async with home(peer) as at:
        at.server.say(room.id, ANN, "after")
        await at.hears("after")


async def test_what_was_said_while_nobody_listened_is_told_in_order(
    autojump_clock: MockClock,
) -> None:
    """More than one answer holds, in two rooms: the gap is asked for in pages."""
    async with home() as at:
        rooms = [at.room(), at.room()]
        at.server.say(rooms[0].id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(250):
            at.server.say(rooms[number % 2].id, ANN, f"{number}")
        at.server.asked.clear()
        await back(at)
        assert await at.chat.until(lambda: len(at.diary.said) == 251, 60)
        for half in (0, 1):
            got = [int(n) for n in at.diary.said[1:] if int(n) % 2 == half]
            assert got == list(range(half, 250, 2))
        pages = [one for one in at.server.asked if one.endswith("/messages")]
        assert len(pages) == 4


async def test_a_gap_that_is_too_large_is_cut_and_says_so(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platforms.matrix.wire.gaps.MAX_EVENTS", 100)
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(300):
            at.server.say(room.id, ANN, f"{number}")
        with capture_logs() as logs:
            await back(at)
            assert await at.chat.until(lambda: "299" in at.diary.said, 60)
        assert at.diary.said == ["begin", *(f"{n}" for n in range(180, 300))]
        assert [log["event"] for log in logs if "gap" in log["event"]] == ["gap.cut"]


async def test_a_room_that_may_not_be_looked_into_costs_its_gap_only(
    autojump_clock: MockClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(30):
            at.server.say(room.id, ANN, f"{number}")

        async def refuse(*_: object) -> object:
            return at.server.forbidden()

        monkeypatch.setattr(at.server, "on_messages", refuse)
        with capture_logs() as logs:
            await back(at)
            assert await at.chat.until(lambda: "29" in at.diary.said, 60)
        assert at.diary.said == ["begin", *(f"{n}" for n in range(10, 30))]
        assert "gap.lost" in [log["event"] for log in logs]


BROKEN = Answer(500, {"errcode": "M_UNKNOWN", "error": "Internal server error"})
PROXY = Answer(200, b"<html>a page</html>")


@pytest.mark.parametrize("answer", [BROKEN, PROXY, None], ids=["500", "page", "cut"])
async def test_a_room_that_is_broken_on_the_server_costs_its_gap_only(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, answer: Answer | None
) -> None:
    """Synapse answers 500 for a room whose events it cannot read: always, and to us each
    session ended over it, so that the account never came up again."""
    async with home() as at:
        bad, good = at.room(), at.room()
        at.server.say(bad.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(30):
            at.server.say(bad.id, ANN, f"{number}")
        at.server.say(good.id, ANN, "fine")

        async def breaks(*_: object) -> object:
            return answer

        monkeypatch.setattr(at.server, "on_messages", breaks)
        monkeypatch.setattr(at.server, "on_state", breaks)
        with capture_logs() as logs:
            await back(at)
            assert await at.chat.until(lambda: len(at.diary.said) == 22, 120)
        in_bad = [text for text in at.diary.said if text != "fine"]
        assert in_bad == ["begin", *(f"{n}" for n in range(10, 30))]
        [lost] = [log for log in logs if log["event"] == "gap.lost"]
        assert lost["room"] == bad.id
        assert "not to this" in lost["why"]
        at.server.say(good.id, ANN, "and on")
        assert await at.chat.until(lambda: "and on" in at.diary.said, 60)


async def test_a_server_that_is_in_trouble_costs_no_gap(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(30):
            at.server.say(room.id, ANN, f"{number}")

        async def breaks(*_: object) -> object:
            monkeypatch.setattr(at.server, "on_whoami", broken)
            return BROKEN

        async def broken(*_: object) -> object:
            return BROKEN

        monkeypatch.setattr(at.server, "on_messages", breaks)
        with capture_logs() as logs:
            at.chat.network.away = False
            assert await at.chat.until(
                lambda: at.chat.state.phase is Phase.BACKING_OFF, 60
            )
            monkeypatch.undo()
            assert await at.chat.until(lambda: "29" in at.diary.said, 600)
        assert at.diary.said == ["begin", *(f"{n}" for n in range(30))]
        assert not [log for log in logs if log["event"] == "gap.lost"]


async def test_an_answer_that_is_too_large_is_asked_for_in_smaller_pieces(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the same answer would come again after every dial, for ever."""
    monkeypatch.setattr("platforms.matrix.session.MAX_ANSWER_BYTES", 100_000)
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        for number in range(20):
            large = {"msgtype": "m.text", "body": f"{number}", "x": "x" * 8_000}
            at.server.say(room.id, ANN, large)
        await back(at)
        assert await at.chat.until(lambda: len(at.diary.said) == 21, 900)
        assert at.diary.said[1:] == [f"{number}" for number in range(20)]


async def test_nobody_is_told_what_we_say_ourselves(autojump_clock: MockClock) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, at.bot, "from another client of ours")
        at.server.say(room.id, ANN, "say hello")
        await at.people_hear("hello")
        at.server.say(room.id, ANN, "end")
        await at.hears("say hello", "end")


async def test_a_program_is_known_by_how_it_speaks(autojump_clock: MockClock) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, {"msgtype": "m.notice", "body": "beep"})
        await at.hears("beep")
        sender = at.diary.events[-1].sender
        assert sender is not None
        assert sender.is_bot


async def test_a_mistake_of_ours_costs_one_event(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(content: dict[str, Any]) -> Any:
        if content["body"] == "poison":
            raise ZeroDivisionError
        return read_body(content)

    monkeypatch.setattr("platforms.matrix.wire.inbound.read_body", broken)
    async with home() as at:
        room = at.room()
        await away(at)
        for text in ("one", "poison", "two"):
            at.server.say(room.id, ANN, text)
        with capture_logs() as logs:
            await back(at)
            await at.hears("one", "two")
        [log] = [log for log in logs if log["event"] == "event.not_understood"]
        assert log["event_raw"]["content"]["body"] == "poison"


async def test_a_server_that_does_not_wait_does_not_keep_us_busy(
    autojump_clock: MockClock,
) -> None:
    """Law 11."""
    async with home() as at:
        at.room()
        await trio.sleep(60)
        at.server.waits = False
        at.server.asked.clear()
        await trio.sleep(60)
        assert len(at.server.asked) <= 62


# --- who may do what ------------------------------------------------------------------


async def test_roles_are_those_of_the_room(autojump_clock: MockClock) -> None:
    async with home() as at:
        levels = {"users": {FAR: 50}, "users_default": 0}
        room = at.room(state={"power_levels": levels})
        at.server.join(room.id, FAR)
        at.server.join(room.id, "@bob:here.test")
        for user in (ANN, FAR, "@bob:here.test"):
            at.server.say(room.id, user, "hi")
        await at.hears("hi", "hi", "hi")
        roles = {
            ctx.sender.id: ctx.sender.role.name
            for ctx in at.diary.events
            if ctx.event.event == "message"
        }
        # Who has created a room of version 12 stands above its list.
        assert roles == {ANN: "OWNER", FAR: "ADMIN", "@bob:here.test": "MEMBER"}


async def test_roles_are_asked_for_once_a_session(autojump_clock: MockClock) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        at.server.asked.clear()
        await back(at)
        for number in range(3):
            at.server.say(room.id, ANN, f"{number}")
            await trio.sleep(2)
        asked = [one for one in at.server.asked if "power_levels" in one]
        assert len(asked) == 1


# --- invitations ----------------------------------------------------------------------


async def test_we_go_where_we_are_invited_and_know_a_private_talk(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        room = at.server.create(ANN, at.bot, direct=True)
        invited = await at.happens("chat.invited")
        assert invited.chat is not None
        assert invited.chat.kind is ChatKind.PRIVATE
        await at.happens("chat.joined")
        at.server.say(room.id, ANN, "say hello")
        await at.people_hear("hello")
        assert room.membership(at.bot) == "join"
        assert {str(c.chat.kind) for c in at.diary.events if c.chat} == {"private"}
        noted = await at.server.on_account_data(call(at.bot), at.bot, "m.direct")
        assert noted == {ANN: [room.id]}


async def test_who_is_not_named_is_not_followed(autojump_clock: MockClock) -> None:
    async with home() as at:
        room = at.server.create(FAR, at.bot)
        await at.happens("chat.invited")
        await trio.sleep(5)
        assert room.membership(at.bot) == "invite"


async def test_an_invitation_of_before_the_first_start_stands(
    autojump_clock: MockClock,
) -> None:
    peer = Peer(invited_by=("*",))
    room = peer.server.create(FAR, peer.bot)
    async with home(peer) as at:
        assert await at.chat.until(lambda: room.membership(at.bot) == "join", 60)


async def test_a_bot_may_decide_itself(autojump_clock: MockClock) -> None:
    async with home(Peer(join="never")) as at:
        room = at.server.create(ANN, at.bot, direct=True)
        invited = await at.happens("chat.invited")
        await trio.sleep(5)
        assert room.membership(at.bot) == "invite"
        await invited.call("join", room=room.id)
        joined = await at.happens("chat.joined")
        assert joined.chat is not None
        assert joined.chat.kind is ChatKind.PRIVATE


async def test_a_room_that_cannot_be_joined_holds_up_nothing(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        good = at.room()
        bad = at.server.create(ANN, at.bot)
        at.server.rooms.pop(bad.id)
        at.server.rooms[f"{bad.id}-moved"] = bad
        at.server.say(good.id, ANN, "hello")
        await at.hears("hello")


# --- what ends a session, and what does not -------------------------------------------


async def test_a_token_that_is_revoked_needs_a_person(
    autojump_clock: MockClock,
) -> None:
    for soft, words in ((False, "is refused"), (True, "has expired")):
        async with home() as at:
            at.server.log_out(soft=soft)
            assert await at.chat.until(
                lambda: at.chat.state.phase is Phase.NEEDS_OPERATOR, 60
            )
            assert words in str(at.chat.state)


async def test_a_cursor_that_the_server_has_forgotten_is_not_asked_with_for_ever(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "before")
        await at.hears("before")
        await away(at)
        at.server.say(room.id, ANN, "lost")
        at.server.era = "t"
        with capture_logs() as logs:
            await back(at)
            await trio.sleep(2)
        at.server.say(room.id, ANN, "after")
        await at.hears("before", "after")
        assert "cursor.refused" in [log["event"] for log in logs]


async def test_a_server_that_forgets_its_own_tokens_is_left_alone(
    autojump_clock: MockClock,
) -> None:
    """Law 10: what goes wrong at once is tried again slower and slower."""
    async with home() as at:
        await away(at)
        at.server.forgets = True
        at.chat.network.away = False
        assert await at.chat.until(lambda: "Invalid stream" in str(at.chat.state), 60)
        at.server.asked.clear()
        await trio.sleep(600)
        assert len(at.server.asked) < 100


async def test_another_account_begins_anew(autojump_clock: MockClock) -> None:
    """The cursor belongs to the account, not to the platform: a token of another one
    must not ask with it."""
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "before")
        await at.hears("before")
        await away(at)
        at.server.tokens.clear()
        at.server.join(room.id, "@rook:here.test")
        at.server.login("rook", token=at.chat.peer.token)
        at.chat.peer.who = "rook"  # type: ignore[attr-defined]  # of our peer
        at.server.say(room.id, ANN, "history to the other one")
        await back(at)
        await trio.sleep(2)
        at.server.say(room.id, ANN, "after")
        await at.hears("before", "after")


async def test_something_else_at_that_address_is_not_taken_for_a_homeserver(
    autojump_clock: MockClock,
) -> None:
    async with home(up=False) as at:

        async def page(*_: object) -> object:
            return at.server.forbidden()

        at.server.on_whoami = page  # type: ignore[assignment]  # scripted
        await away(at)
        at.chat.network.away = False
        told = "is that the address of a homeserver?"
        assert await at.chat.until(lambda: told in str(at.chat.state), 60)


async def test_a_server_that_wants_years_of_peace_is_asked_again_in_an_hour(
    autojump_clock: MockClock,
) -> None:
    """What a session asks for itself, as that which is heard, is not put off for ever."""
    async with home(up=False) as at:
        calm = at.server.on_whoami
        years = iter([too_many(3e9)])

        async def whoami(asked: Any) -> object:
            return next(years, None) or await calm(asked)

        at.server.on_whoami = whoami  # type: ignore[assignment]  # scripted
        await away(at)
        at.chat.network.away = False
        assert await at.chat.until(lambda: at.chat.is_up, 2 * 3600.0)


# --- encryption -----------------------------------------------------------------------


async def test_what_is_encrypted_is_told_as_that_and_logged_once(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        room = at.room()
        with capture_logs() as logs:
            for _ in range(3):
                at.server.say(
                    room.id, ANN, {"ciphertext": "x"}, kind="m.room.encrypted"
                )
            at.server.say(room.id, ANN, "say hello")
            assert await at.chat.until(lambda: "say hello" in at.diary.said, 60)
            await trio.sleep(5)
        assert at.diary.names.count("matrix.encrypted") == 3
        assert [log["event"] for log in logs].count("room.encrypted") == 1
        assert at.chat.texts == []  # we do not answer in the open either


def call(user: str) -> Any:
    from tests.fakes.matrix.answers import Call

    return Call(user, "", None)  # type: ignore[arg-type]  # nobody looks at it
