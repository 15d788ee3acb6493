"""`rookery platforms --types` and `rookery platforms TYPE`: what may stand as `type`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from attrs import asdict

from platforms.base import Key, first_line, keys_of, schema_of
from rookery.cli.codes import OK, USAGE
from rookery.kinds import Kind, Kinds, Listed, NoKind
from supervision import Forever


def list_kinds(*, as_json: bool) -> int:
    """Print every type there is, usable or not; return the exit code."""
    listed = Kinds().listed()
    if as_json:
        print(json.dumps({"types": list(map(_line_of, listed))}, ensure_ascii=False))
    else:
        print(kinds_text(listed))
    return OK


def show_kind(name: str, *, as_json: bool) -> int:
    """Print all about one type, or about the class that *name* gives the file of."""
    try:
        kind = Kinds().used(name, Path.cwd()) if ":" in name else Kinds().named(name)
    except NoKind as error:
        print(error, file=sys.stderr)
        return USAGE
    if as_json:
        print(json.dumps(_whole(kind), ensure_ascii=False, default=str))
    else:
        print(kind_text(kind))
    return OK


def kinds_text(listed: list[Listed]) -> str:
    """List types: name, version, where it comes from, what it says of itself."""
    rows = [("TYPE", "VERSION", "FROM", "WHAT")]
    rows += [
        (
            each.name,
            each.version or "-",
            each.origin,
            first_line(each.kind.platform) if each.kind else f"unusable: {each.why}",
        )
        for each in listed
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join([*map(str.ljust, row, widths), row[3]]).rstrip() for row in rows
    )


def kind_text(kind: Kind) -> str:
    """Show a type, what it can, and the keys of its table."""
    told = " ".join(filter(None, [kind.origin, kind.version]))
    lines = [f"{kind.name} (from {told})", *_said(kind), "", "It can:"]
    lines += [f"  {what}" for what in _abilities(kind)]
    keys = keys_of(kind.platform.config_type)
    lines += ["", "Keys of its table:" if keys else "Its table has no other keys."]
    for key in keys:
        lines.append(f"  {key.name}  ({', '.join(_facts(key))})")
        lines += [f"      {line}" for line in key.doc.splitlines()]
    return "\n".join(lines)


def _said(kind: Kind) -> list[str]:
    line = first_line(kind.platform)
    return [line] if line else []


def _abilities(kind: Kind) -> list[str]:
    caps = kind.platform.caps
    carries = ", ".join(sorted(each.__name__.lower() for each in caps.segments))
    told = [f"carry {carries}"]
    changes = {
        "edit": caps.edits,
        "delete": caps.deletes,
        "react to": caps.reacts,
    }
    if any(changes.values()):
        able = ", ".join(verb for verb, can in changes.items() if can)
        told.append(f"{able} messages")
    if caps.resumes:
        told.append("go on where it was after a drop, so that nothing is missed")
    match caps.idempotent_for:
        case Forever():
            told.append("be told a message twice and say it once")
        case seconds if seconds > 0:
            told.append(f"be told a message twice within {seconds:g} s and say it once")
        case _:
            pass
    told += [f"say {rate}" for rate in caps.rate]
    return told


def _facts(key: Key) -> list[str]:
    if key.required:
        needed = "required"
    elif key.secret or key.default is None:
        needed = "may be left out"
    else:
        needed = f"default {json.dumps(key.default, ensure_ascii=False, default=str)}"
    return [key.type, needed, "live" if key.live else "needs a reconnect"]


def _line_of(listed: Listed) -> dict[str, object]:
    return {
        "name": listed.name,
        "version": listed.version,
        "origin": listed.origin,
        "doc": first_line(listed.kind.platform) if listed.kind else "",
        "why_not": listed.why,
    }


def _whole(kind: Kind) -> dict[str, object]:
    config = kind.platform.config_type
    keys = [asdict(key) for key in keys_of(config)]
    for key in keys:
        if key["secret"]:
            key["default"] = None
    return {
        "name": kind.name,
        "version": kind.version,
        "origin": kind.origin,
        "doc": first_line(kind.platform),
        "can": _abilities(kind),
        "keys": keys,
        "schema": schema_of(config),
    }
