"""Rows as a table for people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

from rookery.control import fitted, visible


def table(rows: Sequence[tuple[object, ...]]) -> str:
    """Return *rows*, the first of which is the head, in columns as wide as they must be.

    Cells may hold what a peer has named itself: nothing in them draws on the terminal.
    """
    shown = [tuple(visible(str(cell)) for cell in row) for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*shown, strict=True)]
    # What is last in a row needs no filling.
    return "\n".join("  ".join(map(fitted, row, widths)).rstrip() for row in shown)
