"""A table without lines: in columns if it is narrow, else a list of its rows. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len

MAX_WIDTH = 48
"""Columns of a wider table would be torn on a telephone."""
_GAP = " | "


def table_in_text(rows: Sequence[Sequence[str]]) -> str:
    """Return *rows*, the first of which says what the columns are."""
    cells = [[" ".join(cell.split()) for cell in row] for row in rows]
    if not cells:
        return ""
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=False)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= MAX_WIDTH:
        return _columns(cells, widths)
    return _records(cells)


def _columns(cells: list[list[str]], widths: list[int]) -> str:
    lines = [
        _GAP.join(
            cell + " " * (width - cell_len(cell))
            for cell, width in zip(row, widths, strict=False)
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "-+-".join("-" * width for width in widths))
    return "\n".join(lines)


def _records(cells: list[list[str]]) -> str:
    head, *rows = cells
    if not rows:
        return _GAP.join(head)
    return "\n\n".join(
        "\n".join(
            f"{name}: {cell}" if name else cell
            for name, cell in zip(head, row, strict=False)
            if name or cell
        )
        for row in rows
    )
