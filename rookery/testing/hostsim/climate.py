"""What sort of world a seed makes: its platforms, its people, its troubles. Pure.

Everything here is drawn once, from the dice that are given; what happens later, second by
second, is drawn by those who live in the world, each from dice of their own.
"""

from __future__ import annotations

import random
from functools import partial
from math import inf

from attrs import field, frozen

from rookery.testing.hostsim.words import Verb

_APART = frozenset({Verb.ANSWER, Verb.ASK, Verb.POISON})
"""Said for a reason, not at random."""


@frozen(kw_only=True)
class Temper:
    """How one platform behaves at its worst. Chances are for each message, or each dial."""

    name: str
    keeps_keys: float
    """Seconds that it says to know a key again, and not to say it twice; 0 if it never
    does. It keeps what is under way by then, too."""
    resumes: bool
    """Whether the host says where to go on; else what was never acknowledged is repeated."""
    batches: bool
    """Whether it hands over all that it has at once, where it does not resume."""
    chats: tuple[str, ...]
    latency: float
    """Seconds, in the mean, one way."""
    refused: float
    """The chance that a dial is refused."""
    repeats: float
    """The chance that an event comes twice."""
    forgets: float
    """The chance that an acknowledgement of ours is lost."""
    retry: float
    rejected: float
    silent: float
    """The chance that no answer comes."""
    late: float
    """The chance that an answer comes when nobody waits for it any more."""
    torn: float
    """The chance that the line is lost before the answer."""


@frozen(kw_only=True)
class Climate:
    """A world before it begins."""

    platforms: tuple[Temper, ...]
    verbs: tuple[Verb, ...]
    """What people want, each as often as it stands here."""
    pause: float
    """Seconds between two things said in a chat in quiet times, in the mean."""
    burst_pause: float
    """Seconds between two bursts on one platform, in the mean."""
    trouble_pause: float
    """Seconds between two troubles, in the mean; never less than a minute."""
    inbox_rows: int
    """Unsettled events of one platform before it has to wait."""
    outbox_rows: int
    """What waits for one account before the oldest gives way."""
    warm_rows: int
    """Events in memory that nobody has claimed; the others are in the file only."""
    bodies: int = field(default=10_000)
    """Bodies of what is to be said in memory."""


def climate_of(dice: random.Random) -> Climate:
    """Return a world of whatever *dice* say."""
    names = ["north", "south", "east"][: dice.randint(2, 3)]
    # The first two differ in what matters most: whether a key is known again.
    keeps = (dice.choice([60.0, 600.0, inf]), 0.0, inf)
    platforms = tuple(map(partial(_temper, dice), names, keeps))
    plain = [Verb.SAY] * 6 + [Verb.HI] * 3
    rest = [verb for verb in Verb if verb not in _APART]
    roomy = dice.random() < 0.5
    return Climate(
        platforms=platforms,
        verbs=(*plain, *rest, *dice.choices(rest, k=3)),
        pause=dice.uniform(60, 240),
        burst_pause=dice.uniform(1200, 5400),
        trouble_pause=dice.uniform(150, 500),
        inbox_rows=100_000 if roomy else dice.randint(20, 200),
        outbox_rows=10_000 if roomy else dice.randint(20, 200),
        warm_rows=1_000 if roomy else dice.randint(1, 30),
        bodies=10_000 if roomy else dice.randint(1, 30),
    )


def _temper(dice: random.Random, name: str, keeps_keys: float) -> Temper:
    def chance(most: float) -> float:
        return dice.choice([0.0, dice.uniform(0, most), dice.uniform(0, most)])

    resumes = dice.random() < 0.5
    return Temper(
        name=name,
        keeps_keys=keeps_keys,
        resumes=resumes,
        batches=not resumes and dice.random() < 0.5,
        chats=tuple(f"{name}{number}" for number in range(dice.randint(1, 4))),
        latency=dice.choice([0.02, 0.1, 0.5]),
        refused=chance(0.5),
        repeats=chance(0.1),
        forgets=chance(0.1),
        retry=chance(0.1),
        rejected=chance(0.05),
        silent=chance(0.03),
        late=chance(0.03),
        torn=chance(0.02),
    )
