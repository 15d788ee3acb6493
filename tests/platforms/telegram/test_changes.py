"""Messages that stand are edited, taken back and reacted to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from attrs import evolve

from actors.messages import (
    Audio,
    Change,
    Delete,
    Edit,
    Emoji,
    File,
    Image,
    React,
    Reply,
    Segment,
    Text,
)
from actors.sender import Line, Rejected
from platforms.telegram import Telegram
from tests.fakes.telegram import FakeTelegram, bad, migrated
from tests.fakes.telegram.params import Asked
from tests.platforms.telegram.living import ME, saying, talking

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)
FILE_ID = "AgACAgIAAxkBAAIBYGZ0000000000"


@asynccontextmanager
async def up(fake: FakeTelegram) -> AsyncIterator[Line]:
    async with talking(fake) as (_, host):
        yield await host.line(ME, "tg")


def last(fake: FakeTelegram) -> Asked:
    return [each for each in fake.asked if "message_id" in each.params][-1]


async def done(change: Change, *body: Segment | str, chat: str = "group:-7") -> Asked:
    """Do *change*; return what the fake was asked."""
    fake = FakeTelegram()
    async with up(fake) as line:
        sent = await line.send(evolve(saying(*body, chat=chat), change=change))
        assert sent.degraded == ""
        assert sent.id == "7" or not isinstance(change, Edit)
        return last(fake)


async def test_words_take_the_place_of_words() -> None:
    asked = await done(Edit("7"), "👋 ", Emoji("5368"), chat="thread:-7.45")
    assert asked.method == "editMessageText"
    assert asked.params == {
        "chat_id": -7,
        "message_id": 7,
        "text": "👋 🙂",
        "entities": [
            {
                "type": "custom_emoji",
                "custom_emoji_id": "5368",
                "offset": 3,
                "length": 2,
            }
        ],
    }


async def test_a_picture_takes_the_place_of_another() -> None:
    asked = await done(Edit("7"), Image(PNG), "new")
    assert asked.method == "editMessageMedia"
    media = {"type": "photo", "media": "attach://file", "caption": "new"}
    assert asked.params["media"] == media
    assert asked.files["file"] == ("image.jpg", PNG)
    asked = await done(Edit("7"), Image(FILE_ID))
    assert asked.params["media"] == {"type": "photo", "media": FILE_ID}
    asked = await done(Edit("7"), File(b"x", "a.txt"))
    assert asked.files["file"] == ("a.txt", b"x")


async def test_the_words_beside_a_picture_are_edited_too() -> None:
    fake = FakeTelegram()
    fake.on("editMessageText", bad("there is no text in the message to edit"))
    async with up(fake) as line:
        sent = await line.send(evolve(saying("new"), change=Edit("7")))
        assert sent.id == "7"
        asked = await fake.hears("editMessageCaption")
        assert asked.params == {"chat_id": 14, "message_id": 7, "caption": "new"}


async def test_what_says_that_already_is_done() -> None:
    fake = FakeTelegram()
    why = "message is not modified: specified new message content and reply markup are exactly the same"
    fake.on("editMessageText", bad(why))
    async with up(fake) as line:
        assert (await line.send(evolve(saying("x"), change=Edit("7")))).id == "7"


async def test_an_edit_that_is_refused_is_rejected() -> None:
    fake = FakeTelegram()
    fake.on("editMessageText", bad("message can't be edited"))
    async with up(fake) as line:
        with pytest.raises(Rejected, match="can't be edited"):
            await line.send(evolve(saying("x"), change=Edit("7")))


async def test_what_cannot_stand_in_a_message_is_told_in_words() -> None:
    fake = FakeTelegram()
    async with up(fake) as line:
        voice = saying(Audio(b"OggS" + bytes(9)))
        sent = await line.send(evolve(voice, change=Edit("7")))
        assert last(fake).method == "editMessageText"
        assert sent.degraded.startswith("audio as text")


async def test_a_message_is_taken_back() -> None:
    asked = await done(Delete("7"))
    assert asked.method == "deleteMessage"
    assert asked.params == {"chat_id": -7, "message_id": 7}


@pytest.mark.parametrize(
    ("change", "reaction"),
    [
        (React("7", "👍"), [{"type": "emoji", "emoji": "👍"}]),
        (React("7", Emoji("5368")), [{"type": "custom_emoji", "custom_emoji_id": "5368"}]),
        (React("7", "👍", remove=True), []),
    ],
)  # fmt: skip
async def test_a_reaction_is_put_below_and_taken_away(
    change: React, reaction: list[object]
) -> None:
    asked = await done(change)
    assert asked.method == "setMessageReaction"
    assert asked.params == {"chat_id": -7, "message_id": 7, "reaction": reaction}


async def test_a_group_that_has_moved_is_followed_here_too() -> None:
    fake = FakeTelegram()
    fake.on("deleteMessage", migrated(-100777), None)
    async with up(fake) as line:
        await line.send(evolve(saying(chat="group:-7"), change=Delete("7")))
        assert last(fake).chat == -100777


async def test_what_is_no_message_of_telegrams_is_rejected() -> None:
    fake = FakeTelegram()
    async with up(fake) as line:
        for change in (Edit("update~7"), Delete(""), React("x", "👍")):
            with pytest.raises(Rejected, match="is a number"):
                await line.send(evolve(saying("x"), change=change))


async def test_an_edit_keeps_nothing_that_edits_have_not() -> None:
    """Whom it answers, and which topic it is in, a message is told once."""
    asked = await done(Edit("7"), Reply("3"), Text("x"), chat="thread:-7.d9")
    assert asked.params == {"chat_id": -7, "message_id": 7, "text": "x"}


def test_telegram_says_that_it_can() -> None:
    assert (Telegram.caps.edits, Telegram.caps.deletes, Telegram.caps.reacts) == (
        True,
        True,
        True,
    )
