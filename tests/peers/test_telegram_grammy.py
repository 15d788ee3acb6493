"""Our fake Bot API, judged by grammY: JSON where python-telegram-bot sends forms."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.fakes.telegram import FakeTelegram, flood
from tests.peers.processes import PYTHON, Program, free_port, require_peers, running

pytestmark = pytest.mark.peer

NODE = PYTHON.parents[1] / "node"


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("node/node_modules/grammy")


@asynccontextmanager
async def grammy(fake: FakeTelegram, *more: str) -> AsyncIterator[Program]:
    async with (
        fake.serving() as url,
        running(
            "telegram_grammy.mjs",
            url,
            fake.token,
            *more,
            environment={"PEERS_NODE": str(NODE)},
            with_=shutil.which("node") or "node",
        ) as program,
    ):
        yield program


async def test_a_real_library_polls_the_fake() -> None:
    fake = FakeTelegram()
    async with grammy(fake) as program:
        await program.prints(f"CONNECTED {fake.me['id']}")
        fake.says("你好 👋", in_=-1001)
        await program.prints("HEARD supergroup 14 你好 👋")
        answer = await fake.hears()
        assert (answer.chat, answer.text) == (-1001, "pong 你好 👋")
        await program.prints("SENT 2 pong 你好 👋")

        fake.keeps("photo-1", "photos/1.png", b"x")
        fake.does(photo=[{"file_id": "photo-1", "file_unique_id": "u", "width": 1, "height": 1}])  # fmt: skip
        await program.prints("FILE photos/1.png")
        back = await fake.hears("sendPhoto")
        assert back.files["photo"] == ("x.png", b"\x89PNG")

        fake.on("sendMessage", flood(3), None)
        fake.says("too fast")
        await program.prints('FAILED 429 {"retry_after":3}')
        with trio.fail_after(60):
            await fake.until(lambda: not len(fake.waiting))


async def test_a_real_library_is_a_webhook_of_the_fake() -> None:
    """Pushed with the secret until it is answered with 200, and confirmed by that."""
    fake = FakeTelegram()
    port = free_port()
    async with grammy(fake, str(port), "s3cret") as program:
        await program.prints(f"CONNECTED http://127.0.0.1:{port}/")
        fake.says("one")
        fake.says("two")
        await program.prints("HEARD private 14 one")
        await program.prints("HEARD private 14 two")
        assert [(await fake.hears()).text for _ in range(2)] == ["pong one", "pong two"]
        with trio.fail_after(60):
            while len(fake.webhook.answers) < 2:
                await trio.testing.wait_all_tasks_blocked(0.05)
        assert fake.webhook.answers == [200, 200]

        fake.webhook.secret = "another"
        fake.says("three")
        with trio.fail_after(60):
            while 401 not in fake.webhook.answers:
                await trio.testing.wait_all_tasks_blocked(0.05)
        fake.webhook.secret = "s3cret"
        await program.prints("HEARD private 14 three")
