"""What the host of a lab logs goes into its story, and nowhere else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import structlog


@contextmanager
def listening(note: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts, call *note* with each warning or error that the host logs."""

    def hear(
        _: object, level: str, fields: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event, why = fields["event"], fields.get("why", "")
        error = fields.get("exc_info")
        shown = f"{event} {why} {error if isinstance(error, BaseException) else ''}"
        note(f"{level}: {shown.strip()}")
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[hear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
