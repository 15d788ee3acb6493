"""Our fake Bot API, judged by python-telegram-bot.

Every other test believes the fake; this one asks a real library whether it may.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.fakes.telegram import FakeTelegram, Reply, flood, migrated
from tests.peers.processes import Program, require_peers, running

pytestmark = pytest.mark.peer

PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("lib/*/site-packages/telegram")


@asynccontextmanager
async def polling(fake: FakeTelegram) -> AsyncIterator[Program]:
    async with (
        fake.serving() as url,
        running("telegram_ptb.py", url, fake.token, environment={}) as program,
    ):
        await program.prints(f"CONNECTED {fake.me['id']} rook_bot")
        yield program


async def test_a_real_library_talks_with_the_fake() -> None:
    fake = FakeTelegram()
    fake.says("said before it came")
    async with polling(fake) as ptb:
        await ptb.prints("HEARD private 14 said before it came")
        assert (await fake.hears()).text == "pong said before it came"

        said = fake.says("你好 👋", in_=-1001)
        await ptb.prints("HEARD supergroup 14 你好 👋")
        answer = await fake.hears("sendMessage")
        assert (answer.chat, answer.text) == (-1001, "pong 你好 👋")
        assert answer.params["reply_parameters"]["message_id"] == said["message_id"]
        await ptb.prints(f"SENT {said['message_id'] + 1} pong 你好 👋")

        fake.keeps("photo-1", "photos/1.png", PNG)
        size = {"file_id": "photo-1", "file_unique_id": "u", "width": 9, "height": 9}
        fake.does(photo=[size], caption="look")
        await ptb.prints(f"GOT {len(PNG)} look")
        back = await fake.hears("sendPhoto")
        assert back.files["photo"] == ("back.png", PNG)
        assert back.text == "back"

        member = {"id": 15, "is_bot": False, "first_name": "Bob"}
        chat = {"id": -1001, "type": "supergroup", "title": "x"}
        fake.tells(
            "message_reaction",
            {
                "chat": chat,
                "user": member,
                "message_id": 1,
                "date": 1,
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👍"}],
            },
        )
        await ptb.prints("REACTED 👍")
        fake.tells(
            "chat_member",
            {
                "chat": chat,
                "from": member,
                "date": 1,
                "old_chat_member": {"user": member, "status": "left"},
                "new_chat_member": {"user": member, "status": "member"},
            },
        )
        await ptb.prints("MEMBER member")
        query = {"id": "9", "from": member, "chat_instance": "1", "data": "yes"}
        fake.tells("callback_query", query)
        await ptb.prints("PRESSED yes")
        assert (await fake.hears("answerCallbackQuery")).params["text"] == "ok"

        # Confirmed by the next poll, and only by that.
        with trio.fail_after(60):
            await fake.until(lambda: not len(fake.waiting))


async def test_a_real_library_understands_every_refusal() -> None:
    fake = FakeTelegram()
    async with polling(fake) as ptb:
        why = "Forbidden: bot was blocked by the user"
        fake.on("sendMessage", flood(3), migrated(-100777), Reply(code=403, why=why))
        for line in ("RETRY 3", "MIGRATED -100777", f"FORBIDDEN {why}"):
            fake.says("hi")
            await ptb.prints(line)


async def test_two_that_poll_are_a_conflict() -> None:
    fake = FakeTelegram()
    async with polling(fake) as first:
        url = f"http://127.0.0.1:{fake.port}"
        async with running("telegram_ptb.py", url, fake.token, environment={}):
            await first.prints("CONFLICT")


async def test_a_wrong_token_is_refused() -> None:
    fake = FakeTelegram()
    async with (
        fake.serving() as url,
        running("telegram_ptb.py", url, "1:wrong", environment={}) as program,
    ):
        await program.prints_like("InvalidToken")
