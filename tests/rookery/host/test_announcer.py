"""Announcements of connections: events of their platform, and of no other's concern."""

from __future__ import annotations

import trio
import trio.testing
from trio.testing import MockClock

from actors.journal import Appended, MemoryJournal
from actors.kernel import System
from actors.messages import Inbound
from actors.monitor import Board, ConnectionState, Phase
from rookery.host.announcer import WAITING, Announcer

ACCOUNTS = 500
"""As many as one listener has."""
UP, DOWN = ConnectionState(Phase.UP), ConnectionState(Phase.CONNECTING)


class FullForNoisy(MemoryJournal):
    """A journal in which the backlog of the platform "noisy" is full."""

    def __init__(self) -> None:
        super().__init__(trio.current_time, id="test")
        self.told: list[tuple[str, str]] = []

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        if platform == "noisy":
            await trio.sleep_forever()
        self.told.append((platform, event.event))
        return await super().append(
            platform, account, event, trace=trace, cursor=cursor
        )


async def test_a_platform_whose_backlog_is_full_keeps_no_other_waiting(
    autojump_clock: MockClock,
) -> None:
    board, journal = Board(trio.current_time), FullForNoisy()
    async with System(lambda: Announcer(board, journal)):
        board.report("noisy", "1", UP)
        board.report("quiet", "2", UP)
        for _ in range(WAITING):
            board.report("noisy", "1", DOWN)
            board.report("noisy", "1", UP)
            await trio.testing.wait_all_tasks_blocked()
        board.report("quiet", "2", DOWN)
        await trio.sleep(1)
        assert journal.told == [("quiet", "platform.up"), ("quiet", "platform.down")]
        started = trio.current_time()
    assert trio.current_time() == started, "it does not leave later for that"


async def test_a_listener_that_loses_all_of_its_accounts_is_told_in_full(
    autojump_clock: MockClock,
) -> None:
    board, journal = Board(trio.current_time), FullForNoisy()
    async with System(lambda: Announcer(board, journal)):
        for state in (UP, DOWN):
            for account in range(ACCOUNTS):
                board.report("quiet", str(account), state)
        await trio.sleep(1)
        assert len(journal.told) == 2 * ACCOUNTS
