"""What a step of a scenario asks of a supervisor."""

from __future__ import annotations

from collections.abc import Callable

from supervision.calls import (
    Call,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    RestartChild,
    StartChild,
    TerminateChild,
    Up,
    WhichChildren,
)
from supervision.specs import Instance
from tests.otp.terms import Json, Script, Stage, child_of


def call_of(
    item: Script, pid: Callable[[str], str | Up], stage: Stage | None = None
) -> tuple[Json, Call]:
    """Return what the trace shows as the argument, and the call itself."""
    match item:
        case {"op": "start_child", "spec": spec}:
            return spec.get("id"), StartChild(child_of(spec, stage))
        case {"op": "start_child", "name": name}:
            keys = ("start", "trap", "term_ms", "term_reason")
            over = {key: item[key] for key in keys if key in item}
            return name, StartChild(Instance(name, (over,)))
        case {"op": "terminate_child", "name": name}:
            return name, TerminateChild(pid(name))
        case {"op": "terminate_child", "child": name}:
            return name, TerminateChild(name)
        case {"op": "restart_child", "child": name}:
            return name, RestartChild(name)
        case {"op": "delete_child", "child": name}:
            return name, DeleteChild(name)
        case {"op": "get_childspec", "child": name}:
            return name, GetChildSpec(name)
        case {"op": "which_children"}:
            return None, WhichChildren()
        case {"op": "count_children"}:
            return None, CountChildren()
        case _:
            raise AssertionError(item)
