"""What no type checker saw: a call with nonsense is refused, and harms nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest
import structlog
import trio.testing

from actors.kernel import Address
from supervision import (
    DYNAMIC,
    BadSpec,
    ChildSpec,
    Counts,
    Instance,
    Refusal,
    SpecRefused,
    StartChild,
    StartRefused,
    Supervisor,
    count_children,
    delete_child,
    get_child_spec,
    restart_child,
    restart_now,
    start_child,
    terminate_child,
)
from supervision.calls import Call
from tests.supervision.actors import Diary, living, three

Asking: TypeAlias = Callable[[Address[Call], Any], Awaitable[object]]
BY_ID: list[Asking] = [
    terminate_child,
    restart_child,
    delete_child,
    restart_now,
    get_child_spec,
]


@pytest.mark.parametrize("what", ["a spec", None, 5, [], Instance("x")])
async def test_what_is_no_spec_is_refused(
    what: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        refused = await start_child(house.root, what)

        assert isinstance(refused, SpecRefused)
        assert refused.fault.field == "child"
        assert refused.fault.got is what
        assert await count_children(house.root) == Counts(3, 3, 0, 3)


@pytest.mark.parametrize("what", ["an id", None, 5, [], Instance([])])  # type: ignore[arg-type]  # wrong on purpose
async def test_what_is_no_instance_is_refused(
    what: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(Supervisor(DYNAMIC, [diary.spec("t")]), diary) as house:
        assert isinstance(await start_child(house.root, what), SpecRefused)
        assert await count_children(house.root) == Counts(1, 0, 0, 0)


@pytest.mark.parametrize("args", [None, 5, "ab", [1], {}])
async def test_what_an_instance_is_made_with_is_a_tuple(
    args: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """A lone argument would end the supervisor, and a lone text be spelt out."""
    async with living(Supervisor(DYNAMIC, [diary.spec("t")]), diary) as house:
        refused = await start_child(house.root, Instance("a", args))

        assert isinstance(refused, SpecRefused)
        assert str(refused.fault) == (
            "child 'a': args must be a tuple, of what the template is called with "
            f"(got {args!r})"
        )
        assert await count_children(house.root) == Counts(1, 0, 0, 0)


@pytest.mark.parametrize("ask", BY_ID)
@pytest.mark.parametrize("key", [None, 5, [], {}, b"a"])
async def test_what_is_no_id_is_not_found(
    ask: Asking, key: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        assert await ask(house.root, key) is Refusal.NOT_FOUND
        assert await count_children(house.root) == Counts(3, 3, 0, 3)


@pytest.mark.parametrize("ask", BY_ID)
@pytest.mark.parametrize("key", [None, 5, [], {}, Instance([])])  # type: ignore[arg-type]  # wrong on purpose
async def test_nor_does_it_harm_a_dynamic_supervisor(
    ask: Asking, key: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(Supervisor(DYNAMIC, [diary.spec("t")]), diary) as house:
        assert await ask(house.root, key) in (Refusal.NOT_FOUND, Refusal.DYNAMIC)
        assert await count_children(house.root) == Counts(1, 0, 0, 0)


@pytest.mark.parametrize(
    ("children", "got"), [(["a"], "'a'"), ([None], "None"), (5, "5"), (None, "None")]
)
def test_children_are_specs(children: Any, got: str) -> None:
    with pytest.raises(BadSpec) as refused:
        Supervisor(children=children)

    must = "children must be ChildSpecs, in the order in which they start"
    assert str(refused.value) == f"{must} (got {got})"


@pytest.mark.parametrize("made", ["rubbish", None, Diary])
async def test_what_makes_no_actor_is_a_start_that_failed(
    made: object, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(three(diary), diary) as house:
        spec = ChildSpec("x", lambda: made)  # type: ignore[arg-type, return-value]  # wrong on purpose
        refused = await start_child(house.root, spec)

        assert isinstance(refused, StartRefused)
        assert "must make an actor" in str(refused.exception)
        assert repr(made) in str(refused.exception)
        assert await count_children(house.root) == Counts(3, 3, 0, 3)


@pytest.mark.parametrize("what", ["hello", None, 5, StartChild])
async def test_what_is_no_call_is_logged_and_ends_nobody(
    what: Any, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    with structlog.testing.capture_logs() as logs:
        async with living(three(diary), diary) as house:
            house.root.tell(what)
            assert await count_children(house.root) == Counts(3, 3, 0, 3)
            assert diary.take() == ["+a", "+b", "+c"]

    assert [(line["event"], line["message"]) for line in logs] == [
        ("supervisor.unexpected_message", type(what).__name__)
    ]
