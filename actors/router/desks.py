"""Who is interested in events: one desk per bot, and what each of them has in hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import structlog

from actors.journal import Claim, InboundRow, Journal
from actors.messages import InboundState
from actors.router.passage import IN_VAIN, MAX_DEATHS, Passage, Slip, unwanted
from actors.schedule import DUE, is_for

Settle: TypeAlias = Callable[[InboundState, str], None]
"""Say what became of a row for one bot: (state, why). Plain, never raises, first call wins.

`PARKED` may come first; one of `DONE`, `FAILED`, `EXPIRED` ends it.
"""

log = structlog.get_logger()
_S = InboundState
UNTOLD = 10_000
HELD_PER_PLATFORM = 1_000
"""How many events of one platform wait for a bot that is away; more fail for that bot."""


class Desk(Protocol):
    """Where one incarnation of a bot takes its events. All calls are plain and quick."""

    @property
    def bot(self) -> str: ...

    @property
    def attached(self) -> bool:
        """Whether an incarnation is behind it that takes events."""
        ...

    def wants(self, row: InboundRow) -> bool:
        """Return whether any handler of this bot would look at *row*."""
        ...

    def awaits(self, row: InboundRow) -> bool:
        """Return whether a handler waits for exactly this answer; then it is for nobody else."""
        ...

    def put(self, row: InboundRow, settle: Settle) -> None:
        """Take the row. Exactly one final `settle` is owed for it.

        What a desk has not settled when it is disconnected is put to its successor; so
        an incarnation that ends leaves alone what it had in hand.
        """
        ...


class BotEvents:
    """One bot, here or away, and what it has in hand."""

    __slots__ = ("brought", "desk", "name", "open", "parked")

    def __init__(self, name: str) -> None:
        self.name = name
        self.desk: Desk | None = None
        self.open: dict[int, Slip] = {}
        self.brought: Counter[str] = Counter()
        """How many of the events in hand each platform has brought."""
        self.parked = 0

    @property
    def away(self) -> bool:
        """Whether nobody takes events for this bot now."""
        return self.desk is None or not self.desk.attached

    def owes(self, slip: Slip) -> None:
        """An event is in its hand, or waits for it."""
        row = slip.passage.row
        self.open[row.seq] = slip
        self.brought[row.platform] += 1

    def has_ended(self, slip: Slip) -> None:
        """Note that the bot has settled an event."""
        row = slip.passage.row
        del self.open[row.seq]
        self.brought[row.platform] -= 1
        if slip.parked:
            self.parked -= 1


class Desks:
    """The desks of all bots and the events they have in hand.

    One object for the life of the System: a new incarnation of the router finds here
    what its predecessor had handed out, and a new incarnation of a bot what its own had.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._claim: Claim | None = None
        self._bots: dict[str, BotEvents] = {}
        self._all: tuple[BotEvents, ...] = ()
        self._passages: dict[int, Passage] = {}
        self._uncounted = 0
        # Settled while no router owned the row: told to the next one that claims it.
        self._untold: dict[int, tuple[InboundState, str]] = {}
        self._eased: Callable[[], None] | None = None

    # --- for bots ----------------------------------------------------------------------

    def expect(self, bot: str) -> None:
        """Keep events for a bot of this name until it comes."""
        self._known(bot)

    def connect(self, desk: Desk) -> None:
        """Give *desk* the events of its bot, first those that have waited for it."""
        bot = self._known(desk.bot)
        bot.desk = desk
        self._catch_up(bot)

    def disconnect(self, desk: Desk) -> None:
        """Take *desk* away, whose incarnation has ended; its events wait for the next one."""
        bot = self._bots.get(desk.bot)
        if bot is None:
            return
        if bot.desk is desk:
            bot.desk = None
        for slip in [slip for slip in bot.open.values() if slip.desk is desk]:
            self._orphan(slip)
        if bot.desk is not None:
            self._catch_up(bot)

    def forget(self, name: str) -> None:
        """Remove a bot: nothing waits for it any more."""
        bot = self._bots.get(name)
        if bot is None:
            return
        bot.desk = None
        for slip in list(bot.open.values()):
            slip(_S.FAILED, "the bot was removed")
        del self._bots[name]
        self._all = tuple(self._bots.values())

    # --- for the router ----------------------------------------------------------------

    @property
    def in_hand(self) -> int:
        """Rows that are claimed; those that are parked or set aside do not count."""
        return len(self._passages) - self._uncounted

    @property
    def working(self) -> int:
        """Events that bots which are here have not settled, parked ones apart."""
        return sum(
            len(bot.open) - bot.parked
            for bot in self._bots.values()
            if bot.desk is not None
        )

    def awaited(self, row: InboundRow) -> bool:
        """Return whether a handler of any bot waits for exactly this answer."""
        for bot in self._all:  # noqa: SIM110 - asked for every event: a generator is felt
            if _awaits(bot.desk, row):
                return True
        return False

    def take_over(self, claim: Claim) -> None:
        """Settle in the name of *claim* from now on."""
        self._claim = claim

    def when_eased(self, eased: Callable[[], None] | None) -> None:
        """Call *eased* each time an event has left somebody's hand; `None` to stop that."""
        self._eased = eased

    def route(self, row: InboundRow) -> None:
        """Hand *row* to every bot that wants it; settle it if nobody does."""
        seq = row.seq
        if seq in self._passages:  # a former router handed it out; bots are at it still
            passage = self._passages[seq]
            passage.row = row
            self._set_aside(passage)
            return
        if self._untold and (untold := self._untold.pop(seq, None)) is not None:
            self._journal.settle_inbound(self._owner, seq, *untold)
            return
        bots = () if row.event.from_self else self._interested(row)
        if not bots:
            if row.event.event == DUE:
                _log_dropped(row)
            self._journal.settle_inbound(self._owner, seq, *unwanted(row.event))
            return
        passage = self._passages[seq] = Passage(row, self, len(bots))
        if len(bots) == 1:
            bot = bots[0]
            slip = Slip(passage, bot, bot.desk)
            bot.owes(slip)
            self._put(slip)
            if len(self._all) > 1:
                self._set_aside(passage)
            return
        slips = [Slip(passage, bot, bot.desk) for bot in bots]
        # All of them have it before the first one may settle it.
        for slip in slips:
            slip.bot.owes(slip)
        for slip in slips:
            self._put(slip)
        self._set_aside(passage)

    # --- inside ------------------------------------------------------------------------

    def _known(self, name: str) -> BotEvents:
        bot = self._bots.get(name)
        if bot is None:
            bot = self._bots[name] = BotEvents(name)
            self._all = tuple(self._bots.values())
        return bot

    @property
    def _owner(self) -> Claim:
        assert self._claim is not None, "a router must take over before it routes"
        return self._claim

    def _interested(self, row: InboundRow) -> Sequence[BotEvents]:
        """Return the bots that get *row*; one that is away might want it."""
        bots = self._all
        if row.event.event == DUE:  # it is for one bot, and that one is meant
            bots = tuple(bot for bot in bots if is_for(row.event, bot.name))
        if len(bots) == 1:  # most hosts have one bot, which shares with nobody
            desk = bots[0].desk
            return bots if desk is None or _wants(desk, row) else ()
        # An awaited answer is taken before routing.
        return [bot for bot in bots if _awaits(bot.desk, row)] or [
            bot for bot in bots if bot.desk is None or _wants(bot.desk, row)
        ]

    def _put(self, slip: Slip) -> None:
        desk = slip.desk
        row = slip.passage.row
        if slip.bot.away and slip.bot.brought[row.platform] > HELD_PER_PLATFORM:
            why = f"the bot is away and {HELD_PER_PLATFORM} events of {row.platform} wait for it"
            slip(_S.FAILED, why)
            return
        if desk is None:
            return
        try:
            desk.put(row, slip)
        except Exception as error:  # noqa: BLE001 - a desk's mistake costs this event only
            slip(_S.FAILED, f"its desk did not take it: {error}")

    def _orphan(self, slip: Slip) -> None:
        slip.desk = None
        slip.deaths += 1
        if slip.parked:
            slip(_S.FAILED, "interrupted")
        elif slip.deaths >= MAX_DEATHS:
            slip(_S.QUARANTINED, f"it ended {MAX_DEATHS} times with this in hand")

    def _catch_up(self, bot: BotEvents) -> None:
        desk = bot.desk
        assert desk is not None
        for slip in [slip for slip in bot.open.values() if slip.desk is None]:
            if slip.deaths or _wants(desk, slip.passage.row):
                slip.desk = desk
                self._put(slip)
            else:
                slip(*unwanted(slip.passage.row.event, IN_VAIN))

    def slip_parked(self, passage: Passage, slip: Slip) -> None:
        """A bot waits for an answer; see `passage.Watcher`."""
        slip.bot.parked += 1
        if not passage.parked:
            self._uncount(passage)
            passage.noted = self._journal.park_inbound(self._owner, passage.row.seq)
            if self._eased is not None:
                self._eased()

    def slip_ended(self, passage: Passage, slip: Slip) -> None:
        """A bot has settled; see `passage.Watcher`."""
        seq = passage.row.seq
        slip.bot.has_ended(slip)
        if not passage.open:
            del self._passages[seq]
            self._uncounted -= passage.uncounted
            outcome = passage.outcome()
            settled = self._journal.settle_inbound(
                self._owner, seq, outcome, passage.why
            )
            # Parked in the journal, it has ended there with the router that had it.
            if not settled and not passage.noted:
                self._keep(seq, outcome, passage.why)
        else:
            self._set_aside(passage)
        if self._eased is not None:
            self._eased()

    def _set_aside(self, passage: Passage) -> None:
        """Let the other bots go on, if all that still have it are away or lag behind them.

        A bot may lag by as much as is held for one that is away; beyond that, they wait.
        """
        seq, platform = passage.row.seq, passage.row.platform
        if not passage.open:
            return
        first, begun = passage.open == passage.bots, False
        for bot in self._all:
            if seq not in bot.open:
                continue
            if bot.brought[platform] > HELD_PER_PLATFORM or (first and not bot.away):
                return
            begun = begun or not bot.away
        if self._journal.set_aside(self._owner, seq, begun=begun):
            self._uncount(passage)

    def _uncount(self, passage: Passage) -> None:
        self._uncounted += not passage.uncounted
        passage.uncounted = True

    def _keep(self, seq: int, state: InboundState, why: str) -> None:
        self._untold[seq] = (state, why)
        if len(self._untold) > UNTOLD:
            del self._untold[next(iter(self._untold))]


def _awaits(desk: Desk | None, row: InboundRow) -> bool:
    try:
        return desk is not None and desk.awaits(row)
    except Exception:
        log.exception("desk.awaits_raised", trace=row.trace)
        return False


def _wants(desk: Desk, row: InboundRow) -> bool:
    try:
        return desk.wants(row)
    except Exception:
        log.exception("desk.wants_raised", bot=desk.bot, trace=row.trace)
        return False


def _log_dropped(row: InboundRow) -> None:
    facts = row.event.facts
    log.warning(
        "schedule.run_dropped",
        why="no such bot",
        bot=facts.get("bot"),
        handler=facts.get("handler"),
        trace=row.trace,
    )
