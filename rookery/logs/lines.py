"""A log line as bytes: for a person, or as one JSON object."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import msgspec
from structlog.typing import WrappedLogger

from rookery.logs.fields import Fields, in_order

_LONGEST_VALUE = 500
_COLORS = {
    "debug": "\x1b[2m",
    "info": "\x1b[32m",
    "warning": "\x1b[33m",
    "error": "\x1b[31m",
    "critical": "\x1b[1;31m",
}
_DIM, _BOLD, _PLAIN = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_json = msgspec.json.Encoder(enc_hook=repr)


def json_line(fields: Mapping[str, object]) -> bytes:
    """Return *fields* as one line of JSON. Whatever is in them, there is a line."""
    try:
        return _json.encode(fields) + b"\n"
    except (TypeError, ValueError, RecursionError):
        # Keys that are no text, lone surrogates, containers that hold themselves.
        said = {_plain(key): _plain(value) for key, value in fields.items()}
        return _json.encode(said) + b"\n"


def human_line(fields: Mapping[str, object], *, color: bool) -> bytes:
    """Return *fields* as a person reads them: time, level, event, facts, traceback."""
    rest = dict(fields)
    ts, level, event = rest.pop("ts"), str(rest.pop("level")), rest.pop("event")
    trail = rest.pop("exception", "")
    facts = " ".join(f"{key}={_quoted(value)}" for key, value in rest.items())
    clock, name, said = str(ts)[11:23], f"{level:<8}", _plain(event)
    if color:
        clock, facts = f"{_DIM}{clock}{_PLAIN}", f"{_DIM}{facts}{_PLAIN}"
        name = f"{_COLORS.get(level, '')}{name}{_PLAIN}"
        said = f"{_BOLD}{said}{_PLAIN}"
    line = f"{clock} {name} {said}  {facts}".rstrip() + "\n"
    if trail:
        line += "".join(f"    {row}\n" for row in str(trail).splitlines())
    return line.encode("utf-8", "backslashreplace")


def renderer(
    to_line: Callable[[Fields], bytes], wall_clock: Callable[[], float] = time.time
) -> Callable[[WrappedLogger, str, Fields], bytes]:
    """Return the last processor: fields in, one line out. It never raises."""

    def render(_: WrappedLogger, level: str, fields: Fields) -> bytes:
        level = "error" if level == "exception" else level
        try:
            return to_line(in_order(fields, level, wall_clock()))
        except Exception as error:  # noqa: BLE001 - a log line must not fail its writer
            event = str(fields.get("event", ""))
            return json_line(
                {"level": level, "event": event, "unprintable": str(error)}
            )

    return render


def _plain(value: object) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode()


def _quoted(value: object) -> str:
    """One value on one line: quoted where it would run into the next."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) > _LONGEST_VALUE:
        text = f"{text[:_LONGEST_VALUE]}..."
    return text if text.isprintable() and " " not in text and text else repr(text)
