"""What goes out, and what becomes of it."""

from __future__ import annotations

import pytest
import trio

from actors.messages import (
    ALL,
    Audio,
    Emoji,
    File,
    Image,
    Mention,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from actors.sender import Line, OutcomeUnknown, Rejected, Retry, Sent
from platforms.base import Actions
from tests.fakes.telegram import Asked, FakeTelegram, bad, flood, migrated
from tests.fakes.telegram import Reply as Answer
from tests.platforms.telegram.living import ME, comes_true, saying, talking

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


async def said(*body: Segment | str, chat: str = "private:14") -> tuple[Asked, Sent]:
    """Say *body* to a fake that takes it; return what it was asked, and the answer."""
    async with talking() as (fake, host):
        sent = await (await host.line(ME, "tg")).send(saying(*body, chat=chat))
        return await fake.hears(), sent


async def test_a_message_with_all_that_words_can_have() -> None:
    body: tuple[Segment, ...] = (
        Reply("7"),
        Text("👋 "),
        Mention("14", "Ann"),
        Text(" and "),
        Mention("bob"),
        Text(" "),
        Emoji("5368324170671202286"),
        Emoji("🎉"),
        Mention(ALL),
    )
    asked, _ = await said(*body, chat="thread:-100.5")
    assert asked.method == "sendMessage"
    assert asked.params["text"] == "👋 @Ann and @bob 🙂🎉@all"
    assert asked.params["message_thread_id"] == 5
    assert asked.params["chat_id"] == -100
    assert asked.params["reply_parameters"] == {
        "message_id": 7,
        "allow_sending_without_reply": True,
    }
    assert asked.params["entities"] == [
        {"type": "text_mention", "user": {"id": 14}, "offset": 3, "length": 4},
        {
            "type": "custom_emoji",
            "custom_emoji_id": "5368324170671202286",
            "offset": 17,
            "length": 2,
        },
    ]


@pytest.mark.parametrize(
    ("media", "method", "name"),
    [
        (Image(PNG), "sendPhoto", "image.jpg"),
        (Image(b"GIF89a" + bytes(50)), "sendAnimation", "animation.gif"),
        (Audio(b"OggS" + bytes(50)), "sendVoice", "voice.ogg"),
        (Audio(b"ID3" + bytes(50)), "sendAudio", "audio.mp3"),
        (Video(b"\x00\x00\x00\x18ftypmp42" + bytes(50)), "sendVideo", "video.mp4"),
        (File(b"a\r\n--b\x00", 'we"ird\r\n名.txt'), "sendDocument", None),
    ],
)
async def test_bytes_are_uploaded(
    media: Image | Audio | Video | File, method: str, name: str | None
) -> None:
    asked, sent = await said(media, "what it is 👋")
    assert asked.method == method
    [(file_name, data)] = asked.files.values()
    assert data == media.source
    assert file_name == name or name is None
    assert asked.params["caption"] == "what it is 👋"
    assert sent.degraded == ""


@pytest.mark.parametrize(
    ("media", "method"),
    [
        (Image("AgACAgIAAxkBAAIBYGZ0000000000"), "sendPhoto"),
        (Image("CAACAgIAAxkBAAIBYGZ0000000000"), "sendSticker"),
        (File("BQACAgIAAxkBAAIBYGZ0000000000", "x"), "sendDocument"),
        (Audio("AwACAgIAAxkBAAIBYGZ0000000000"), "sendVoice"),
        (Audio("CQACAgIAAxkBAAIBYGZ0000000000"), "sendAudio"),
        (Video("CgACAgIAAxkBAAIBYGZ0000000000"), "sendAnimation"),
        (Video("DQACAgIAAxkBAAIBYGZ0000000000"), "sendVideoNote"),
        (Image("https://pics.example/a.png"), "sendPhoto"),
        (Audio("https://pics.example/a.OGG?x=1"), "sendVoice"),
        (Audio("https://pics.example/a.mp3"), "sendAudio"),
        (Video("https://pics.example/a.mp4"), "sendVideo"),
    ],
)
async def test_names_and_links_go_as_they_are(
    media: Image | Audio | Video | File, method: str
) -> None:
    """What has come in can be said again as what it was."""
    asked, _ = await said(media)
    assert asked.method == method
    assert media.source in asked.params.values()
    assert asked.files == {}


@pytest.mark.parametrize(
    ("data", "method", "params"),
    [
        ({"location": {"latitude": 1.5, "longitude": 2.5}}, "sendLocation", {"latitude": 1.5, "longitude": 2.5}),
        (
            {"venue": {"location": {"latitude": 1, "longitude": 2}, "title": "t", "address": "a"}},
            "sendVenue",
            {"latitude": 1, "longitude": 2, "title": "t", "address": "a"},
        ),
        ({"contact": {"phone_number": "1", "first_name": "A", "user_id": 3}}, "sendContact", {"phone_number": "1", "first_name": "A"}),
        ({"dice": {"emoji": "🎲", "value": 4}}, "sendDice", {"emoji": "🎲"}),
    ],
)  # fmt: skip
async def test_what_is_telegrams_own_goes_out_as_it_came(
    data: dict[str, object], method: str, params: dict[str, object]
) -> None:
    asked, _ = await said(Raw("telegram", data))
    assert asked.method == method
    assert asked.params == {"chat_id": 14, **params}


async def refused(fake: FakeTelegram, *body: Segment | str) -> Exception:
    """Return what becomes of a message that *fake* does not take."""
    async with talking(fake) as (_, host):
        with pytest.raises((Retry, Rejected, OutcomeUnknown)) as caught:
            await (await host.line(ME, "tg")).send(saying(*body))
        return caught.value


async def test_a_chat_that_is_flooded_waits_and_the_others_go_on() -> None:
    """B37: the wait is the server's own, and the whole account's only if it looks so."""
    fake = FakeTelegram()
    fake.on("sendMessage", flood(7), flood(9), flood(3), None)
    async with talking(fake) as (_, host):
        line = await host.line(ME, "tg")
        waits = [
            await postponed(line, chat) for chat in ("group:-1", "group:-1", "group:-2")
        ]
        assert waits == [(7.0, False), (9.0, False), (3.0, True)]
        assert (await line.send(saying("x"))).id


async def postponed(line: Line, chat: str) -> tuple[float, bool]:
    with pytest.raises(Retry) as caught:
        await line.send(saying("x", chat=chat))
    return caught.value.after, caught.value.whole_account


async def test_a_group_that_has_moved_is_followed_and_remembered() -> None:
    fake = FakeTelegram()

    def react(asked: Asked) -> Answer | None:
        return migrated(-100777) if asked.chat == -7 else None

    fake.on("sendMessage", react)
    async with talking(fake) as (_, host):
        line = await host.line(ME, "tg")
        for text in ("one", "two"):
            assert (await line.send(saying(text, chat="group:-7"))).id
        chats = [each.chat for each in fake.asked if each.method == "sendMessage"]
        assert chats == [-7, -100777, -100777]


async def test_a_group_that_moves_in_a_circle_is_not_followed_for_ever() -> None:
    fake = FakeTelegram()
    fake.on("sendMessage", migrated(-8))
    assert isinstance(await refused(fake, "x"), Rejected)
    assert len([each for each in fake.asked if each.method == "sendMessage"]) == 2


async def test_an_answer_that_is_lost_is_unknown() -> None:
    """B14: it may be out; nobody says it again."""
    fake = FakeTelegram()
    fake.hangs_up.add("sendMessage")
    error = await refused(fake, "x")
    assert isinstance(error, OutcomeUnknown)
    assert "/bot***/sendMessage gave no answer" in str(error)
    assert fake.token not in f"{error!r} {error.__cause__!r}"
    assert len(fake.texts()) == 1


async def test_a_picture_that_is_refused_is_told_in_words() -> None:
    fake = FakeTelegram()
    fake.on("sendPhoto", bad("wrong type of the web page content"))
    async with talking(fake) as (_, host):
        line = await host.line(ME, "tg")
        sent = await line.send(saying(Image(PNG, "a cat"), "look"))
        assert fake.texts()[-1] == "[image a cat]look"
        assert sent.degraded.startswith("image as text: Bad Request: wrong type")


async def test_what_was_blocked_is_rejected_in_telegrams_words() -> None:
    fake = FakeTelegram()
    why = "Forbidden: bot was blocked by the user"
    fake.on("sendMessage", Answer(code=403, why=why))
    error = await refused(fake, "x")
    assert isinstance(error, Rejected)
    assert str(error) == why


async def test_actions_are_methods_by_name() -> None:
    async with talking() as (fake, host):
        line = await host.line(ME, "tg")
        assert isinstance(line, Actions)
        fake.on("getChat", Answer({"id": -7, "title": "rooks"}))
        assert await line.call("getChat", {"chat_id": -7, "x": None}) == {
            "id": -7,
            "title": "rooks",
        }
        await line.call("setChatPhoto", {"chat_id": -7, "photo": PNG})
        asked = await fake.hears("setChatPhoto")
        assert asked.files["photo"][1] == PNG
        for action in ("getUpdates", "SETWEBHOOK", "noSuchMethod", "../getMe", ""):
            with pytest.raises(Rejected):
                await line.call(action, {})
        with pytest.raises(Rejected):
            await line.call("getMe", {"x": object()})


async def test_a_file_that_somebody_sent_is_fetched_when_it_is_wanted() -> None:
    """The address holds the token: it is made, used and forgotten in one place."""
    async with talking() as (fake, host):
        line = await host.line(ME, "tg")
        assert isinstance(line, Actions)
        fake.keeps("AgACAgIAAx0001", "photos/file 1.jpg", PNG)
        fake.does(photo=[{"file_id": "AgACAgIAAx0001", "width": 9, "height": 9}])
        [event] = await host.accepts(1)
        [image] = event.body
        assert image == Image("AgACAgIAAx0001")
        assert await line.call("downloadFile", {"file_id": image.source}) == PNG
        fake.keeps("gone", "/srv/local/file.jpg", PNG)
        for nothing in ("gone", "unknown", ""):
            with pytest.raises(Rejected) as caught:
                await line.call("downloadFile", {"file_id": nothing})
            assert fake.token not in str(caught.value)


async def test_a_file_that_cannot_be_had_now_may_be_asked_for_again() -> None:
    """Too many requests, and a server that fails, say nothing about the file."""
    fake = FakeTelegram()
    fake.keeps("AgACAgIAAx0001", "photos/1.jpg", PNG)
    fake.on("getFile", flood(7), Answer(code=500, why="Internal Server Error"), None)
    async with talking(fake) as (_, host):
        line = await host.line(ME, "tg")
        assert isinstance(line, Actions)
        wanted = {"file_id": "AgACAgIAAx0001"}
        with pytest.raises(Retry) as told:
            await line.call("downloadFile", wanted)
        assert told.value.after == 7
        with pytest.raises(OutcomeUnknown):
            await line.call("downloadFile", wanted)
        assert await line.call("downloadFile", wanted) == PNG


async def test_nothing_is_sent_before_it_is_known_who_we_are() -> None:
    fake = FakeTelegram()
    fake.on("getMe", Answer(after=0.3, result={"id": 4242, "username": "rook_bot"}))
    async with talking(fake) as (_, host):
        assert list(host.lines) == [("tg", ME)]
        await trio.lowlevel.checkpoint()


async def test_no_chat_waits_for_another_ones_answer() -> None:
    """What waits for a connection is on its way already, and unknown if we die then."""
    fake = FakeTelegram()
    fake.on("sendMessage", Answer(after=3600.0))
    async with talking(fake) as (_, host), trio.open_nursery() as nursery:
        line = await host.line(ME, "tg")
        for room in range(32):
            nursery.start_soon(line.send, saying("x", chat=f"private:{room}"))
        await comes_true(lambda: len(fake.texts()) == 32)
        nursery.cancel_scope.cancel()
