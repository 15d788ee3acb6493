"""Our fake Bot API and python-telegram-bot over a bad line: what is told is told once.

That a line may do this to a request is what our own tests rely on; here nobody of ours
is at either end of it but the fake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio

from tests.e2e.conftest import eventually
from tests.fakes.proxy import Faults, Proxy, proxy_to
from tests.fakes.telegram import FakeTelegram
from tests.peers.processes import Program, require_peers, running
from tests.peers.test_telegram_ptb import PNG

pytestmark = pytest.mark.peer

FAR_TOO_LONG = "caw " * 1_000 + "caw"
"""A request and an answer of many pieces, whatever they are."""
PATIENCE_SECONDS = 60.0
"""Only to fail instead of hanging."""


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("lib/*/site-packages/telegram")


@asynccontextmanager
async def through(fake: FakeTelegram) -> AsyncIterator[tuple[Program, Proxy]]:
    async with fake.serving(), proxy_to(fake.port) as line:
        url = f"http://127.0.0.1:{line.port}"
        async with running("telegram_ptb.py", url, fake.token, environment={}) as ptb:
            await ptb.prints(f"CONNECTED {fake.me['id']} rook_bot")
            # What it asks before it polls it asks once, and leaves when that fails.
            with trio.fail_after(PATIENCE_SECONDS):
                await fake.until(lambda: fake.polls > 0)
            yield ptb, line


def heard(ptb: Program) -> Counter[str]:
    lines = [line for line in ptb.lines if line.startswith("HEARD")]
    return Counter(line.removeprefix("HEARD private 14 ") for line in lines)


async def cut_again(line: Proxy, resets: int) -> None:
    await eventually(lambda: line.resets >= resets, f"{resets} resets")


async def confirmed(fake: FakeTelegram) -> None:
    """Wait until it has asked with an offset beyond everything."""
    with trio.fail_after(PATIENCE_SECONDS):
        await fake.until(lambda: not len(fake.waiting))


async def test_slow_torn_and_stalled_requests_are_requests() -> None:
    fake = FakeTelegram()
    async with through(fake) as (ptb, line):
        said: list[str] = []
        for faults in (Faults(delay=0.01), Faults(piece=7), Faults(stalled=True)):
            line.now(faults)
            texts = [f"{text} {len(said)}" for text in ("one", "你好 👍", FAR_TOO_LONG)]
            for text in texts:
                fake.says(text)
            if faults.stalled:
                await trio.sleep(0.3)
                assert heard(ptb) == Counter(said), "nothing passes"
                line.now(Faults())
            for text in texts:
                answer = await fake.hears(within=PATIENCE_SECONDS)
                assert answer.text == f"pong {text}"
            said += texts
            await ptb.prints_more("SENT", than=len(said) - 1)
        assert heard(ptb) == Counter(said)

        line.now(Faults(piece=50))
        fake.keeps("photo-1", "photos/1.png", PNG)
        size = {"file_id": "photo-1", "file_unique_id": "u", "width": 9, "height": 9}
        fake.does(photo=[size], caption="look")
        back = await fake.hears("sendPhoto", within=PATIENCE_SECONDS)
        assert back.files["photo"] == ("back.png", PNG)
        await confirmed(fake)
        assert line.resets == 0


async def test_half_of_anything_costs_its_request_and_nothing_else() -> None:
    """Cut as it is, in the head of a request, in a body or an answer, and in the next one.

    An update is fetched again until it has come whole. What is said is not: its library
    knows as little as we do whether it went out.
    """
    fake = FakeTelegram()
    async with through(fake) as (ptb, line):
        said: list[str] = []
        for cut_after in (None, 150, 500, 1_100):
            before = line.resets
            line.now(Faults(cut_after=cut_after, piece=50))
            line.reset()
            for number in range(3):
                said.append(f"{cut_after} {number}")
                fake.says(said[-1])
            if cut_after is not None:
                await cut_again(line, before + 4)  # both ends of two connections
            line.now(Faults())
            line.reset()
            await ptb.prints_more("HEARD", than=len(said) - 1)
        fake.says("end")
        await ptb.prints_like("pong end")
        await confirmed(fake)
        assert heard(ptb) == Counter([*said, "end"])
        told = Counter(fake.texts())
        assert max(told.values()) == 1
        known = {line.split(" ", 2)[2] for line in ptb.lines if line[:4] == "SENT"}
        assert known <= set(told)
        errors = [line for line in ptb.lines if line.startswith("ERROR")]
        assert len(errors) >= len(said) + 1 - len(known)
