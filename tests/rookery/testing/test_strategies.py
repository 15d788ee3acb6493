"""What is drawn is valid, and any tree lives through anything."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.kernel import StartupFailed
from rookery.testing import kit, strategies
from rookery.testing.laws import broken_by, lost
from rookery.testing.steps import Exit
from supervision import Backoff, ChildSpec, Supervisor

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@given(strategies.backoffs(max_cap=30.0))
def test_backoffs_stay_below_their_cap(backoff: Backoff) -> None:
    assert all(0 <= backoff.delay(n, 0.99) <= 30.0 for n in range(1, 50))


@given(strategies.backoffs(max_cap=0.2))
def test_a_small_cap_is_kept_too(backoff: Backoff) -> None:
    assert all(0 <= backoff.delay(n, 0.99) <= 0.2 for n in range(1, 50))


@given(strategies.child_specs(st.just("x")))
def test_child_specs_are_accepted(spec: ChildSpec) -> None:
    assert Supervisor(children=[spec]).children[0].id == "x"


@QUICK
@given(st.data(), st.integers(0, 2**32))
def test_any_tree_lives_through_any_sequence_of_exits(
    data: st.DataObject, seed: int
) -> None:
    tree = data.draw(strategies.trees())
    exits = data.draw(strategies.exit_sequences(tree))
    with kit.run(tree, seed=seed) as k:
        k.play(exits)
        k.advance(2000)
        if k.ended is None:
            assert list(lost(k.log.census, k.time)) == []
    log = [(entry.at, entry.event) for entry in k.events]
    assert broken_by(tree, log) == []


@QUICK
@given(st.data())
def test_any_tree_lives_through_any_plan_of_chaos(data: st.DataObject) -> None:
    tree = data.draw(strategies.trees())
    plan = data.draw(strategies.plans(tree))
    # A plan may also keep the tree from coming up at all: that is said, and the end.
    with suppress(StartupFailed), kit.run(tree, chaos=plan) as k:
        k.play(data.draw(strategies.exit_sequences(tree, max_size=5)))
        k.advance(2000)


@given(strategies.trees(max_depth=3))
def test_paths_are_those_of_the_running_tree(tree: Supervisor) -> None:
    with kit.run(tree) as k:
        there = {p for p, cell in k.system.cells.items() if not cell.supervisor}
    assert set(strategies.workers(tree)) == there


def test_exits_are_values() -> None:
    assert Exit("/a", 1.0, OSError("x")) == Exit("/a", 1.0, OSError("x"))
    assert Exit("/a", 1.0, OSError("x")) != Exit("/a", 1.0, None)
