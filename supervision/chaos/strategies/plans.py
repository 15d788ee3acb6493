"""Strategies: a plan, a fault, and the paths of a tree that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TypeAlias

from hypothesis import strategies as st

from actors.kernel import MailboxFull
from supervision.chaos.effects import (
    POINTS,
    POSSIBLE,
    WAY,
    BlocksLoop,
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
from supervision.chaos.plan import Chaos, PlannedFault
from supervision.chaos.when import When
from supervision.specs import Supervisor
from supervision.values import DYNAMIC

Effects: TypeAlias = Sequence[type[Effect]]

# What shrinks is replaced by what stands before it: the mildest first.
KINDS: Effects = (
    Delays,
    Duplicates,
    Reorders,
    Drops,
    FillsMailbox,
    Raises,
    Kills,
    Hangs,
    BlocksLoop,
)
_COUNTS = st.integers(1, 6)
_ERRORS = st.sampled_from((OSError, ValueError, RuntimeError))


def plans(
    tree: Supervisor | Sequence[str],
    *,
    effects: Effects = KINDS,
    points: Sequence[Where] = POINTS,
    max_size: int = 6,
    duration: float = 60.0,
) -> st.SearchStrategy[Chaos]:
    """Return a strategy of plans for *tree*; a failing one shrinks to the fewest faults.

    Where nothing can go wrong, a tree without children, say, the plans are empty. A
    fault at the very first `START` may keep the tree from coming up: `StartupFailed`.

    Args:
        tree: whose children, and theirs, are hit, not the root itself; or the paths.
        effects: what may happen.
        points: where; what is possible at none of them is left out.
        max_size: how many faults a plan has at most.
        duration: seconds after which every plan is healed.
    """
    # Places for faults, each of which can be empty: a list would have to be cut in its
    # middle, which hypothesis tries less hard than to empty a place.
    paths = paths_of(tree) if isinstance(tree, Supervisor) else tree
    place: st.SearchStrategy[PlannedFault | None] = st.none()
    if paths and any(POSSIBLE[kind] & set(points) for kind in effects):
        place |= faults(paths, effects=effects, points=points)
    return st.builds(
        Chaos,
        seed=st.integers(0, 2**16),
        faults=st.tuples(*[place] * max_size).map(_there),
        duration=st.just(duration),
    )


def _there(places: tuple[PlannedFault | None, ...]) -> tuple[PlannedFault, ...]:
    return tuple(fault for fault in places if fault is not None)


@st.composite
def faults(
    draw: st.DrawFn,
    paths: Sequence[str],
    *,
    effects: Effects = KINDS,
    points: Sequence[Where] = POINTS,
) -> PlannedFault:
    """Draw one fault at one of *paths*."""
    kinds = [kind for kind in effects if POSSIBLE[kind] & set(points)]
    kind = draw(st.sampled_from(kinds))
    possible = [point for point in points if point in POSSIBLE[kind]]
    point = draw(st.sampled_from(possible))
    return PlannedFault(
        point,
        draw(_effects(kind, point)),
        draw(st.sampled_from(paths)),
        when=draw(_whens()),
    )


def paths_of(tree: Supervisor) -> list[str]:
    """Return the paths of all below the root; instances of a template are `/.../*`."""
    return list(_below(tree, ""))


def _below(tree: Supervisor, path: str) -> Iterator[str]:
    for child in tree.children:
        own = f"{path}/{'*' if tree.strategy is DYNAMIC else child.id}"
        yield own
        if isinstance(child.start, Supervisor):
            yield from _below(child.start, own)


def _whens() -> st.SearchStrategy[When]:
    return st.one_of(
        st.builds(When, nth=_COUNTS),
        st.builds(When, times=_COUNTS, after=st.integers(0, 6)),
        st.builds(When, every=_COUNTS),
        st.builds(When, p=st.sampled_from((0.1, 0.5, 0.9))),
        st.builds(
            When,
            between=st.tuples(st.integers(0, 20), st.integers(1, 20)).map(
                lambda span: (float(span[0]), float(sum(span)))
            ),
        ),
    )


def _effects(kind: type[Effect], point: Where) -> st.SearchStrategy[Effect]:
    seconds = st.sampled_from((0.1, 1.0, 5.0, 30.0))
    strategies: dict[type[Effect], st.SearchStrategy[Effect]] = {
        Delays: st.builds(Delays, st.just(0.0), seconds),
        Duplicates: st.just(Duplicates()),
        Reorders: st.builds(Reorders, st.integers(2, 5)),
        Drops: st.just(Drops()),
        FillsMailbox: st.just(FillsMailbox()),
        # What a `tell` cannot raise in earnest is left to those who ask for it.
        Raises: st.builds(Raises, st.just(MailboxFull) if point in WAY else _ERRORS),
        Kills: st.just(Kills()),
        Hangs: st.one_of(
            st.builds(Hangs, seconds),
            st.just(Hangs(inf)),
            st.builds(Hangs, seconds, st.just(True)),
        ),
        BlocksLoop: st.builds(BlocksLoop, st.sampled_from((0.05, 0.5))),
    }
    return strategies[kind]
