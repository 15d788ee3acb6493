"""Chaos: what shall go wrong on purpose, and the hooks that make it so.

What happens here: plans as values, the pure judgement when a fault fires, the shell that
does it at the kernel's points. What does not: reading plans from files, and breaking a
running host (`rookery.chaos`); the strategies for hypothesis are the room `strategies`,
which nobody here imports.

Read `plan` (what one writes), `effects` (what can happen where), `when`, then `hooks` (the
shell, with `holding` for messages that are held back). `firing` is what one fault has done,
and how to do the same again; `wrongs` is what is wrong with a plan.
"""

from supervision.chaos.effects import (
    LIFE,
    POINTS,
    POSSIBLE,
    WAY,
    WITH_MESSAGE,
    BlocksLoop,
    Clock,
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    Raises,
    Reorders,
    Where,
)
from supervision.chaos.firing import Firing, replay
from supervision.chaos.hooks import ChaosHooks
from supervision.chaos.plan import (
    At,
    Chaos,
    Kind,
    PlannedFault,
    fault_wrongs,
    name_of,
    plan_wrongs,
    point_of,
)
from supervision.chaos.when import When
from supervision.chaos.wrongs import BadPlan, Wrong

__all__ = [
    "LIFE",
    "POINTS",
    "POSSIBLE",
    "WAY",
    "WITH_MESSAGE",
    "At",
    "BadPlan",
    "BlocksLoop",
    "Chaos",
    "ChaosHooks",
    "Clock",
    "Delays",
    "Drops",
    "Duplicates",
    "Effect",
    "FillsMailbox",
    "Firing",
    "Hangs",
    "Kills",
    "Kind",
    "PlannedFault",
    "Raises",
    "Reorders",
    "When",
    "Where",
    "Wrong",
    "fault_wrongs",
    "name_of",
    "plan_wrongs",
    "point_of",
    "replay",
]
