"""What every log line says besides its event: when, how grave, and whose work it was.

In this order: `ts level event trace actor platform account chat bot`, then the event's own.
Pure but for the context variables that are read.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import TypeAlias

from structlog.typing import WrappedLogger

from actors.kernel import current_actor, current_facts, current_trace

Fields: TypeAlias = MutableMapping[str, object]
Processor: TypeAlias = Callable[[WrappedLogger, str, Fields], Fields]

COMMON = ("trace", "actor", "platform", "account", "chat", "bot")


def add_whose(_: WrappedLogger, __: str, fields: Fields) -> Fields:
    """Add trace, actor and facts of the turn this line is written in, where none is given.

    They are read when the line is written. A logger that an actor keeps would else show
    the trace of the message in whose handler it was made.
    """
    if not fields.get("trace"):
        fields["trace"] = current_trace()
    if not fields.get("actor"):
        fields["actor"] = current_actor()
    for name, value in current_facts().items():
        fields.setdefault(name, value)
    return fields


def in_order(fields: Mapping[str, object], level: str, now_utc: float) -> Fields:
    """Return *fields* as they are written: in order, without empty common ones.

    An `exc_info` becomes the text `exception`.
    """
    rest = dict(fields)
    at = datetime.fromtimestamp(now_utc, UTC)
    written: Fields = {
        "ts": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": level,
        "event": rest.pop("event", ""),
    }
    for name in COMMON:
        value = rest.pop(name, "")
        if value not in ("", None):
            written[name] = value
    raised = _raised(rest.pop("exc_info", None))
    written.update(rest)
    if raised is not None:
        written["exception"] = "".join(traceback.format_exception(raised)).rstrip()
    return written


def _raised(exc_info: object) -> BaseException | None:
    match exc_info:
        case BaseException():
            return exc_info
        case (_, BaseException() as error, _):
            return error
        case None | False | tuple():
            return None
        case _:
            return sys.exception()
