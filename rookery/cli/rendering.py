"""Answers of a host as text for people. Pure: mappings in, lines out."""

from __future__ import annotations

from collections.abc import Mapping

from rookery.control import tree_text


def whole_tree_text(result: Mapping[str, object]) -> str:
    """Draw the tree; below it, what of the configuration does not run, and why."""
    tree, problems = result["tree"], result["problems"]
    assert isinstance(tree, dict)
    assert isinstance(problems, list)
    return "\n".join([tree_text(tree), *problems])


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
