"""Choose, once per process, how lines look and where they go."""

from __future__ import annotations

import functools
import logging
import os
from collections.abc import Mapping

import structlog
from structlog.contextvars import merge_contextvars

from platforms.base import last_line
from rookery.logs.bridge import install_bridge
from rookery.logs.fields import add_whose
from rookery.logs.lines import human_line, json_line, renderer
from rookery.logs.sink import Sink

STDERR = 2


def configure_logs(
    *,
    fd: int = STDERR,
    verbose: bool = False,
    terminal: bool | None = None,
    env: Mapping[str, str] | None = None,
) -> Sink:
    """Send all log lines of this process to *fd*.

    Args:
        fd: a file descriptor; nothing is ever read from it.
        verbose: also the lines of level debug.
        terminal: lines for a person instead of JSON; `None` asks *fd*.
        env: `NO_COLOR` is honoured, and a `TERM` that is dumb.
    """
    level = logging.DEBUG if verbose else logging.INFO
    human = os.isatty(fd) if terminal is None else terminal
    known = os.environ if env is None else env
    color = human and not known.get("NO_COLOR") and known.get("TERM") != "dumb"
    sink = Sink(fd, last_line.above) if human else Sink(fd)
    to_line = functools.partial(human_line, color=color) if human else json_line
    structlog.configure(
        processors=[merge_contextvars, add_whose, renderer(to_line)],
        # A line below the level is a method that returns at once.
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: sink,
        cache_logger_on_first_use=True,
    )
    # Libraries are chatty below warning, and what they say there is no event of ours.
    install_bridge(level if verbose else logging.WARNING)
    return sink
