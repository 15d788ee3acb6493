"""What a campaign did to a host, in numbers. Pure.

The words, exactly:

accepted      events that were journalled for the first time
done          of these, settled as done; the other ends are named by their state
in_hand       events in the journal that are not settled: new, claimed or parked
lost          accepted events that are neither settled nor in hand. Must be 0
late          accepted before the healing and not settled when the report was made
handled_again settles that came in vain: somebody finished what was no longer his, so a
              handler or a send ran again. Its replies have the same keys
answered      messages of ours whose outcome became known, or was given up
doubled       answers to a message that had one already: it may have been said twice
dead_letters  messages between actors that nobody handled, by reason
recovery      from the end of a life to the next one up at the same path
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil

from attrs import asdict, field, frozen

from actors.journal import JournalCounts
from actors.tracker import TrackerCounts, Verdict
from rookery.chaos.observer import Seen

STILL_DOWN_SHOWN = 100
REASONS_SHOWN = 50


@frozen(kw_only=True)
class Counted:
    """Everything that is counted since the host began, at one instant."""

    accepted: int
    ended: Mapping[str, int]
    in_hand: int
    parked: int
    handled_again: int
    answered: int
    unknown: int
    doubled: int
    dead_letters: Mapping[str, int]

    @classmethod
    def of(
        cls,
        journal: JournalCounts,
        tracker: TrackerCounts,
        dead_letters: Mapping[str, int],
    ) -> Counted:
        """Make it of what the journal, the tracker and the system count."""
        verdicts = tracker.verdicts
        return cls(
            accepted=journal.accepted,
            ended=dict(journal.ended),
            in_hand=journal.new + journal.claimed + journal.parked,
            parked=journal.parked,
            handled_again=journal.stale_settles,
            answered=verdicts[Verdict.MATCHED] + verdicts[Verdict.LATE],
            unknown=journal.unknown,
            doubled=verdicts[Verdict.DUPLICATE],
            dead_letters=dict(dead_letters),
        )

    @property
    def settled(self) -> int:
        return sum(self.ended.values())


@frozen(kw_only=True)
class Events:
    """What became of the events that came in."""

    accepted: int = 0
    ended: Mapping[str, int] = field(factory=dict)
    in_hand: int = 0
    lost: int = 0
    late: int = 0
    handled_again: int = 0


@frozen(kw_only=True)
class Messages:
    """What became of the messages that went out."""

    answered: int = 0
    unknown: int = 0
    doubled: int = 0


@frozen(kw_only=True)
class Recovery:
    """How long it took until somebody was up again, seconds."""

    count: int = 0
    p50_seconds: float | None = None
    p99_seconds: float | None = None
    still_down: Sequence[str] = ()
    """Paths of those who ended, were not removed, and are not up again."""
    still_waiting: Sequence[str] = ()
    """Paths of those who sleep until their next try, as a session does whose peer is
    away. This is not held against the host."""


@frozen(kw_only=True)
class Faults:
    """Which faults the plan has caused."""

    total: int = 0
    by_effect: Mapping[str, int] = field(factory=dict)


@frozen(kw_only=True)
class Report:
    """One campaign so far; the last one is the result."""

    id: str
    phase: str
    """`running`, `healing` (nothing fires any more; it recovers) or `done`."""
    seconds: float
    """Since it began; until it was healed."""
    healed: str = ""
    """Why nothing fires any more."""
    faults: Faults = Faults()
    restarts: int = 0
    escalated: int = 0
    escalations: Sequence[str] = ()
    """The newest supervisors that gave up."""
    events: Events = Events()
    messages: Messages = Messages()
    dead_letters: Mapping[str, int] = field(factory=dict)
    recovery: Recovery = Recovery()
    replay: str = ""
    """A plan that does the same firings, of many the newest, as TOML; only when it is done."""

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, and everybody is back."""
        events = self.events
        return not (events.lost or events.late or self.recovery.still_down)

    def as_json(self) -> dict[str, object]:
        """Return it as plain values, with `sound` among them."""
        return {**asdict(self), "sound": self.sound}


def events_of(before: Counted, now: Counted, target: int | None) -> Events:
    """Return what became of events between two instants.

    Args:
        before: when the campaign began.
        now: this instant.
        target: how many had been accepted since the host began when it was healed;
            `None` before that.
    """
    unsettled = before.in_hand + (now.accepted - before.accepted)
    ended = _more(before.ended, now.ended)
    return Events(
        accepted=now.accepted - before.accepted,
        ended=ended,
        in_hand=now.in_hand,
        lost=max(0, unsettled - sum(ended.values()) - now.in_hand),
        late=0 if target is None else late(before, now, target),
        handled_again=now.handled_again - before.handled_again,
    )


def late(before: Counted, now: Counted, target: int) -> int:
    """Return how many of the first *target* events are neither settled nor parked.

    It counts and does not look at each event: within a chat they are settled in order,
    and no chat overtakes another by much, so the first to be accepted settle first.
    """
    never = before.accepted - before.settled - before.in_hand
    return max(0, target - never - now.settled - now.parked)


def messages_of(before: Counted, now: Counted) -> Messages:
    """Return what became of messages of ours between two instants."""
    return Messages(
        answered=now.answered - before.answered,
        unknown=max(0, now.unknown - before.unknown),
        doubled=now.doubled - before.doubled,
    )


def dead_letters_of(before: Counted, now: Counted) -> dict[str, int]:
    """Return the reasons for new dead letters, the most frequent first."""
    more = _more(before.dead_letters, now.dead_letters)
    most = sorted(more, key=lambda reason: -more[reason])[:REASONS_SHOWN]
    return {reason: more[reason] for reason in most}


def recovery_of(
    seen: Seen, still_down: Sequence[str], still_waiting: Sequence[str] = ()
) -> Recovery:
    """Return how long recoveries took, and who is not back."""
    times = sorted(seen.recoveries)
    return Recovery(
        count=len(times),
        p50_seconds=quantile(times, 0.5),
        p99_seconds=quantile(times, 0.99),
        still_down=tuple(still_down[:STILL_DOWN_SHOWN]),
        still_waiting=tuple(still_waiting[:STILL_DOWN_SHOWN]),
    )


def quantile(ordered: Sequence[float], part: float) -> float | None:
    """Return the smallest value that *part* of them do not exceed (nearest rank)."""
    if not ordered:
        return None
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def _more(before: Mapping[str, int], now: Mapping[str, int]) -> dict[str, int]:
    return {
        key: n - before.get(key, 0) for key, n in now.items() if n > before.get(key, 0)
    }
