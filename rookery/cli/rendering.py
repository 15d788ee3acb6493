"""Answers of a host as text for people. Pure: mappings in, lines out."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import chop_cells

from rookery.control import cut, tree_lines, visible


def whole_tree_text(result: Mapping[str, object], width: int | None = None) -> str:
    """Draw the tree; below it, what of the configuration does not run, and why.

    No line has more than *width* cells: those of the tree are cut, the others broken.
    """
    tree, problems = result["tree"], result["problems"]
    assert isinstance(tree, dict)
    assert isinstance(problems, list)
    lines = tree_lines(tree, width)
    for problem in map(visible, problems):
        lines += [problem] if width is None else chop_cells(problem, width)
    return "\n".join(lines)


def screenful(text: str, width: int, height: int) -> list[str]:
    """Return the lines of *text* that fit, and how many do not."""
    lines = text.split("\n")
    if len(lines) <= height:
        return lines
    more = len(lines) - height + 1
    left_out = f"... {more:,} more lines: `rookery tree PATH` shows a part"
    return [*lines[: height - 1], cut(left_out, width)][:height]


def platforms_text(result: Mapping[str, object]) -> str:
    """List the connections: id, account, type, state."""
    rows = [("PLATFORM", "ACCOUNT", "TYPE", "STATE")]
    platforms = result["platforms"]
    assert isinstance(platforms, list)
    for platform in platforms:
        own = (platform["id"], "-", platform["type"], platform["state"])
        if platform["state"] or not platform["accounts"]:
            rows.append(own)
        rows += [
            (platform["id"], each["account"], platform["type"], each["state"])
            for each in platform["accounts"]
        ]
    if len(rows) == 1:
        return "no platforms are configured"
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(
            [
                *(cell.ljust(width) for cell, width in zip(row, widths, strict=False)),
                row[3],
            ]
        ).rstrip()
        for row in rows
    )


def reload_text(result: Mapping[str, object]) -> str:
    """Say what changed, kind by kind, and what could not be done."""
    lines = []
    for kind in ("bots", "platforms"):
        done = result[kind]
        assert isinstance(done, dict)
        said = [f"{verb} {', '.join(ids)}" for verb, ids in done.items() if ids]
        lines.append(f"{kind}: {'; '.join(said) or 'nothing changed'}")
    faults = result["faults"]
    assert isinstance(faults, list)
    return "\n".join([*lines, *faults])


def send_text(result: Mapping[str, object]) -> str:
    """Say what became of the message."""
    detail = f" ({result['detail']})" if result.get("detail") else ""
    message = f", message {result['message_id']}" if result.get("message_id") else ""
    return f"{result['state']}{detail}{message}"
