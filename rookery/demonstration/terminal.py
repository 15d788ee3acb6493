"""The terminal of the demo: a view that is drawn again and again above a line to type on.

It uses the terminal's second screen, so what was there before comes back. The last row
belongs to the person who types: the terminal itself shows and edits what is typed there,
and nothing else is written to that row.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.text import Text

# No wrapping: a terminal may find a character wider than Unicode does.
_ENTER, _LEAVE = "\x1b[?1049h\x1b[?7l", "\x1b[?7h\x1b[?1049l"
_KEEP, _BACK = "\x1b[?25l\x1b7", "\x1b8\x1b[?25h"
_CLEAR_LINE = "\x1b[2K"


def is_interactive() -> bool:
    """Tell whether there is a terminal to draw on and to type on."""
    both = sys.stdin.isatty() and sys.stdout.isatty()
    return both and os.environ.get("TERM", "dumb") != "dumb"


class Stage:
    """`with Stage(draw) as stage:`, where *draw* takes width and height."""

    def __init__(self, draw: Callable[[int, int], Sequence[Text]]) -> None:
        self._draw = draw
        self._size = (0, 0)

    def __enter__(self) -> Self:
        _write(_ENTER)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _write(_LEAVE)

    def refresh(self, *, prompt: bool = False) -> None:
        """Draw all but the last line; with *prompt*, or in a new size, that one as well."""
        size = shutil.get_terminal_size()
        *above, last = _rendered(self._draw(*size), size.columns)
        rows = "".join(
            f"\x1b[{row};1H{_CLEAR_LINE}{line}" for row, line in enumerate(above, 1)
        )
        if prompt or size != self._size:
            _write(f"{rows}\x1b[{size.lines};1H{_CLEAR_LINE}{last}")
        else:
            _write(f"{_KEEP}{rows}{_BACK}")
        self._size = size

    def rest(self) -> None:
        """Ctrl-Z: give the terminal back for as long as it takes."""
        _write(_LEAVE)
        os.kill(os.getpid(), signal.SIGSTOP)
        _write(_ENTER)
        self.refresh(prompt=True)


def _rendered(lines: Sequence[Text], width: int) -> list[str]:
    console = Console(force_terminal=True, width=width, highlight=False)
    rendered = []
    for line in lines:
        with console.capture() as captured:
            console.print(line, end="", soft_wrap=True)
        rendered.append(captured.get())
    return rendered


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
