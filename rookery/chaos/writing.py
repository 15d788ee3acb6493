"""Write a plan as the TOML that `reading` reads. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import inf

from rookery.chaos.tables import EXCEPTIONS, FOREVER_WORD
from supervision.chaos import (
    BlocksLoop,
    Chaos,
    Delays,
    Effect,
    Hangs,
    PlannedFault,
    Raises,
    Reorders,
    name_of,
)


def write_plan(plan: Chaos) -> str:
    """Return *plan* as TOML.

    Raises:
        ValueError: it holds what only Python can say: a predicate, an exception that is
            not named in `tables.EXCEPTIONS`.
    """
    lines = ["[plan]", f"seed = {plan.seed}"]
    if plan.duration != inf:
        lines.append(f"duration = {plan.duration!r}")
    lines.append(f"max_faults = {plan.max_faults}")
    for fault in plan.faults:
        lines += ["", "[[fault]]", *_fault(fault)]
    return "\n".join([*lines, ""])


def _fault(fault: PlannedFault) -> Iterator[str]:
    if fault.where is not None:
        msg = f"a predicate cannot be written down (fault: {fault})"
        raise ValueError(msg)
    yield f"at = {_text(fault.point.value)}"
    yield f"path = {_text(fault.path)}"
    if fault.message is not None:
        yield f"message = {_text(name_of(fault.message))}"
    when = fault.when
    for key in ("nth", "times", "every", "p"):
        value = getattr(when, key)
        if value is not None:
            yield f"{key} = {value!r}"
    if when.between is not None:
        yield f"between = [{when.between[0]!r}, {when.between[1]!r}]"
    if when.after:
        yield f"after = {when.after}"
    yield from _effect(fault.effect)


def _effect(effect: Effect) -> Iterator[str]:
    match effect:
        case Raises(exception):
            if not isinstance(exception, type) or (
                EXCEPTIONS.get(exception.__name__) is not exception
            ):
                msg = f"only Python's own exceptions can be named (got {exception!r})"
                raise ValueError(msg)
            yield f"raises = {_text(exception.__name__)}"
        case Hangs(seconds, ignore_cancel):
            yield f"hangs = {_text(FOREVER_WORD) if seconds == inf else repr(seconds)}"
            if ignore_cancel:
                yield "ignore_cancel = true"
        case Delays(low, high):
            yield f"delays = [{low!r}, {high!r}]"
        case Reorders(window, within):
            yield f"reorders = {window}"
            yield f"within = {within!r}"
        case BlocksLoop(seconds):
            yield f"blocks_loop = {seconds!r}"
        case _:
            yield f"{effect.name} = true"


def _text(value: str) -> str:
    # JSON's escapes are TOML's, save for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
