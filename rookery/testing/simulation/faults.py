"""Random plans of chaos: which faults there are in a world, and how often each comes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias

from actors.kernel import NeedsOperator
from supervision.chaos import At, Chaos

Begin: TypeAlias = Callable[[str], At]
"""Begins to describe a fault at the point of this name."""


class Struck(Exception):
    """What a fault raises."""


def random_plan(dice: random.Random) -> Chaos:
    """Return about half of all kinds of faults, each with a chance of its own.

    All of them hit actors below the root: a root that crashes ends the run.
    """
    often = dice.choice([0.3, 1.0, 3.0])
    plan = Chaos(seed=dice.getrandbits(32), max_faults=1_000_000)

    def chance(usual: float) -> float:
        return min(1.0, usual * often * dice.uniform(0.2, 2.0))

    whole: list[Callable[[Begin], Chaos]] = [
        lambda at: at("start").p(chance(0.05)).raises(Struck),
        lambda at: at("start").p(chance(0.02)).hangs(dice.uniform(1, 30)),
        lambda at: at("start").p(chance(0.003)).raises(NeedsOperator("struck")),
        lambda at: at("restart").p(chance(0.1)).raises(Struck),
        lambda at: at("restart").p(chance(0.05)).delays(0, 5),
        lambda at: at("handle").p(chance(0.02)).raises(Struck),
        lambda at: at("handle").p(chance(0.002)).raises(NeedsOperator("struck")),
        lambda at: at("handle").p(chance(0.01)).hangs(dice.uniform(1, 60)),
        lambda at: at("handle").p(chance(0.003)).hangs(20.0, ignore_cancel=True),
        lambda at: at("handle").p(chance(0.01)).kills(),
        lambda at: at("handle").p(chance(0.02)).fills_mailbox(),
        lambda at: at("handle").p(chance(0.002)).blocks_loop(dice.uniform(0.1, 2)),
        lambda at: at("after_handle").p(chance(0.01)).raises(Struck),
        lambda at: at("after_handle").p(chance(0.01)).kills(),
        lambda at: at("stop").p(chance(0.1)).raises(Struck),
        lambda at: at("stop").p(chance(0.1)).delays(0, 20),
        lambda at: at("stop").p(chance(0.03)).hangs(30.0, ignore_cancel=True),
        lambda at: at("send").p(chance(0.03)).drops(),
        lambda at: at("deliver").p(chance(0.03)).delays(0, 10),
        lambda at: at("deliver").p(chance(0.03)).duplicates(),
        lambda at: at("deliver").p(chance(0.03)).reorders(3),
        lambda at: at("timer").p(chance(0.1)).drops(),
        lambda at: at("timer").p(chance(0.05)).delays(0, 10),
        lambda at: at("reply").p(chance(0.05)).drops(),
        lambda at: at("reply").p(chance(0.05)).delays(0, 3),
    ]
    for fault in whole:
        if dice.random() < 0.5:
            plan = fault(plan.at)
    return plan
