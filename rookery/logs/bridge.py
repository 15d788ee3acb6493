"""Records of the standard library's `logging`, and warnings, join our lines.

It is a handler at the root, so it sees the records of every logger below. It leaves the record
as it is: other handlers get it, too.
"""

from __future__ import annotations

import logging

import structlog


class Bridge(logging.Handler):
    """Hands each record to structlog: its message is the event, its logger a field."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event = record.getMessage()
        except Exception:  # noqa: BLE001 - the caller's format string is wrong
            event = f"{record.msg} {record.args}"
        facts: dict[str, object] = {"logger": record.name}
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        structlog.get_logger().log(_grave(record.levelno), event, **facts)


def _grave(level: int) -> int:
    """Round *level* down to one that has a name."""
    return min(max(level // 10 * 10, logging.DEBUG), logging.CRITICAL)


def install_bridge(level: int) -> Bridge:
    """Put one bridge at the root, in the place of an earlier one. Idempotent."""
    root = logging.getLogger()
    for handler in list(root.handlers):
        if isinstance(handler, Bridge):
            root.removeHandler(handler)
    bridge = Bridge()
    root.addHandler(bridge)
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    return bridge


def remove_bridge(bridge: Bridge) -> None:
    """Take *bridge* away again."""
    logging.getLogger().removeHandler(bridge)
    logging.captureWarnings(capture=False)
