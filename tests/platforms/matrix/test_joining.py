"""A whole host and a homeserver in memory: where we are asked to, we come to be."""

from __future__ import annotations

from typing import Any

import pytest
import trio
from attrs import evolve
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import Chat, ChatAddress, ChatKind, OutboundState
from platforms.base import Retry, Secret
from platforms.matrix import MatrixConfig
from platforms.matrix.joining import Joining
from platforms.matrix.wire import Errand, Rooms, join_target, read_errand
from platforms.matrix.wire.errands import replacement_in, written_errand
from tests.fakes.matrix import FakeHomeserver, Room
from tests.fakes.matrix.answers import Answer, Refused, too_many
from tests.platforms.base.hosts import FakeHost
from tests.platforms.matrix.test_session import (
    ANN,
    FAR,
    Home,
    Peer,
    away,
    back,
    home,
)
from tests.platforms.matrix.test_speaking import playing


def refuse_joins(server: FakeHomeserver, *answers: Answer | None) -> list[str]:
    """Let the next joins be answered so; `None`: the line is cut. Return what was asked."""
    calm, script, asked = server.on_join, list(answers), list[str]()

    async def join(call: Any, room: str) -> object:
        asked.append(room)
        return script.pop(0) if script else await calm(call, room)

    server.on_join = join  # type: ignore[assignment]  # scripted
    return asked


def down() -> Answer:
    """What Synapse answers when the room's server cannot be reached."""
    why = "Failed to make_join via any server"
    return Refused(502, "M_UNKNOWN", why).answer


NOT_INVITED = Refused(403, "M_FORBIDDEN", "You are not invited").answer


# --- invitations ----------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [None, down(), too_many(3.0)], ids=repr)
async def test_an_invitation_is_followed_once_the_trouble_is_over(
    trouble: Answer | None, autojump_clock: MockClock
) -> None:
    async with home() as at:
        refuse_joins(at.server, *[trouble] * 4)
        room = at.server.create(ANN, at.bot, direct=True)
        assert await at.chat.until(lambda: room.membership(at.bot) == "join", 300)
        at.server.say(room.id, ANN, "say hello")
        await at.people_hear("hello")
        assert {str(c.chat.kind) for c in at.diary.events if c.chat} == {"private"}


async def test_a_session_that_ends_before_we_are_there_leaves_it_to_the_next(
    autojump_clock: MockClock,
) -> None:
    """The cursor has passed the invitation long ago: it does not come again."""
    async with home() as at:
        calm = at.server.on_join

        async def hang(*_: object) -> object:
            await trio.sleep_forever()

        at.server.on_join = hang  # type: ignore[assignment]  # scripted
        good, bad = at.room(), at.server.create(ANN, at.bot, direct=True)
        await at.happens("chat.invited")
        at.server.say(good.id, ANN, "hello")
        await at.hears("hello")  # while the join hangs
        await away(at)
        at.server.on_join = calm  # type: ignore[method-assign]  # scripted
        await back(at)
        assert await at.chat.until(lambda: bad.membership(at.bot) == "join", 60)
        await trio.sleep(5)
        at.server.say(bad.id, ANN, "hi")
        await at.hears("hello", "hi")
        chats = [ctx.chat for ctx in at.diary.events if ctx.chat is not None]
        assert {c.kind for c in chats if c.id == bad.id} == {ChatKind.PRIVATE}


async def test_what_is_refused_for_good_is_asked_for_once(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        asked = refuse_joins(at.server, *[NOT_INVITED] * 9)
        with capture_logs() as logs:
            at.server.create(ANN, at.bot)
            await trio.sleep(3600)
            await away(at)
            await back(at)
            await trio.sleep(3600)
        assert len(asked) == 1
        [log] = [log for log in logs if log["event"] == "room.not_joined"]
        assert "You are not invited" in log["why"]


@pytest.mark.parametrize("trouble", [NOT_INVITED, down()], ids=["no", "not yet"])
async def test_a_private_talk_that_has_not_come_about_takes_no_place_of_one_that_has(
    trouble: Answer, autojump_clock: MockClock
) -> None:
    """Whatever was said to her by her name was rejected from then on: we were not in it."""
    async with playing() as stage:
        server, bot = stage.server, stage.at.bot
        talk = server.create(ANN, bot, direct=True)
        assert await stage.at.chat.until(lambda: talk.membership(bot) == "join", 60)
        await trio.sleep(5)
        asked = refuse_joins(server, *[trouble] * 99)
        server.create(ANN, bot, direct=True)
        assert await stage.at.chat.until(lambda: asked, 60)
        await trio.sleep(5)

        async def by_name(ctx: Any) -> Any:
            to = ChatAddress(ctx.platform, ctx.account, Chat(ChatKind.PRIVATE, ANN))
            return await (await ctx.send(to, "hello")).outcome(within=100)

        assert (await stage.does(by_name)).state is OutboundState.SENT
        noted = await server.on_account_data(call(bot), bot, "m.direct")
        assert noted == {ANN: [talk.id]}


async def test_a_server_that_stays_away_is_tried_more_and_more_rarely(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        asked = refuse_joins(at.server, *[down()] * 1000)
        at.server.create(ANN, at.bot)
        await trio.sleep(24 * 3600)
        assert 25 < len(asked) < 40


async def test_rooms_that_cannot_be_joined_are_bounded(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 9."""
    monkeypatch.setattr("platforms.matrix.joining.MAX_ERRANDS", 2)
    async with home() as at:
        refuse_joins(at.server, *[down()] * 1000)
        with capture_logs() as logs:
            for _ in range(3):
                at.server.create(ANN, at.bot)
            await trio.sleep(60)
        [log] = [log for log in logs if log["event"] == "room.not_joined"]
        assert "2 others" in log["why"]


@pytest.mark.parametrize("other", ["@ben:there.test", "@ben:here.test"])
async def test_who_invites_into_many_rooms_far_away_holds_up_nobody_else(
    other: str, autojump_clock: MockClock
) -> None:
    """Each attempt took half a minute, and the next one who asked came after all of them."""
    async with home(Peer(invited_by=("*",))) as at:
        calm, dead = at.server.on_join, set[str]()

        async def join(call: Any, room: str) -> object:
            if room in dead:
                await trio.sleep_forever()
            return await calm(call, room)

        at.server.on_join = join  # type: ignore[assignment]  # scripted
        for _ in range(30):
            dead.add(at.server.create("@eve:here.test", at.bot).id)
        await trio.sleep(10)
        good = at.server.create(other, at.bot)
        assert await at.chat.until(lambda: good.membership(at.bot) == "join", 100)


async def test_one_server_has_not_all_places_of_rooms_that_cannot_be_joined(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platforms.matrix.joining.MAX_OF_SERVER", 2)
    async with home(Peer(invited_by=("*",))) as at:
        refuse_joins(at.server, *[down()] * 4)
        with capture_logs() as logs:
            for _ in range(3):
                at.server.create("@eve:bad.test", at.bot)
                await trio.sleep(1)
            good = at.server.create(ANN, at.bot)
            assert await at.chat.until(lambda: good.membership(at.bot) == "join", 100)
        [log] = [log for log in logs if log["event"] == "room.not_joined"]
        assert "2 others of bad.test" in log["why"]


async def test_what_a_bot_does_not_decide_about_is_bounded(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 9: the newest are remembered to be private talks."""
    monkeypatch.setattr("platforms.matrix.joining.MAX_OFFERED", 2)
    async with home(Peer(join="never")) as at:
        rooms = [at.server.create(ANN, at.bot, direct=True) for _ in range(3)]
        await trio.sleep(5)
        for room in rooms:
            [ctx] = [
                ctx
                for ctx in at.diary.events
                if ctx.chat is not None and ctx.chat.id == room.id
            ]
            await ctx.call("join", room=room.id)
            await trio.sleep(2)
        noted = await at.server.on_account_data(call(at.bot), at.bot, "m.direct")
        assert noted == {ANN: [rooms[1].id, rooms[2].id]}


async def test_whose_talk_it_is_is_forgotten_once_it_is_decided() -> None:
    joining = offered("!a:here.test")
    joining.settled("!a:here.test")
    await joining.becomes_direct("!a:here.test")  # would ask, and there is nobody


async def test_who_is_not_wanted_any_more_is_followed_no_longer(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """`join` had become "never", and it was tried for ever, by each session anew."""
    asked = list[str]()
    now = [config()]

    class Away:
        async def ask(self, _method: str, target: str, *_: object, **__: object) -> Any:
            asked.append(target)
            raise Retry(1.0, "nobody is there")

    link: Any = FakeHost().link(Peer().kind(config()), "me")
    shelf = link.shelf("joining")
    link.shelf = {"joining": shelf}.__getitem__
    web: Any = Away()
    joining = Joining(link, web, Rooms(), lambda: now[0])
    await joining.recall("@me:here.test")
    nursery.start_soon(joining.going)
    errand = Errand("!a:here.test", ANN)
    await joining._go(errand)
    await joining._go(Errand("!b:here.test", ANN, replaces="!c:here.test"))
    await trio.sleep(100)
    assert len(asked) > 4
    now[0] = evolve(config(), join="never")
    before = len(asked)
    await trio.sleep(7200)
    assert len(asked) == before
    assert await shelf.all() == {}
    nursery.cancel_scope.cancel()


def offered(room: str) -> Joining:
    link: Any = FakeHost().link(Peer().kind(config()), "me")
    joining = Joining(link, None, Rooms(), config)  # type: ignore[arg-type]  # unasked
    joining._offer(room, ANN)
    return joining


def config() -> MatrixConfig:
    return MatrixConfig("http://here.test", Secret("t"))


# --- rooms that move ------------------------------------------------------------------


def move(at: Home, old: Room, **create: Any) -> Room:
    """Upgrade *old*, as its owner does: a new room, and then a tombstone."""
    predecessor = {"predecessor": {"room_id": old.id}}
    content = {"room_version": "12", **(create or predecessor)}
    new = at.server.create(
        ANN, state={"create": content, "join_rules": {"join_rule": "public"}}
    )
    bury(at, old, new.id)
    return new


def bury(at: Home, old: Room, to: str) -> None:
    content = {"body": "This room has been replaced", "replacement_room": to}
    at.server.set_state(old.id, "m.room.tombstone", ANN, content)


async def test_a_room_that_moves_is_followed(autojump_clock: MockClock) -> None:
    async with home() as at:
        old = at.server.create(ANN, at.bot, direct=True)
        await at.happens("chat.joined")
        with capture_logs() as logs:
            new = move(at, old)
            assert await at.chat.until(lambda: new.membership(at.bot) == "join", 60)
            await trio.sleep(2)
        [log] = [log for log in logs if log["event"] == "room.upgraded"]
        assert (log["room"], log["replacement"], log["by"]) == (old.id, new.id, ANN)
        at.server.say(new.id, ANN, "say hello")
        await at.people_hear("hello")
        chat = at.diary.events[-1].chat
        assert chat is not None
        assert (chat.kind, chat.id) == (ChatKind.PRIVATE, new.id)


async def test_a_room_that_moves_while_nobody_listens_is_followed_too(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        old = at.room()
        at.server.say(old.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        new = move(at, old)
        await back(at)
        assert await at.chat.until(lambda: new.membership(at.bot) == "join", 60)


async def test_whoever_may_close_a_room_cannot_lead_us_out_of_another_one(
    autojump_clock: MockClock,
) -> None:
    """We were in the room that he named, and left it because it replaces none."""
    async with home() as at:
        ours, his = at.room(), at.room()
        with capture_logs() as logs:
            bury(at, his, ours.id)
            await trio.sleep(60)
        assert ours.membership(at.bot) == "join"
        [log] = [log for log in logs if log["event"] == "room.not_joined"]
        assert his.id in log["why"]


async def test_nor_into_one_that_he_names_by_its_alias(
    autojump_clock: MockClock,
) -> None:
    """Of what an alias names no state can be looked at: we joined it, and stayed."""
    async with home() as at:
        his = at.room()
        trap = at.server.create(ANN, state={"join_rules": {"join_rule": "public"}})
        at.server.aliases["#trap:here.test"] = trap.id
        bury(at, his, "#trap:here.test")
        await trio.sleep(60)
        assert trap.membership(at.bot) == ""


async def test_an_invitation_counts_for_more_than_a_room_that_moves(
    autojump_clock: MockClock,
) -> None:
    """On the way to what would have to be its replacement, we were invited there."""
    async with home() as at:
        his = at.room()
        asked = refuse_joins(at.server, down())
        new = at.server.create(ANN, state={"join_rules": {"join_rule": "public"}})
        bury(at, his, new.id)
        assert await at.chat.until(lambda: asked, 60)
        at.server.invite(new.id, ANN, at.bot)
        await at.happens("chat.invited")
        await trio.sleep(60)
        assert new.membership(at.bot) == "join"


async def test_whoever_may_close_a_room_cannot_lead_us_into_any_other(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        old = at.room()
        with capture_logs() as logs:
            trap = move(at, old, predecessor={"room_id": "!another:here.test"})
            assert await at.chat.until(lambda: trap.membership(at.bot) == "leave", 60)
            await trio.sleep(2)
        [log] = [log for log in logs if log["event"] == "room.not_joined"]
        assert "does not say that it replaces" in log["why"]


async def test_who_goes_nowhere_by_itself_follows_no_room(
    autojump_clock: MockClock,
) -> None:
    async with home(Peer(join="never")) as at:
        new = move(at, at.room())
        await trio.sleep(60)
        assert new.membership(at.bot) == ""


async def test_a_room_that_we_were_put_out_of_is_not_followed(
    autojump_clock: MockClock,
) -> None:
    async with home() as at:
        old = at.room()
        at.server.say(old.id, ANN, "begin")
        await at.hears("begin")
        await away(at)
        new = move(at, old)
        at.server.leave(old.id, at.bot, by=ANN)
        await back(at)
        await trio.sleep(60)
        assert new.membership(at.bot) == ""


@pytest.mark.parametrize("when", ["seen", "before"])
async def test_nothing_is_said_where_nobody_is_any_more(
    when: str, autojump_clock: MockClock
) -> None:
    """`before`: another session has seen it, and we only hear that there is a tombstone."""
    async with playing(join="never") as on:
        if when == "before":
            await away(on.at)
        bury(on.at, on.room, "!new:here.test")
        if when == "before":
            await back(on.at)
        outcome = await on.says("anybody here?")
        assert outcome.state is OutboundState.REJECTED
        assert "say it in !new:here.test" in outcome.detail
        assert on.said() == []


# --- rules ----------------------------------------------------------------------------


def test_an_errand_is_kept_as_it_is_and_anything_else_is_none() -> None:
    errand = Errand("!r:x", FAR, ANN, "!old:x")
    assert read_errand(written_errand(errand)) == errand
    for body in (b"", b"[]", b'{"room": 7}', b"\xff", b"{}"):
        assert read_errand(body) is None


def test_a_room_is_asked_for_where_it_is_known() -> None:
    moved = Errand("!r", FAR, replaces="!old:x")
    target = join_target(moved)
    assert target.endswith("/join/%21r?via=far.test&server_name=far.test")
    assert join_target(Errand("!r:x", FAR)).endswith("/join/%21r%3Ax")


@pytest.mark.parametrize(
    "event",
    [
        {"type": "m.room.tombstone", "content": {"replacement_room": "!n"}},
        {"type": "m.room.tombstone", "state_key": "", "content": None},
        {"type": "m.room.tombstone", "state_key": "", "content": {}},
        {"type": "m.room.name", "state_key": "", "content": {"replacement_room": "!"}},
    ],
)
def test_what_is_no_tombstone_leads_nowhere(event: dict[str, Any]) -> None:
    assert replacement_in(event) == ""


def call(user: str) -> Any:
    from tests.fakes.matrix.answers import Call

    return Call(user, "", None)  # type: ignore[arg-type]  # nobody looks at it
