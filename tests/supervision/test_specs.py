"""What is refused in a spec, in which order, and in which words."""

from __future__ import annotations

from itertools import product
from math import inf, nan
from sys import float_info

import pytest
import trio.testing

from actors.kernel import AnyActor, System
from supervision import (
    ALL_SIGNIFICANT,
    ANY_SIGNIFICANT,
    BRUTAL,
    DYNAMIC,
    FOREVER,
    NEVER,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    BadSpec,
    ChildSpec,
    Counts,
    Jitter,
    Restart,
    SpecRefused,
    Supervisor,
    SupervisorActor,
    caution,
    count_children,
    start_child,
)
from supervision.specs import StartActor

HUGE = 10**400
"""More than any float."""


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
        (
            {"max_restarts": FOREVER},
            f"max_restarts must be a whole number from 0 (got {FOREVER!r})",
        ),
        (
            {"max_restarts": 1.5},
            "max_restarts must be a whole number from 0 (got 1.5)",
        ),
        ({"within": 0}, "within must be a positive number of seconds (got 0)"),
        ({"within": -1}, "within must be a positive number of seconds (got -1)"),
        ({"within": inf}, "within must be a positive number of seconds (got inf)"),
        (
            {"within": HUGE},
            f"within must be a positive number of seconds (got {HUGE})",
        ),
        (
            {"auto_shutdown": True},
            "auto_shutdown must be NEVER, ANY_SIGNIFICANT or ALL_SIGNIFICANT (got True)",
        ),
        ({"needs_operator": 1}, "needs_operator must be True or False (got 1)"),
    ],
)
def test_a_supervisor_says_which_of_its_settings_is_wrong_and_what_must_hold(
    flags: dict[str, object], what: str
) -> None:
    assert refusal(child(restart="never"), **flags) == what


WRONG: list[tuple[dict[str, object], str]] = [
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
        {"shutdown": -1},
        "child 'a': shutdown must be a number of seconds from 0, BRUTAL, FOREVER or None (got -1)",
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
]


@pytest.mark.parametrize(("wrong", "what"), WRONG)
def test_a_supervisor_says_what_is_wrong_with_a_child_and_what_must_hold(
    wrong: dict[str, object], what: str
) -> None:
    assert refusal(child(**wrong)) == what


@pytest.mark.parametrize(("wrong", "what"), WRONG)
async def test_a_call_refuses_what_a_supervisor_refuses_to_be_made_with(
    wrong: dict[str, object], what: str, autojump_clock: trio.testing.MockClock
) -> None:
    async with System(Supervisor().actor) as system:
        root = system.find("/", SupervisorActor)

        refused = await start_child(root, child(**wrong))

        assert isinstance(refused, SpecRefused)
        assert str(refused.fault) == what
        assert await count_children(root) == Counts(0, 0, 0, 0)


@pytest.mark.parametrize("shutdown", [-1, -0.5, nan, inf, HUGE, "soon", True])
def test_a_grace_is_a_time_that_ends_or_a_word(shutdown: object) -> None:
    assert "shutdown must be a number of seconds from 0" in refusal(
        child(shutdown=shutdown)
    )


def test_whatever_goes_together_is_accepted() -> None:
    ends = [(NEVER, False), *product([ANY_SIGNIFICANT, ALL_SIGNIFICANT], [True, False])]
    starts: list[StartActor | Supervisor] = [start, Supervisor()]
    combinations = product(
        [ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE, DYNAMIC],
        Restart,
        [None, BRUTAL, FOREVER, 0, 0.001],
        starts,
        ends,
    )
    made = 0
    for strategy, restart, shutdown, what, (auto, significant) in combinations:
        if significant and restart is PERMANENT:
            continue
        if strategy is DYNAMIC and auto is not NEVER:
            continue
        spec = ChildSpec("a", what, restart, shutdown, significant)
        Supervisor(strategy, [spec], auto_shutdown=auto)
        made += 1
    assert made == 3 * 130 + 30


def test_the_longest_time_is_the_largest_float() -> None:
    assert Supervisor(within=float_info.max).within == float_info.max
    assert "within must be" in refusal(within=int(float_info.max) + 1)


def test_of_several_wrong_flags_the_first_in_otp_s_order_is_named() -> None:
    wrong = {"auto_shutdown": 1, "within": 0, "max_restarts": -1, "strategy": "x"}
    named = []
    while wrong:
        named.append(refusal(**wrong).split()[0])
        del wrong[named[-1]]
    assert named == ["strategy", "max_restarts", "within", "auto_shutdown"]


def test_what_nobody_knows_is_refused() -> None:
    """OTP lets an unknown key of a map pass; a misspelt field would go unheard."""
    with pytest.raises(TypeError, match="significnat"):
        child(significnat=True)
    with pytest.raises(TypeError, match="intensity"):
        refusal(intensity=3)


def test_a_permanent_child_is_never_significant() -> None:
    what = refusal(child(significant=True), auto_shutdown=ANY_SIGNIFICANT)

    assert what.endswith("significant must be False for a PERMANENT child (got True)")


def test_ids_are_unique_and_a_dynamic_supervisor_has_one_template() -> None:
    assert "duplicate must be unique (got 'a')" in refusal(child(), child())
    assert refusal(strategy=DYNAMIC) == (
        "children must be exactly one, the template, for a DYNAMIC supervisor (got 0)"
    )
    # OTP counts the specs before it looks at anything that newer versions refuse.
    assert "exactly one" in refusal(strategy=DYNAMIC, auto_shutdown=ANY_SIGNIFICANT)
    assert "exactly one" in refusal(child(), child(id="b"), strategy=DYNAMIC)
    ends = refusal(child(), strategy=DYNAMIC, auto_shutdown=ANY_SIGNIFICANT)
    must = "auto_shutdown must be NEVER for a DYNAMIC supervisor (got "
    assert ends == f"{must}{ANY_SIGNIFICANT!r})"


def test_what_makes_giving_up_a_person_s_business_is_named() -> None:
    with pytest.raises(TypeError):
        Supervisor(ONE_FOR_ONE, (), 3, 5.0, NEVER, True)  # type: ignore[call-arg]  # wrong on purpose


def test_a_window_that_can_never_trip_is_refused_unless_giving_up_is_settled() -> None:
    slow = Backoff(first=10.0, give_up=None)
    what = refusal(child(backoff=slow))
    must = "must have give_up (a number or FOREVER): with its delays 4 failures never"
    assert what.startswith(f"child 'a': backoff {must} fall within 5 s (got Backoff(")

    # Two failures five seconds apart lie within five seconds, just so.
    just = Backoff(first=5.0, cap=5.0, jitter=Jitter.NONE, give_up=None)
    Supervisor(children=[child(backoff=just)], max_restarts=1)
    quick = Backoff(first=0.1, give_up=None)
    Supervisor(children=[child(backoff=quick)])
    for settled in (8, FOREVER):
        Supervisor(children=[child(backoff=Backoff(first=10.0, give_up=settled))])
    # The window never hears of failures that are not counted.
    assert "never fall" in refusal(child(backoff=quick, counted=False))


def test_a_window_is_judged_at_once_however_much_it_lets_pass() -> None:
    steady = Backoff(first=1e-9, factor=1.0, cap=1e-9, give_up=None)
    for much in (10**12, HUGE):
        said = refusal(child(backoff=steady), max_restarts=much, within=5.0)
        assert said.startswith("child 'a': backoff must have give_up")


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
