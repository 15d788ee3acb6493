"""Which line of an author's code is to blame, where his, ours and a library's are mixed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

import trio

Step: TypeAlias = tuple[str, int]
"""A file and a line of it."""

_ROOT: Final = Path(__file__).parents[2]
_OURS: Final = tuple(
    _ROOT / each for each in ("actors", "platforms", "rookery", "supervision")
)
_LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})


def blamed(error: BaseException, home: Path) -> str:
    """Return in one line what was raised, and which line of the code below *home* did it."""
    name = type(error).__name__
    text = f"{name}: {error}" if str(error) else name
    # A mistake of syntax names its line itself.
    line = "" if isinstance(error, SyntaxError) else _line_raised(error, home)
    return f"{text} ({line})" if line else text


def _line_raised(error: BaseException, home: Path) -> str:
    """Return `FILE:LINE` of the code below *home* that raised *error*, or called what did.

    Where nothing below *home* was on the way it is the innermost line that is not ours,
    and where there is none, nothing.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return _innermost(((frame.filename, frame.lineno or 0) for frame in frames), home)


def line_now(thread: int, home: Path) -> str:
    """Return `FILE:LINE` of the code below *home* that a thread, by its ident, is at."""
    frame = sys._current_frames().get(thread)  # noqa: SLF001 - documented all the same
    steps = [] if frame is None else list(traceback.walk_stack(frame))
    return _innermost(((f.f_code.co_filename, n) for f, n in reversed(steps)), home)


def line_awaited(task: trio.lowlevel.Task, home: Path) -> str:
    """Return `FILE:LINE` of the code below *home* in which a task waits, or nothing."""
    steps = [(f.f_code.co_filename, n) for f, n in task.iter_await_frames()]
    below = [step for step in steps if _is_below(Path(step[0]), home)]
    return "{}:{}".format(*below[-1]) if below else ""


def _innermost(steps: Iterable[Step], home: Path) -> str:
    """Return the last of *steps*, outermost first, that is the author's."""
    theirs = [(file, line) for file, line in steps if not _is_machinery(file)]
    below = [step for step in theirs if _is_below(Path(step[0]), home)]
    return "{}:{}".format(*(below or theirs)[-1]) if theirs else ""


def _is_machinery(file: str) -> bool:
    return "importlib" in file or any(
        Path(file).is_relative_to(folder) for folder in _OURS
    )


def _is_below(file: Path, home: Path) -> bool:
    # An environment may lie in the folder of the bots, and is not the author's either.
    return file.is_relative_to(home) and _LIBRARIES.isdisjoint(
        file.relative_to(home).parts
    )
