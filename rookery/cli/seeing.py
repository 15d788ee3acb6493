"""`rookery tree`: once, or again every second until Ctrl-C."""

from __future__ import annotations

import shutil
import sys

from rookery.cli.client import NotDone, answer_to, perform
from rookery.cli.codes import OK, USAGE
from rookery.cli.places import Which
from rookery.cli.rendering import screenful, whole_tree_text
from rookery.cli.screen import Screen, can_redraw
from rookery.control import Tree

EVERY_SECONDS = 1.0


def show_tree(which: Which, request: Tree, *, watch: bool) -> int:
    """Draw the tree; return the exit code."""
    if watch:
        return _watch(which, request)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return perform(which, request, lambda result: whole_tree_text(result, width))


def _watch(which: Which, request: Tree) -> int:
    if which.json or not can_redraw(sys.stdout):
        print(
            "--watch needs a terminal to draw on, and no --json; "
            "a program calls `rookery tree --json` as often as it likes",
            file=sys.stderr,
        )
        return USAGE
    try:
        # Before the screen is taken: what is refused is refused where it was typed.
        result = answer_to(which, request)
        with Screen(sys.stdout) as screen:
            while True:
                size = shutil.get_terminal_size()
                text = whole_tree_text(result, size.columns)
                screen.draw(screenful(text, size.columns, size.lines))
                screen.wait(EVERY_SECONDS)
                result = answer_to(which, request)
    except NotDone as failed:
        return failed.tell(as_json=False)
    except KeyboardInterrupt:
        return OK
