"""Backoffs, child specs, trees and how their children end, for hypothesis.

    @given(strategies.trees(), st.data())
    def test_it_holds(tree: Supervisor, data: st.DataObject) -> None:
        with kit.run(tree) as k:
            k.play(data.draw(strategies.exit_sequences(tree)))

All that is drawn is valid: no supervisor refuses it. `plans(tree)` are plans of chaos, for
`kit.run(tree, chaos=...)`. It shrinks towards few children
without backoff that end at once.
"""

from __future__ import annotations

from collections.abc import Iterator

from actors.kernel import Actor, ActorContext
from rookery.testing.census import join
from rookery.testing.steps import Exit
from supervision import (
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
    Backoff,
    ChildSpec,
    Jitter,
    Supervisor,
)

try:
    from hypothesis import strategies as st

    from supervision.chaos.strategies import plans
except ImportError:
    _msg = "rookery.testing.strategies needs hypothesis: pip install 'rookery[testing]'"
    raise ImportError(_msg) from None


__all__ = [
    "Anybody",
    "backoffs",
    "child_specs",
    "exit_sequences",
    "plans",
    "trees",
    "workers",
]


class Anybody(Actor[object]):
    """An actor that takes every message and does nothing."""

    async def handle(self, ctx: ActorContext, message: object) -> None:
        """Do nothing."""


def backoffs(*, max_cap: float = 600.0) -> st.SearchStrategy[Backoff]:
    """Return backoffs whose pauses are up to *max_cap* seconds."""
    return st.builds(
        _backoff,
        first=st.sampled_from([0.1, 0.5, 1.0, 5.0]),
        factor=st.sampled_from([1.0, 1.5, 2.0, 4.0]),
        growth=st.floats(1.0, 100.0),
        max_cap=st.just(max_cap),
        jitter=st.sampled_from([Jitter.NONE, EQUAL, FULL]),
        reset_after=st.sampled_from([1.0, 60.0, 600.0]),
        give_up=st.one_of(st.integers(0, 10), st.just(FOREVER)),
    )


def child_specs(
    ids: st.SearchStrategy[str] | None = None,
    starts: st.SearchStrategy[type[Actor[object]]] | None = None,
) -> st.SearchStrategy[ChildSpec]:
    """Return workers, with and without backoff, that any supervisor takes."""
    return st.builds(
        _worker,
        ids if ids is not None else st.sampled_from("abcdef"),
        starts if starts is not None else st.just(Anybody),
        restart=st.sampled_from([PERMANENT, TRANSIENT, TEMPORARY]),
        shutdown=st.sampled_from([None, 0.5, 5.0]),
        backoff=st.none() | backoffs(),
        counted=st.booleans(),
    )


@st.composite
def trees(
    draw: st.DrawFn,
    max_depth: int = 2,
    max_children: int = 3,
    starts: st.SearchStrategy[type[Actor[object]]] | None = None,
) -> Supervisor:
    """Draw a supervisor of up to *max_children*, some of which are supervisors again."""
    strategy = draw(st.sampled_from([ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE]))
    children = []
    for name in "abcdefghij"[: draw(st.integers(1, max_children))]:
        if max_depth > 1 and draw(st.booleans()):
            below = draw(trees(max_depth - 1, max_children, starts))
            children.append(
                ChildSpec(name, below, backoff=draw(st.none() | backoffs()))
            )
        else:
            children.append(draw(child_specs(st.just(name), starts)))
    return Supervisor(
        strategy,
        children,
        max_restarts=draw(st.integers(0, 10)),
        within=draw(st.sampled_from([1.0, 5.0, 60.0])),
    )


def exit_sequences(
    tree: Supervisor, *, max_size: int = 20, max_pause: float = 120.0
) -> st.SearchStrategy[list[Exit]]:
    """Return ways in which the workers of *tree* end, for `Kit.play`; pauses in seconds."""
    paths = sorted(workers(tree))
    if not paths:
        return st.just([])
    one = st.builds(
        Exit,
        st.sampled_from(paths),
        after=st.just(0.0) | st.floats(0.0, max_pause),
        error=st.sampled_from([OSError(), ConnectionError(), None]),
    )
    return st.lists(one, max_size=max_size)


def workers(tree: Supervisor, path: str = "/") -> Iterator[str]:
    """Yield the paths of the children of *tree* that are no supervisors."""
    if tree.strategy is DYNAMIC:
        return
    for spec in tree.children:
        place = join(path, spec.id)
        if isinstance(spec.start, Supervisor):
            yield from workers(spec.start, place)
        else:
            yield place


def _backoff(first: float, growth: float, max_cap: float, **more: object) -> Backoff:
    first = min(first, max_cap)
    cap = min(max_cap, first * growth)
    return Backoff(first=first, cap=cap, **more)  # type: ignore[arg-type]


def _worker(
    name: str, start: type[Actor[object]], *, counted: bool, **more: object
) -> ChildSpec:
    # Without backoff a failure must count: nothing else would end a storm.
    counted = counted or more["backoff"] is None
    return ChildSpec(name, start, counted=counted, **more)  # type: ignore[arg-type]
