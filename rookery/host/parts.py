"""What outlives every restart inside a host: stores, switchboards, registers.

Made once per host, beside its `System`. Actors come and go and find here what is in hand.
None of it is global, so two hosts in one process do not see each other.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager

import trio
from attrs import frozen

from actors.bots import HandlerFault, Services, Sound
from actors.buffer import Outbox, Repairs
from actors.journal import FileJournal, MemoryJournal
from actors.kernel import AddressNotFound, System
from actors.messages import Outbound
from actors.monitor import Board, Faults
from actors.router import Desks, Ranking
from actors.schedule import Timetable
from actors.sender import Lines, Rejected, Retry
from actors.tracker import Tracker
from platforms.base import Actions, Host
from platforms.ingress import Ingress
from platforms.transport import TCP, Network
from rookery.chaos import Campaigns, Counted
from rookery.control import tree_of, tree_text, visible
from rookery.host.estate import Estate
from rookery.host.journals import laters_in
from rookery.host.media import HostReader

PROVIDED = ("tree",)
"""The names under which a bot may `use()` something of the host."""
SHOWN_OF_A_CROWD = 20
"""So many children of one actor are shown; where there are more, the others are counted."""
_AWAY_SECONDS = 1.0
"""After so long, a bot is told, a call to an account that is not connected may be repeated."""


@frozen(kw_only=True, eq=False)
class Parts:
    """Everything that the actors of one host share, and what is asked of it as a whole."""

    system: System
    estate: Estate
    journal: FileJournal | MemoryJournal
    tracker: Tracker
    outbox: Outbox
    repairs: Repairs
    desks: Desks
    lines: Lines
    board: Board
    faults: Faults
    timetable: Timetable
    network: Network = TCP
    ingress: Ingress
    campaigns: Campaigns | None = None
    """Of a host that may be broken on purpose; `None` of any other."""

    @classmethod
    def of(
        cls,
        system: System,
        estate: Estate,
        journal: FileJournal | MemoryJournal,
        campaigns: Campaigns | None = None,
        *,
        network: Network = TCP,
    ) -> Parts:
        """Make them all, around *journal*, and tell each of those it depends on."""
        # The bound method: it is read several times for every message.
        clock = trio.lowlevel.current_clock().current_time
        faults = Faults(clock, system.wall_clock)

        def dead(out: Outbound, why: str) -> None:
            faults.add(str(out.to), "message.not_said", why, trace=out.trace)

        def refused(platform: str, why: str, trace: str) -> None:
            faults.add(platform, "event.refused", why, trace=trace)

        if isinstance(journal, FileJournal):  # memory keeps whatever comes
            journal.on_refused(refused)
        tracker = Tracker(clock)
        outbox = Outbox(journal, tracker, clock, dead=dead, split=estate.split)
        desks = Desks(journal)
        journal.rank_by(Ranking(desks, estate.is_operator, system.wall_clock))
        # Before anything runs: what an earlier process left is routed as soon as there
        # is a router, and must wait for bots that are still being loaded.
        for bot_id in estate.configuration.settings.bots:
            desks.expect(bot_id)
        listens = estate.configuration.settings.ingress
        return cls(
            system=system,
            estate=estate,
            journal=journal,
            tracker=tracker,
            outbox=outbox,
            repairs=Repairs(journal, outbox, tracker, clock),
            desks=desks,
            lines=Lines(),
            board=Board(clock),
            faults=faults,
            timetable=Timetable(laters_in(journal), system.wall_clock),
            network=network,
            ingress=Ingress(*listens.binds, listens.connections_per_address),
            campaigns=campaigns,
        )

    def open(self) -> AbstractAsyncContextManager[object]:
        """Open the journal for as long as the block lasts.

        To be entered around the `System`: the journal is the last to leave.
        """
        return self.journal.running(self.outbox.recall)

    def for_platforms(self) -> Host:
        """Return the host as a platform sees it."""
        return Host(
            journal=self.journal,
            lines=self.lines,
            reports=self.board,
            holds=lambda *account: self.journal.holds(account),
            answered_late=self.outbox.answered_late,
            media=HostReader(self.estate),
            network=self.network,
            shelf=self.journal.shelf,
            ingress=self.ingress,
        )

    def for_bots(self) -> Services:
        """Return the host as a bot sees it."""
        return Services(
            outbox=self.outbox,
            laters=self.timetable,
            journal=lambda: self.journal.id,
            disk=self.journal if isinstance(self.journal, FileJournal) else Sound(),
            call=self._call,
            is_operator=self.estate.is_operator,
            on_fault=self._note_fault,
            provided=dict(zip(PROVIDED, [self.tree_text], strict=True)),
        )

    def counted(self) -> Counted:
        """Count what became of everything, so far."""
        return Counted.of(
            self.journal.counts(),
            self.tracker.index.counts(),
            self.system.dead_letters.counts,
        )

    def note_trouble(self, kind: str, why: str) -> None:
        """Note as a fault that the journal has stalled."""
        self.faults.add("/journal", f"journal.{kind}", why)

    def tree_text(self, path: str = "/") -> str:
        """Draw the supervision tree as it stands, from *path* on; or say who is not there."""
        try:
            seen = self.system.snapshot(absolute(path), at_most=SHOWN_OF_A_CROWD)
        except AddressNotFound as error:
            return visible(str(error))
        return tree_text(tree_of(seen))

    async def _call(
        self, platform: str, account: str, action: str, params: Mapping[str, object]
    ) -> object:
        """Call an action on the line of an account; see `actors.bots.CallAction`."""
        line = self.lines.of((platform, account))
        if line is None:
            why = f"{platform}/{account} is not connected"
            raise Retry(_AWAY_SECONDS, why)
        if not isinstance(line, Actions):
            why = f"{platform} has no actions"
            raise Rejected(why)
        return await line.call(action, params)

    def _note_fault(self, fault: HandlerFault) -> None:
        where = f"{fault.bot}/{fault.handler}"
        self.faults.add(where, "handler.failed", fault.why, trace=fault.trace)


def absolute(path: str) -> str:
    """Return *path* as the tree knows it, with the first slash that people leave out."""
    return "/" + path.strip("/")
