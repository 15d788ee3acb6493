"""Random trees, from a generator with a seed: strategies, restart types, backoffs, nesting."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial

from rookery.testing.census import join
from rookery.testing.simulation.workers import KINDS, Society, Worker
from supervision import (
    BRUTAL,
    DYNAMIC,
    EQUAL,
    FOREVER,
    FULL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    AutoShutdown,
    Backoff,
    ChildSpec,
    Jitter,
    Restart,
    Supervisor,
)

MAX_DEPTH = 3


def random_tree(dice: random.Random, society: Society) -> Supervisor:
    """Return a root that does not give up easily, over whatever *dice* says."""
    children = [
        ChildSpec(
            name,
            _supervisor(dice, society, f"/{name}", depth=1),
            restart=PERMANENT,
            backoff=dice.choice([None, Backoff(first=1.0, cap=30.0, give_up=FOREVER)]),
        )
        for name in "xyz"[: dice.randint(1, 3)]
    ]
    children.append(random_spec(dice, society, "/", "w"))
    dice.shuffle(children)
    return Supervisor(
        dice.choice([ONE_FOR_ONE, ONE_FOR_ONE, REST_FOR_ONE, ONE_FOR_ALL]),
        children,
        max_restarts=dice.choice([5, 50]),
        within=dice.choice([5.0, 60.0]),
    )


def _supervisor(
    dice: random.Random, society: Society, path: str, *, depth: int
) -> Supervisor:
    auto = dice.choice([*[AutoShutdown.NEVER] * 4, *list(AutoShutdown)])
    strategy = dice.choice([ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE, DYNAMIC])
    most, within = dice.choice([0, 1, 3, 3, 10]), dice.choice([1.0, 5.0, 30.0])
    if strategy is DYNAMIC:
        template = random_spec(dice, society, path, "template")
        return Supervisor(DYNAMIC, [template], most, within)
    children = []
    for name in "abcde"[: dice.randint(1, 5)]:
        if depth < MAX_DEPTH and dice.random() < 0.25:
            below = _supervisor(dice, society, join(path, name), depth=depth + 1)
            children.append(ChildSpec(name, below, backoff=_backoff(dice)))
        else:
            children.append(random_spec(dice, society, path, name, auto=auto))
    return Supervisor(
        strategy,
        children,
        most,
        within,
        auto,
        needs_operator=dice.random() < 0.1,
    )


def random_spec(
    dice: random.Random,
    society: Society,
    path: str,
    name: str,
    *,
    auto: AutoShutdown = AutoShutdown.NEVER,
) -> ChildSpec:
    """Return a worker below *path* that any supervisor with this *auto* takes."""
    backoff = _backoff(dice)
    restart: Restart = dice.choice([PERMANENT, PERMANENT, TRANSIENT, TEMPORARY])
    society.paths.append(join(path, name))
    return ChildSpec(
        name,
        worker_start(dice, society),
        restart=restart,
        shutdown=dice.choice([None, 1.0, 5.0, BRUTAL]),
        significant=auto is not AutoShutdown.NEVER
        and restart is not PERMANENT
        and dice.random() < 0.5,
        backoff=backoff,
        counted=backoff is None or dice.random() < 0.7,
    )


def worker_start(dice: random.Random, society: Society) -> Callable[[], Worker]:
    """Return what makes a worker of some kind."""
    kind = dice.choice(KINDS)
    return partial(kind, society, dice.choice([0.0, 0.0, 0.1]))


def _backoff(dice: random.Random) -> Backoff | None:
    if dice.random() < 0.4:
        return None
    first = dice.choice([0.1, 1.0, 5.0])
    return Backoff(
        first=first,
        factor=dice.choice([1.0, 2.0]),
        cap=dice.choice([5.0, 60.0]),
        jitter=dice.choice([FULL, EQUAL, Jitter.NONE]),
        reset_after=dice.choice([5.0, 60.0]),
        give_up=FOREVER if dice.random() < 0.3 else dice.choice([1, 8]),
    )
