"""Answers of a host as text for people. Pure: mappings in, lines out."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import chop_cells

from rookery.cli.messagelists import counted_text
from rookery.cli.tables import table
from rookery.control import cut, tree_lines, visible


def whole_tree_text(result: Mapping[str, object], width: int | None = None) -> str:
    """Draw the tree; below it, what does not run, and whether it is broken on purpose.

    No line has more than *width* cells: those of the tree are cut, the others broken.
    """
    tree, problems = result["tree"], result["problems"]
    assert isinstance(tree, dict)
    assert isinstance(problems, list)
    lines = tree_lines(tree, width)
    chaos = [str(result["chaos"])] if result.get("chaos") else []
    for problem in map(visible, [*problems, *chaos]):
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
    return table(rows)


def schedules_text(result: Mapping[str, object]) -> str:
    """List what is due: when, for which bot and handler, by which plan or in which chat."""
    schedules, laters = result["schedules"], result["laters"]
    assert isinstance(schedules, list)
    assert isinstance(laters, list)
    rows = [("DUE", "BOT", "HANDLER", "PLAN OR CHAT")]
    rows += [
        (one["due"] or "soon", one["bot"], one["handler"], one["plan"])
        for one in schedules
    ]
    rows += [(one["due"], one["bot"], one["handler"], one["to"]) for one in laters]
    if len(rows) == 1:
        return "nothing is scheduled"
    more = int(str(result["waiting"])) - len(laters)
    return table(rows) + (f"\nand {more} more" if more else "")


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
    return "\n".join([*lines, *map(visible, faults)])


def send_text(result: Mapping[str, object]) -> str:
    """Say what became of the message."""
    detail = f" ({result['detail']})" if result.get("detail") else ""
    message = f", message {result['message_id']}" if result.get("message_id") else ""
    return visible(f"{result['state']}{detail}{message}")


def chaos_line(report: Mapping[str, object]) -> str:
    """Say in one line how a campaign stands."""
    faults, events, recovery = _parts(report)
    down = recovery["still_down"]
    assert isinstance(down, list | tuple)
    return (
        f"{report['seconds']:6.1f} s {report['phase']}: faults {faults['total']}, "
        f"restarts {report['restarts']}, gave up {report['escalated']}, "
        f"down {len(down)}, in hand {events['in_hand']}, lost {events['lost']}"
    )


def chaos_text(report: Mapping[str, object]) -> str:
    """Say what a campaign did and what it cost, one line for each kind of thing."""
    faults, events, recovery = _parts(report)
    messages = report["messages"]
    assert isinstance(messages, Mapping)
    rows = [
        ("faults", f"{faults['total']}{_listed(faults['by_effect'])}"),
        ("restarts", str(report["restarts"])),
        ("gave up", f"{report['escalated']}{_named(report['escalations'])}"),
        ("recovery", _recovery(recovery)),
        ("events", _events(events)),
        ("messages", ", ".join(f"{key} {n}" for key, n in messages.items())),
        ("dead letters", _listed(report["dead_letters"]).removeprefix(": ") or "none"),
    ]
    head = f"{report['seconds']:.1f} s of chaos; healed because {report['healed']}"
    sound = "Nothing was lost, and everybody is back."
    unsound = "NOT SOUND: something was lost or is late, or somebody is still down."
    lines = [f"  {name:<13}{said}" for name, said in rows]
    if not faults["total"]:
        lines.append(
            "No fault fired, so nothing was proved: nobody fits a `path` of the plan "
            "(`rookery tree` shows them), or no time for it came."
        )
    return "\n".join([head, *lines, sound if report["sound"] else unsound])


def _parts(
    report: Mapping[str, object],
) -> tuple[Mapping[str, object], Mapping[str, object], Mapping[str, object]]:
    faults, events, recovery = (
        report[name] for name in ("faults", "events", "recovery")
    )
    assert isinstance(faults, Mapping)
    assert isinstance(events, Mapping)
    assert isinstance(recovery, Mapping)
    return faults, events, recovery


def _events(events: Mapping[str, object]) -> str:
    told = f"accepted {events['accepted']}{_listed(events['ended'])}"
    rest = ("in_hand", "lost", "late", "handled_again")
    more = ", ".join(f"{key.replace('_', ' ')} {events[key]}" for key in rest)
    return f"{told}; {more}"


def _recovery(recovery: Mapping[str, object]) -> str:
    down = _named(recovery["still_down"])
    waiting = _named(recovery["still_waiting"])
    still = f"; still down{down}" if down else ""
    still += f"; waits for its next try{waiting}" if waiting else ""
    if not recovery["count"]:
        return f"nobody had to{still}"
    p50, p99 = recovery["p50_seconds"], recovery["p99_seconds"]
    return f"p50 {p50:.2f} s, p99 {p99:.2f} s of {recovery['count']}{still}"


def _listed(counts: object) -> str:
    assert isinstance(counts, Mapping)
    said = ", ".join(f"{name} {n}" for name, n in counts.items())
    return f": {said}" if said else ""


def _named(names: object) -> str:
    assert isinstance(names, list | tuple)
    return f": {', '.join(dict.fromkeys(names))}" if names else ""


def journal_text(result: Mapping[str, object]) -> str:
    """Say how much is in the journal, and how it is in a running host."""
    lines = []
    if "path" in result:
        used, size = result["bytes_used"], result["bytes"]
        lines += [
            f"{result['path']} (journal {result['id']}, schema {result['schema']})",
            f"size      {size} bytes, {used} in use; log {result['log_bytes']}",
            f"inbound   {_counted(result['inbound'])}",
            f"outbound  {_counted(result['outbound'])}",
            f"known     {result['marks']} events",
        ]
    dead = result["dead_letters"]
    assert isinstance(dead, Mapping)
    lines.append(f"dead      {counted_text(dead)}")
    host = result["host"]
    if host is None:
        lines.append("host      none is running")
    else:
        assert isinstance(host, dict)
        why = f": {host['why']}" if host["why"] else ""
        lines.append(
            f"host      {host['state']}{why} (durability {host['durability']})"
        )
    return "\n".join(lines)


def _counted(states: object) -> str:
    assert isinstance(states, dict)
    return ", ".join(f"{n} {state}" for state, n in states.items()) or "none"
