"""Stories of a lab, as the author of a platform tells his own."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from actors.bots import Bot, Context
from actors.messages import OutboundState
from actors.monitor import Phase
from platforms.base import Link
from rookery.testing.lab import LeftBehind, Said
from rookery.testing.lab import open as open_lab
from rookery.testing.lab.wires import dialled
from rookery.testing.plugin import OpenLab
from rookery.testing.portal import NotVirtual
from tests.fakes.onebot.peer import OneBotPeer, ReversePeer, event_of
from tests.fakes.tinychat.peer import TinyPeer
from tests.rookery.testing.lab.sabotaged.lines import Untidy
from tests.rookery.testing.lab.sabotaged.table import peer_of
from tests.rookery.testing.lab.sabotaged.whole import Tiny

weather = Bot("weather")


@weather.command("weather")
async def tell(ctx: Context, city: str) -> None:
    await ctx.reply(f"{city}: 21°C")


async def test_survives_a_drop(lab: OpenLab, autojump_clock: MockClock) -> None:
    async with lab(TinyPeer, weather) as chat:
        await chat.up()
        chat.cut_when_heard()  # between what we say and its answer: the worst moment
        await chat.says("/weather 上海")
        assert await chat.until(lambda: len(chat.network.dials) == 2, within=60)
        await chat.up()
        await trio.sleep(600)
        assert chat.texts == ["上海: 21°C"]  # once
        assert len(chat.attempts) == 2
        assert chat.leftovers() == []


async def test_nothing_is_acknowledged_before_it_is_journalled(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    """Not before: the server tells it again to whoever comes back."""
    async with lab(TinyPeer) as chat:
        await chat.up()
        chat.house.disk.hold()
        await chat.says("hello")
        await trio.sleep(60)
        assert chat.handled == []
        chat.house.disk.release()
        assert await chat.until(lambda: chat.handled, within=5)
        assert chat.handled == ["hello"]


async def test_a_request_without_an_answer_is_left_over(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    async with lab(TinyPeer) as chat:
        await chat.up()
        chat.mute = True
        await chat.says("say hello")
        await chat.until(lambda: chat.attempts, within=5)
        assert chat.leftovers() == ["1 messages still wait for an answer"]
        await trio.sleep(20)  # nobody waits for it any more
        [receipt] = chat.people.receipts
        assert receipt.state is OutboundState.UNKNOWN


async def test_a_connection_of_a_life_that_is_over_is_left_over(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    with pytest.raises(LeftBehind):  # noqa: PT012 - it is raised at the end of the block
        async with lab(peer_of(Untidy)) as chat:
            await chat.up()
            assert chat.leftovers() == []
            chat.cancel()
            assert await chat.until(lambda: not chat.is_up, within=5)
            [left] = chat.leftovers()
            assert left == "a connection whose session is gone is still open"


async def test_a_peer_that_dials_is_there_after_the_port_is(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    async with lab(ReversePeer, weather) as chat:
        await chat.up(within=10)
        assert not chat.network.dials
        chat.network.away = True
        chat.cut()
        assert await chat.until(lambda: not chat.is_up, within=10)
        await trio.sleep(3600)
        assert not chat.is_up
        chat.network.away = False
        await chat.up(within=5)  # nobody waits for a backoff: who comes is let in
        await chat.says("/weather Oslo")
        assert await chat.until(lambda: chat.texts == ["Oslo: 21°C"], within=5)


async def test_a_peer_may_open_a_connection_whenever_it_wants(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    """As whoever calls a webhook does."""

    class Calling(OneBotPeer):
        config = ReversePeer.config

        async def says(self, said: Said) -> None:
            ws = await dialled(self.dial(), "/", self.shown)
            await ws.send(event_of(said))
            await ws.close()

    async with lab(Calling) as chat:
        assert await chat.until(lambda: chat.network.listens, within=5)
        for number in range(3):
            await chat.says(f"call {number}")
            await trio.sleep(5)
        assert await chat.until(lambda: len(chat.handled) == 3, within=30)
        assert chat.handled == ["call 0", "call 1", "call 2"]
        assert chat.leftovers() == []


async def test_nobody_is_told_anything_where_no_port_is_open(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    class Calling(TinyPeer):
        async def says(self, said: Said) -> None:
            self.dial()

    async with lab(Calling) as chat:
        await chat.up()
        assert not chat.network.listens
        await chat.says("is anybody there?")
        await trio.sleep(5)
        assert chat.handled == []


async def test_a_lab_needs_a_virtual_clock() -> None:
    with pytest.raises(NotVirtual):
        async with open_lab(TinyPeer):
            pass


async def test_a_test_that_fails_tells_what_happened(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    with pytest.raises(AssertionError) as failed:  # noqa: PT012 - a test as they are
        async with lab(TinyPeer) as chat:
            await chat.up()
            await chat.says("hello")
            assert await chat.until(lambda: chat.handled, within=5)
            assert not chat.handled
    [note] = failed.value.__notes__
    assert "the bot handles 'hello'" in note
    assert "rook is up" in note


async def test_what_a_peer_does_wrong_is_its_own_error(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    """A mistake in a fake server must not look like one of the platform."""

    class Clumsy(TinyPeer):
        async def says(self, said: Said) -> None:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with lab(Clumsy) as chat:
            await chat.says("hello")


async def test_a_session_that_is_a_mess_is_seen_in_the_state(
    lab: OpenLab, autojump_clock: MockClock
) -> None:
    class Messy(Tiny):
        async def one(self, link: Link) -> None:
            raise KeyError("op")

    async with lab(peer_of(Messy)) as chat:
        assert await chat.until(lambda: chat.state.phase is Phase.BACKING_OFF, within=1)
        assert "KeyError" in chat.state.why
        assert any("session.failed" in line for line in chat.story)
