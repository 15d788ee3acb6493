"""What a handler raised, made fit for a log. Pure."""

from __future__ import annotations

from pathlib import Path

import trio

_OURS = (str(Path(__file__).parent), str(Path(__file__).parents[1] / "lanes"))


def one_line(error: BaseException | None) -> str:
    """Return `LookupError: no such city`."""
    if error is None:
        return "failed"
    name = type(error).__name__
    try:
        lines = str(error).strip().splitlines()
    except Exception:  # noqa: BLE001 - the author's `__str__`, which may be broken, too
        lines = []
    return f"{name}: {lines[0]}" if lines else name


def from_author(error: BaseException | None) -> None:
    """Let the traceback of *error* begin in the author's code, if it gets there."""
    if error is None:
        return
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename.startswith(_OURS):
        step = step.tb_next
    if step is not None:
        error.with_traceback(step)  # a frozen one cannot be assigned to


def is_ordinary(error: BaseException) -> bool:
    """Say whether trio and the lanes know what to do with *error*.

    Any other must not get out of a handler as it is: a `SystemExit`, or the cancellation
    of asyncio's loop, would end the bot and everybody's events in it, a
    `KeyboardInterrupt` the host. (Its own signals never arrive as one.)
    """
    if isinstance(error, BaseExceptionGroup):
        return all(is_ordinary(one) for one in error.exceptions)
    return isinstance(error, Exception | trio.Cancelled | GeneratorExit)
