"""As which device we speak: what another one has said is not repeated."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.bots import Context
from actors.journal import MemoryShelf
from actors.messages import OutboundState
from actors.tracker import Receipt
from platforms.base import Shelf
from platforms.matrix.devices import known_again
from tests.platforms.matrix.test_session import back
from tests.platforms.matrix.test_speaking import playing


@pytest.mark.parametrize(
    ("device", "state"),
    [("D", OutboundState.SENT), ("ANOTHER", OutboundState.UNKNOWN)],
)
async def test_what_another_device_may_have_said_is_not_said_once_more(
    device: str, state: OutboundState, autojump_clock: MockClock
) -> None:
    """Law 6: the homeserver would take its transaction id for a new one."""
    async with playing() as on:

        async def cut(*_: object) -> None:
            on.at.chat.network.away = True
            on.at.chat.cut()

        async def reply(ctx: Context) -> Receipt:
            return await ctx.reply("hello")

        on.server.heard = cut
        receipt: Receipt = await on.does(reply)
        assert await on.at.chat.until(lambda: not on.at.chat.is_up, 60)
        on.server.heard = None
        on.server.tokens[on.at.chat.peer.token] = (on.at.bot, device)
        with capture_logs() as logs:
            await back(on.at)
            await trio.sleep(60)
        assert receipt.state is state
        assert [content["body"] for content in on.said()] == ["hello"]
        changed = [log for log in logs if log["event"] == "device.changed"]
        assert len(changed) == (device != "D")
        # What it says itself, it may repeat.
        on.server.drops = 1
        assert (await on.says("again")).state is OutboundState.SENT
        assert [content["body"] for content in on.said()] == ["hello", "again"]


class FakeLink:
    """A link of which only the shelf is used, and what it is told."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self.known = inf
        self.log: Any = self

    def shelf(self, _: str) -> Shelf:
        return self._shelf

    def keys_known_for(self, seconds: float) -> None:
        self.known = seconds

    def warning(self, *_: object, **__: object) -> None:
        pass


async def known(shelf: Shelf, device: str, now: float, us: str = "@a:x") -> float:
    link: Any = FakeLink(shelf)
    await known_again(link, us, device, now)
    return float(link.known)


async def test_who_was_never_another_one_is_known_for_ever() -> None:
    shelf = MemoryShelf()
    assert await known(shelf, "A", 100.0) == inf
    assert await known(shelf, "A", 200.0) == inf


async def test_the_next_process_knows_when_the_device_has_changed() -> None:
    shelf = MemoryShelf()
    await known(shelf, "A", 100.0)
    assert await known(shelf, "B", 200.0) == 0.0
    assert await known(shelf, "B", 250.0) == 50.0
    assert await known(shelf, "B", 150.0) == 0.0, "a clock that was set back"
    assert await known(shelf, "A", 300.0) == 0.0, "what B has said A has not"
    assert await known(shelf, "A", 301.0) == 1.0
    assert await known(shelf, "A", 400.0, "@b:x") == inf, "another account"


async def test_a_process_that_dies_while_it_notes_that_forgets_nothing() -> None:
    for steps in range(4):
        shelf = Dying(steps)
        await shelf.inner.put("@a:x A", b"")
        with pytest.raises(RuntimeError):
            await known(shelf, "B", 200.0)
        assert await known(shelf.inner, "B", 300.0) < inf


class Dying:
    """A shelf whose process dies at the call of that number."""

    def __init__(self, calls: int) -> None:
        self.inner = MemoryShelf()
        self._left = calls

    def _count(self) -> None:
        if not self._left:
            raise RuntimeError
        self._left -= 1

    async def put(self, name: str, body: bytes) -> None:
        self._count()
        await self.inner.put(name, body)

    async def drop(self, name: str) -> None:
        self._count()
        await self.inner.drop(name)

    async def get(self, name: str) -> bytes | None:
        return await self.inner.get(name)

    async def sizes(self) -> dict[str, int]:
        return await self.inner.sizes()

    async def all(self) -> dict[str, bytes]:
        self._count()
        return await self.inner.all()
