"""Random plans of chaos for the tree of a host: a few faults at a time. Pure."""

from __future__ import annotations

import random
from math import inf

from supervision.chaos import (
    POINTS,
    POSSIBLE,
    WAY,
    BlocksLoop,
    Chaos,
    Delays,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    PlannedFault,
    Raises,
    Reorders,
    When,
)

MAX_FAULTS = 4
"""Fewer than any supervisor of the host takes before it gives up."""
PATHS = (
    "/core/router",
    "/core/sender",
    "/core/outbox",
    "/core/tracker",
    "/core/monitor",
    "/core/announcer",
    "/core/scheduler",
    "/core",
    "/journal",
    "/bots",
    "/bots/alpha",
    "/bots/*/*",
    "/platforms",
    "/platforms/*",
    "/platforms/*/*",
    "/manager",
    "/**",
)


class Struck(Exception):
    """What a fault raises."""


# Losing mail is left out: between actors of one process it is no fault that happens. And
# a mailbox that conflates is never full; its sender may rely on that.
EFFECTS: tuple[type[Effect], ...] = (
    Delays,
    Duplicates,
    Reorders,
    FillsMailbox,
    Raises,
    Kills,
    Hangs,
    BlocksLoop,
)


def random_plan(dice: random.Random, seconds: float) -> Chaos:
    """Return a plan for so many seconds."""
    return Chaos(
        seed=dice.getrandbits(32),
        faults=tuple(_fault(dice) for _ in range(dice.randint(1, 4))),
        duration=seconds,
        max_faults=MAX_FAULTS,
    )


def _fault(dice: random.Random) -> PlannedFault:
    kind = dice.choice(EFFECTS)
    points = [point for point in POINTS if point in POSSIBLE[kind]]
    if kind is Raises:
        points = [point for point in points if point not in WAY]
    point = dice.choice(points)
    return PlannedFault(
        point, _effect(kind, dice), dice.choice(PATHS), when=_when(dice)
    )


def _effect(kind: type[Effect], dice: random.Random) -> Effect:
    seconds = dice.choice([0.1, 1.0, 5.0, 30.0])
    if kind is Delays:
        return Delays(0.0, seconds)
    if kind is Reorders:
        return Reorders(dice.randint(2, 5))
    if kind is Raises:
        return Raises(Struck)
    if kind is Hangs:
        return dice.choice([Hangs(seconds), Hangs(inf), Hangs(seconds, True)])
    if kind is BlocksLoop:
        return BlocksLoop(min(seconds, 5.0))
    if kind is Duplicates:
        return Duplicates()
    return FillsMailbox() if kind is FillsMailbox else Kills()


def _when(dice: random.Random) -> When:
    count = dice.randint(1, 6)
    return dice.choice(
        [
            When(nth=count),
            When(times=count, after=dice.randint(0, 6)),
            When(every=count),
            When(p=dice.choice([0.1, 0.5, 0.9])),
        ]
    )
