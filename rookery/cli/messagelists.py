"""The outbox and the dead letters as text for people. Pure: mappings in, lines out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rookery.cli.tables import table
from rookery.control import cut, visible

_WHERE, _WHY, _TEXT = 40, 40, 60
"""Cells of the columns that may be long."""
_UNITS = ((86_400, "days"), (3_600, "h"), (60, "min"), (1, "s"))


def outbox_text(result: Mapping[str, object], now: datetime) -> str:
    """List messages: key, state, how long ago, where to, and how the text begins."""
    messages = _rows(result["messages"])
    if not messages:
        return "nothing to list (without --state that is what is queued, sending or unknown)"
    rows = [("KEY", "STATE", "SAID", "TO", "WHY", "TEXT")]
    rows += [
        (
            str(one["key"]),
            str(one["state"]),
            ago(one["queued_at"], now),
            _short(one["to"], _WHERE),
            _short(one["detail"], _WHY),
            _short(_told(one), _TEXT),
        )
        for one in messages
    ]
    return "\n".join([table(rows), *_more(result)])


def letters_text(result: Mapping[str, object], now: datetime) -> str:
    """List dead letters: id, kind, how long ago, where, why, and how the text begins."""
    letters = _rows(result["dead_letters"])
    if not letters:
        return "no dead letters to list"
    rows = [("ID", "KIND", "ENDED", "WHERE", "WHY", "TEXT")]
    rows += [
        (
            str(one["id"]),
            str(one["kind"]),
            ago(one["at"], now),
            _short(one["where"], _WHERE),
            _short(one["why"], _WHY),
            _short(_told(one), _TEXT),
        )
        for one in letters
    ]
    return "\n".join([table(rows), *_more(result)])


def whole_text(result: Mapping[str, object]) -> str:
    """Show everything that is known of one message, a line each."""
    lines = []
    for name, value in result.items():
        if name in ("host", "text") or value in (None, "", {}):
            continue
        if name == "body":
            assert isinstance(value, list)
            lines += [
                _line("body" if not n else "", part) for n, part in enumerate(value)
            ]
        else:
            lines.append(_line(name, value))
    return "\n".join(lines)


def done_text(done: Sequence[Mapping[str, object]]) -> str:
    """Say what was done, a line each."""
    if not done:
        return "there was nothing to do"
    return "\n".join(map(_deed, done))


def counted_text(counts: Mapping[str, object]) -> str:
    """Say how many dead letters there are."""
    said = []
    for direction in ("inbound", "outbound"):
        own = counts[direction]
        assert isinstance(own, Mapping)
        if own:
            listed = ", ".join(f"{n} {state}" for state, n in own.items())
            said.append(f"{direction} {listed}")
    if counts["mail"]:
        said.append(f"mail {counts['mail']}")
    return "; ".join(said) or "none"


def ago(date: object, now: datetime) -> str:
    """Return how long ago *date* was, in words."""
    if not isinstance(date, str):
        return "-"
    seconds = max(0, int((now - datetime.fromisoformat(date)).total_seconds()))
    size, unit = next(
        ((size, unit) for size, unit in _UNITS if seconds >= 2 * size), _UNITS[-1]
    )
    return f"{seconds // size} {unit} ago"


# --- inside ----------------------------------------------------------------------------


def _rows(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value


def _short(value: object, width: int) -> str:
    return "" if value is None else cut(visible(str(value)), width)


def _told(one: Mapping[str, object]) -> object:
    """Return the text of a message; of an edit, a deletion or a reaction, what it does."""
    match one.get("change"), one["text"]:
        case {"does": does, **rest}, text:
            of = rest.get("message_id") or rest.get("key")
            what = rest.get("emoji") or text
            return f"{does} {of}: {what}" if what else f"{does} {of}"
        case _, text:
            return text


def _more(result: Mapping[str, object]) -> list[str]:
    after = result["next"]
    return [] if after is None else [f"there are more: --after {after}"]


def _line(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        value = ", ".join(
            f"{key} {each}" for key, each in value.items() if each not in (None, "")
        )
    return f"{name:<13}{visible(str(value))}"


def _deed(one: Mapping[str, object]) -> str:
    """Say what was done to one message: it is in a new state, or its letter was handled."""
    name = one.get("key") if "id" not in one else one["id"]
    if "state" in one:
        return f"{name}: {one['state']}"
    if one.get("key"):
        return f"{name}: was {one['was']}, goes out as {one['key']}"
    if "was" in one:
        return f"{name}: was {one['was']}, is handled again"
    return f"{name}: put away"
