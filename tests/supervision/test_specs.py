"""What is refused in a spec, in which order, and in which words."""

from __future__ import annotations

import pytest

from actors.kernel import AnyActor
from supervision import (
    ANY_SIGNIFICANT,
    BRUTAL,
    DYNAMIC,
    FOREVER,
    ONE_FOR_ONE,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    BadSpec,
    ChildSpec,
    Supervisor,
    caution,
)


def start() -> AnyActor:
    raise NotImplementedError


def child(**more: object) -> ChildSpec:
    return ChildSpec(**{"id": "a", "start": start} | more)  # type: ignore[arg-type]  # wrong on purpose


def refusal(*children: ChildSpec, **flags: object) -> str:
    with pytest.raises(BadSpec) as raised:
        Supervisor(children=children, **flags)  # type: ignore[arg-type]  # wrong on purpose
    return str(raised.value)


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (
            {"strategy": "one_for_one"},
            "strategy must be ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE or DYNAMIC (got 'one_for_one')",
        ),
        ({"max_restarts": -1}, "max_restarts must be a whole number from 0 (got -1)"),
        (
            {"max_restarts": True},
            "max_restarts must be a whole number from 0 (got True)",
        ),
        ({"within": 0}, "within must be a positive number of seconds (got 0)"),
        (
            {"auto_shutdown": True},
            "auto_shutdown must be NEVER, ANY_SIGNIFICANT or ALL_SIGNIFICANT (got True)",
        ),
        ({"needs_operator": 1}, "needs_operator must be True or False (got 1)"),
    ],
)
def test_flags(flags: dict[str, object], what: str) -> None:
    assert refusal(child(restart="never"), **flags) == what


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"id": ""}, "id must be a non-empty string without a slash (got '')"),
        ({"id": "a/b"}, "id must be a non-empty string without a slash (got 'a/b')"),
        (
            {"restart": "always"},
            "child 'a': restart must be PERMANENT, TRANSIENT or TEMPORARY (got 'always')",
        ),
        (
            {"significant": True, "restart": TRANSIENT},
            "child 'a': significant must be False where auto_shutdown is NEVER (got True)",
        ),
        (
            {"significant": 1},
            "child 'a': significant must be True or False (got 1)",
        ),
        (
            {"start": "me"},
            "child 'a': start must be a Supervisor or something to call that makes an actor (got 'me')",
        ),
        (
            {"shutdown": 0},
            "child 'a': shutdown must be a positive number of seconds, BRUTAL, FOREVER or None (got 0)",
        ),
        (
            {"backoff": 5.0},
            "child 'a': backoff must be a Backoff or None (got 5.0)",
        ),
        (
            {"counted": False},
            "child 'a': counted must be True for a child without backoff: nothing would end a storm (got False)",
        ),
        (
            {"counted": 1, "backoff": Backoff()},
            "child 'a': counted must be True or False (got 1)",
        ),
    ],
)
def test_children(wrong: dict[str, object], what: str) -> None:
    assert refusal(child(**wrong)) == what


def test_a_permanent_child_is_never_significant() -> None:
    what = refusal(child(significant=True), auto_shutdown=ANY_SIGNIFICANT)

    assert what.endswith("significant must be False for a PERMANENT child (got True)")


def test_ids_are_unique_and_a_dynamic_supervisor_has_one_template() -> None:
    assert "duplicate must be unique (got 'a')" in refusal(child(), child())
    assert "exactly one" in refusal(strategy=DYNAMIC)
    # OTP counts the specs before it looks at anything that newer versions refuse.
    assert "exactly one" in refusal(strategy=DYNAMIC, auto_shutdown=ANY_SIGNIFICANT)
    assert "exactly one" in refusal(child(), child(id="b"), strategy=DYNAMIC)
    assert "DYNAMIC" in refusal(
        child(), strategy=DYNAMIC, auto_shutdown=ANY_SIGNIFICANT
    )


def test_a_window_that_can_never_trip_is_refused_unless_giving_up_is_settled() -> None:
    slow = Backoff(first=10.0, give_up=None)
    what = refusal(child(backoff=slow))
    assert "4 failures never fall within 5 s" in what

    quick = Backoff(first=0.1, give_up=None)
    Supervisor(children=[child(backoff=quick)])
    for settled in (8, FOREVER):
        Supervisor(children=[child(backoff=Backoff(first=10.0, give_up=settled))])
    # The window never hears of failures that are not counted.
    assert "never fall" in refusal(child(backoff=quick, counted=False))


def test_how_long_a_child_may_take_to_stop_if_nothing_is_said() -> None:
    assert child().grace == 5.0
    assert child(start=Supervisor()).grace is FOREVER
    assert child(shutdown=BRUTAL).grace is BRUTAL


def test_a_transient_supervisor_is_allowed_and_warned_about() -> None:
    nested = Supervisor(ONE_FOR_ONE)
    children = [
        child(id="a", start=nested, restart=TRANSIENT),
        child(id="b", start=nested, restart=PERMANENT),
        child(id="c", restart=TRANSIENT),
        child(id="d", restart=TEMPORARY),
        child(id="e", start=Supervisor(needs_operator=True), restart=TRANSIENT),
    ]

    first, *others = map(caution, children)

    assert "'a' is a TRANSIENT supervisor" in first
    assert "stay down" in first
    assert others == [""] * 4
