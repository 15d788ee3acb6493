"""A whole host and a homeserver in memory: what is said, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from actors.bots import Bot, Context
from actors.messages import (
    ALL,
    Emoji,
    File,
    Image,
    Markdown,
    Mention,
    OutboundState,
    Outcome,
    Reply,
    Segment,
    Text,
)
from actors.tracker import Receipt
from rookery.testing import lab
from tests.fakes.matrix.answers import Answer, Refused
from tests.fakes.matrix.rooms import Event
from tests.platforms.matrix.test_session import ANN, Diary, Home, Peer, away, back

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


class Script:
    """A bot that does what the test tells it to, in the handler of the next message."""

    def __init__(self) -> None:
        self.bot = Bot("script")
        self.done = trio.Event()
        self.does: Any = None
        self.result: Any = None

        @self.bot.on("message")
        async def act(ctx: Context) -> None:
            if self.does is not None:
                try:
                    self.result = await self.does(ctx)
                except Exception as error:
                    self.result = error
                self.done.set()


class Stage:
    """A room with Ann in it, and what is done there."""

    def __init__(self, at: Home, script: Script) -> None:
        self.at = at
        self.script = script
        self.room = at.room()

    @property
    def server(self) -> Any:
        return self.at.server

    async def does(self, what: Any, text: str = "go", room: Any = None) -> Any:
        """Have the bot do *what* in its next handler; return what came of it."""
        self.script.does, self.script.done = what, trio.Event()
        self.server.say((room or self.room).id, ANN, text)
        with trio.fail_after(300):
            await self.script.done.wait()
        return self.script.result

    async def says(self, *parts: Segment | str, within: float = 300.0) -> Outcome:
        async def reply(ctx: Context) -> Receipt:
            return await ctx.reply(*parts)

        receipt: Receipt = await self.does(reply)
        outcome = await receipt.outcome(within=within)
        unknown = OutboundState.UNKNOWN
        if await self.at.chat.until(lambda: receipt.state is not unknown, within):
            outcome = await receipt.outcome(within=1)
        return outcome

    def said(self) -> list[Event]:
        """The content of everything that we have said, each event once."""
        return [
            event["content"]
            for _, event in self.room.events
            if event["sender"] == self.at.bot and "state_key" not in event
        ]


def playing(**keys: Any) -> Any:
    return _Playing(keys)


class _Playing:
    def __init__(self, keys: dict[str, Any]) -> None:
        self._script = Script()
        self._peer = Peer(**keys)
        self._lab = lab.open(self._peer, self._script.bot)

    async def __aenter__(self) -> Stage:
        chat = await self._lab.__aenter__()
        await chat.up()
        await trio.sleep(1)
        return Stage(Home(chat, self._peer.server, Diary()), self._script)

    async def __aexit__(self, *error: Any) -> None:  # noqa: PYI036 - passed on
        await self._lab.__aexit__(*error)


# --- forms ----------------------------------------------------------------------------


async def test_words_are_one_event_and_its_id_is_known(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        outcome = await on.says("hi ", Mention(ANN, "Ann"), Markdown(" *so*"))
        [content] = on.said()
    assert outcome.state is OutboundState.SENT
    assert outcome.message_id
    assert content["msgtype"] == "m.notice"
    assert content["m.mentions"] == {"user_ids": [ANN]}
    assert content["formatted_body"].endswith("</a><em>so</em>")


async def test_a_host_may_speak_as_a_person_would(autojump_clock: MockClock) -> None:
    async with playing(speak_as="text") as on:
        await on.says(Mention(ALL))
        [content] = on.said()
    assert (content["msgtype"], content["m.mentions"]) == ("m.text", {"room": True})


async def test_pictures_are_uploaded_and_shown(autojump_clock: MockClock) -> None:
    async with playing() as on:
        outcome = await on.says(
            Reply("$m"), "see", Image(PNG, "a rook"), File(b"%PDF-1.7", "a b.pdf")
        )
        words, picture, file = on.said()
        transactions = [txn for _, txn, _ in on.server.sent]
    assert outcome.state is OutboundState.SENT
    assert words["m.relates_to"] == {"m.in_reply_to": {"event_id": "$m"}}
    assert (picture["msgtype"], picture["body"]) == ("m.image", "a rook")
    assert picture["info"] == {"mimetype": "image/png", "size": len(PNG)}
    assert on.server.media[picture["url"].rpartition("/")[2]] == ("image/png", PNG)
    assert (file["msgtype"], file["body"]) == ("m.file", "a b.pdf")
    assert file["info"]["mimetype"] == "application/pdf"
    key = transactions[-1]
    assert transactions == [f"{key}.1", f"{key}.2", key]


async def test_what_cannot_be_uploaded_is_told_in_words(
    autojump_clock: MockClock,
) -> None:
    """B14: as long as nothing was said, a simpler form may be."""
    async with playing() as on:
        refusal = Refused(413, "M_TOO_LARGE", "Upload request body is too large")
        on.server.refusals.append(refusal.answer)
        outcome = await on.says("see ", Image(PNG, "a rook"))
        [content] = on.said()
    assert outcome.state is OutboundState.DEGRADED
    assert "Upload request body is too large" in outcome.detail
    assert content["body"] == "see [image a rook]"


async def test_a_reply_in_a_thread_stays_in_it(autojump_clock: MockClock) -> None:
    async with playing() as on:
        relates = {"rel_type": "m.thread", "event_id": "$root"}

        async def reply(ctx: Context) -> Receipt:
            return await ctx.reply("here")

        asked = {"msgtype": "m.text", "body": "go", "m.relates_to": relates}
        on.script.does, on.script.done = reply, trio.Event()
        on.server.say(on.room.id, ANN, asked)
        await on.script.done.wait()
        assert (await on.script.result.outcome(within=60)).delivered
        [content] = on.said()
    assert content["m.relates_to"]["rel_type"] == "m.thread"
    assert content["m.relates_to"]["event_id"] == "$root"


# --- what becomes of it ---------------------------------------------------------------


async def test_too_many_holds_the_whole_account_as_long_as_the_body_says(
    autojump_clock: MockClock,
) -> None:
    """A20: 621 ms, though the header has to say a whole second."""
    async with playing() as on:
        await on.says("warm")
        other = on.at.room()
        on.server.too_many(7.3)
        begun = trio.current_time()
        first = await on.does(_replies("one"))
        second = await on.does(_replies("two"), room=other)
        for receipt in (second, first):  # the other room waits, too
            assert (await receipt.outcome(within=60)).state is OutboundState.SENT
            assert trio.current_time() - begun >= 7.3
        assert trio.current_time() - begun < 9


def _replies(text: str) -> Any:
    async def reply(ctx: Context) -> Receipt:
        return await ctx.reply(text)

    return reply


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, {"errcode": "M_UNKNOWN", "error": "Internal server error"}),
        Answer(502, b"<html>bad gateway</html>"),
        Answer(200, b"nonsense"),
    ],
)
async def test_a_server_in_trouble_is_asked_again_under_the_same_name(
    autojump_clock: MockClock, answer: Answer
) -> None:
    async with playing() as on:
        on.server.refusals.append(answer)
        outcome = await on.says("hello")
        assert outcome.state is OutboundState.SENT
        assert len(on.said()) == 1


async def test_an_answer_that_is_lost_is_repeated_and_said_once(
    autojump_clock: MockClock,
) -> None:
    """E05: the homeserver recognises the transaction."""
    async with playing() as on:
        on.server.drops = 1
        outcome = await on.says("see", Image(PNG))
        assert outcome.state is OutboundState.SENT
        assert [c["body"] for c in on.said()] == ["see", "image"]
        names = [txn for _, txn, _ in on.server.sent]
        assert len(set(names)) == 2 < len(names)


async def test_our_own_words_that_come_back_settle_what_was_unknown(
    autojump_clock: MockClock,
) -> None:
    """E05: also where the key is not tried again, because it went stale."""
    async with playing() as on:
        await on.says("warm")

        async def cut(*_: object) -> None:
            on.at.chat.network.away = True
            on.at.chat.cut()

        on.server.heard = cut
        reply = await on.does(_replies("hello"))
        assert await on.at.chat.until(lambda: not on.at.chat.is_up, 60)
        await trio.sleep(1)
        on.server.heard = None
        # A reply is stale after ten minutes, and not repeated: only the sync can tell.
        await trio.sleep(700)
        before = len(on.server.sent)
        await back(on.at)
        assert await on.at.chat.until(lambda: reply.state is OutboundState.SENT, 900)
        assert len(on.server.sent) == before


async def test_what_is_refused_is_rejected_in_the_words_of_the_server(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        on.server.refusals.append(on.server.forbidden())
        outcome = await on.says("hello")
    assert outcome.state is OutboundState.REJECTED
    assert outcome.detail == "You may not (M_FORBIDDEN)"


async def test_a_part_that_is_refused_after_others_were_said_is_told(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        seen: list[str] = []

        def refuses() -> Answer | None:
            seen.append("")
            return on.server.forbidden() if len(seen) == 3 else None  # upload, words

        on.server.refuses = refuses
        outcome = await on.says("see", Image(PNG))
        assert outcome.state is OutboundState.DEGRADED
        assert "1 of 2 parts were refused" in outcome.detail
        assert [c["body"] for c in on.said()] == ["see"]


async def test_nothing_is_said_where_everything_is_encrypted(
    autojump_clock: MockClock,
) -> None:
    """Not even uploaded; and it is noticed where the room was so before we looked."""
    async with playing() as on:
        room = on.at.room(state={"encryption": {"algorithm": "m.megolm.v1.aes-sha2"}})
        receipt = await on.does(_sends(room.id, Image(PNG)))
        outcome = await receipt.outcome(within=60)
        assert outcome.state is OutboundState.REJECTED
        assert "encrypted" in outcome.detail
        assert on.server.media == {}

        await on.says("fine")
        on.server.set_state(on.room.id, "m.room.encryption", ANN, {"algorithm": "x"})
        await trio.sleep(1)
        assert (await on.says("no")).state is OutboundState.REJECTED


def _sends(chat: str, *parts: Segment | str, kind: str = "group") -> Any:
    async def send(ctx: Context) -> Receipt:
        from actors.messages import Chat, ChatAddress, ChatKind

        address = ChatAddress(ctx.platform, ctx.account, Chat(ChatKind(kind), chat))
        return await ctx.send(str(address), *parts)

    return send


async def test_a_room_may_be_named_by_its_alias_or_by_who_is_in_it(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        on.server.aliases["#den:here.test"] = on.room.id
        by_alias = await on.does(_sends("#den:here.test", "one"))
        assert (await by_alias.outcome(within=60)).state is OutboundState.SENT
        private = on.server.create(ANN, on.at.bot, direct=True)
        await trio.sleep(2)
        by_user = await on.does(_sends(ANN, "two", kind="private"))
        assert (await by_user.outcome(within=60)).state is OutboundState.SENT
        assert private.events[-1][1]["content"]["body"] == "two"
        nobody = await on.does(_sends("@x:here.test", "three", kind="private"))
        outcome = await nobody.outcome(within=60)
        assert outcome.state is OutboundState.REJECTED
        assert "invite us" in outcome.detail
        unknown = await on.does(_sends("#none:here.test", "four"))
        assert (await unknown.outcome(within=60)).state is OutboundState.REJECTED


@pytest.mark.parametrize(
    "answer",
    [None, Answer(502, {}), Answer(200, b"<html>a proxy</html>")],
    ids=["cut", "trouble", "no JSON"],
)
async def test_what_could_not_be_looked_up_leaves_no_doubt_that_nothing_was_said(
    answer: Answer | None, autojump_clock: MockClock
) -> None:
    """B14: an alias, or which reaction is ours, is asked for before anything goes out."""
    async with playing() as on:
        server = on.server
        server.aliases["#den:here.test"] = on.room.id
        works = {
            name: getattr(server, name) for name in ("on_directory", "on_relations")
        }

        def fails_once(name: str) -> Any:
            async def handler(*asked: Any) -> object:
                setattr(server, name, works[name])
                return answer

            return handler

        for name in works:
            setattr(server, name, fails_once(name))
        sent = await on.does(_sends("#den:here.test", "one"))
        first = await sent.outcome(within=60)

        async def takes_back(ctx: Context) -> Outcome:
            await (await ctx.react("👍")).outcome(within=60)
            return await (await ctx.react("👍", remove=True)).outcome(within=60)

        second = await on.does(takes_back)
        kinds = [event["type"] for _, event in on.room.events[-2:]]
    assert (first.state, second.state) == (OutboundState.SENT, OutboundState.SENT)
    assert kinds == ["m.reaction", "m.room.redaction"]


async def test_an_alias_that_has_moved_with_its_room_is_followed(
    autojump_clock: MockClock,
) -> None:
    """It was remembered for the session, and all that was said to it was rejected."""
    async with playing() as on:
        server, alias = on.server, "#den:here.test"
        server.aliases[alias] = on.room.id
        first = await on.does(_sends(alias, "one"))
        assert (await first.outcome(within=60)).state is OutboundState.SENT

        predecessor = {"predecessor": {"room_id": on.room.id}}
        new = server.create(ANN, on.at.bot, state={"create": predecessor})
        content = {"replacement_room": new.id}
        server.set_state(on.room.id, "m.room.tombstone", ANN, content)
        await trio.sleep(5)
        still = await on.does(_sends(alias, "two"), room=new)
        assert (await still.outcome(within=60)).state is OutboundState.REJECTED

        server.aliases[alias] = new.id
        third = await on.does(_sends(alias, "three"), room=new)
        assert (await third.outcome(within=60)).state is OutboundState.SENT
        assert new.events[-1][1]["content"]["body"] == "three"


async def test_an_alias_that_leads_nowhere_is_rejected(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:

        async def nowhere(*_: Any) -> object:
            return {"servers": []}

        on.server.on_directory = nowhere
        sent = await on.does(_sends("#den:here.test", "one"))
        outcome = await sent.outcome(within=60)
    assert outcome.state is OutboundState.REJECTED
    assert "#den:here.test leads to no room" in outcome.detail


async def test_a_session_that_is_over_says_nothing_and_loses_nothing(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        await on.says("warm")
        await away(on.at)
        receipt = on.script.result
        await back(on.at)
        assert receipt.state is OutboundState.SENT


# --- changing what was said -----------------------------------------------------------


async def test_what_was_said_is_edited_and_taken_back(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:

        async def acts(ctx: Context) -> list[Outcome]:
            said = await ctx.reply("0 %")
            await said.outcome(within=60)
            edited = await ctx.edit(said, Markdown("**100 %**"))
            first = await edited.outcome(within=60)
            gone = await ctx.delete(said)
            return [first, await gone.outcome(within=60)]

        outcomes = await on.does(acts)
        edit = next(c for c in on.said() if "m.new_content" in c)
        original = on.server.sent[0][2]
    assert [o.state for o in outcomes] == [OutboundState.SENT] * 2
    assert edit["body"] == "* **100 %**"
    assert edit["formatted_body"] == "* <strong>100 %</strong>"
    assert edit["m.new_content"]["formatted_body"] == "<strong>100 %</strong>"
    assert edit["m.relates_to"] == {
        "rel_type": "m.replace",
        "event_id": original["event_id"],
    }
    assert original["content"] == {}


async def test_a_reaction_is_put_and_taken_away(autojump_clock: MockClock) -> None:
    async with playing() as on:

        async def acts(ctx: Context) -> list[Outcome]:
            done = []
            for emoji, remove in (("👍", False), (Emoji("x"), False), ("👍", True)):
                receipt = await ctx.react(emoji, remove=remove)
                done.append(await receipt.outcome(within=60))
            never = await ctx.react("never put", remove=True)
            return [*done, await never.outcome(within=60)]

        outcomes = await on.does(acts)
        kinds = [
            (e["type"], e["content"].get("m.relates_to", {}).get("key"))
            for _, e in on.room.events
            if e["sender"] == on.at.bot and "state_key" not in e
        ]
    assert [o.state for o in outcomes] == [OutboundState.SENT] * 4
    assert kinds == [
        ("m.reaction", None),  # the thumb, which was redacted
        ("m.reaction", "x"),
        ("m.room.redaction", None),
    ]


async def test_a_reaction_that_is_there_already_is_as_it_should_be(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        refusal = Refused(400, "M_DUPLICATE_ANNOTATION", "Can't send same reaction")
        on.server.refusals.append(refusal.answer)

        async def acts(ctx: Context) -> Outcome:
            return await (await ctx.react("👍")).outcome(within=60)

        assert (await on.does(acts)).state is OutboundState.SENT


# --- actions --------------------------------------------------------------------------


async def test_bytes_are_had_by_the_new_way_or_by_the_old(
    autojump_clock: MockClock,
) -> None:
    async with playing() as on:
        on.server.media["m1"] = ("image/png", PNG)

        async def download(ctx: Context) -> object:
            return await ctx.call("download", url="mxc://here.test/m1")

        assert await on.does(download) == PNG
        on.server.old_media = True
        assert await on.does(download) == PNG
        on.server.media.clear()
        gone = await on.does(download)
        assert "M_NOT_FOUND" in str(gone)


async def test_an_action_is_called_by_its_name(autojump_clock: MockClock) -> None:
    async with playing() as on:

        async def members(ctx: Context) -> object:
            return await ctx.call("members", room=on.room.id)

        async def fly(ctx: Context) -> object:
            return await ctx.call("fly")

        told = await on.does(members)
        assert set(told["joined"]) == {ANN, on.at.bot}
        assert "no action 'fly'" in str(await on.does(fly))
        assert json.dumps(told)


async def test_words_alone_are_no_upload(autojump_clock: MockClock) -> None:
    async with playing() as on:
        await on.says(Text("x"))
        assert not any("upload" in one for one in on.server.asked)
