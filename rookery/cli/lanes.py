"""The answer to `rookery lanes` as text. Pure: a mapping in, lines out."""

from __future__ import annotations

from collections.abc import Mapping

from rookery.control import visible

COLUMNS = ("WAITING", "OLDEST", "IN HAND", "ROUTED", "DONE", "FAILED", "EXPIRED")
_FAILED = ("failed", "quarantined")


def lanes_text(result: Mapping[str, object]) -> str:
    """Return a table of lanes, and below it what each platform has brought."""
    platforms = result["platforms"]
    assert isinstance(platforms, list)
    if not platforms:
        return "nothing has come in yet"
    rows: list[tuple[str, ...]] = [("PLATFORM", "PRIORITY", *COLUMNS)]
    for platform in platforms:
        name = visible(platform["platform"])
        rows += [(name, lane["priority"], *_cells(lane)) for lane in platform["lanes"]]
    return "\n".join([*_table(rows), "", *map(_brought, platforms)])


def _cells(lane: Mapping[str, object]) -> list[str]:
    ended, oldest = lane["ended"], lane["oldest_seconds"]
    assert isinstance(ended, Mapping)
    counts = [
        ended.get("done", 0),
        sum(ended.get(state, 0) for state in _FAILED),
        ended.get("expired", 0),
    ]
    return [
        str(lane["waiting"]),
        "-" if oldest is None else f"{float(str(oldest)):.0f} s",
        str(lane["in_hand"]),
        str(lane["routed"]),
        *map(str, counts),
    ]


def _brought(platform: Mapping[str, object]) -> str:
    """Say what became of the events that a platform has brought."""
    waits = platform["waiting_for_room"]
    more = f"; its backlog is full, and {waits} wait for room" if waits else ""
    return (
        f"{visible(str(platform['platform']))}: accepted {platform['accepted']}, "
        f"duplicate {platform['duplicates']}, refused {platform['refused']}; "
        f"{platform['rows']} unsettled in {platform['bytes']} bytes{more}"
    )


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if index < 2 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
