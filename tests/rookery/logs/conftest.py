"""Logs are configured for the whole process: every test gives it back as it was."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable, Iterator

import msgspec
import pytest
import structlog

from rookery.logs import Bridge, configure_logs, remove_bridge

Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Everything that was logged as JSON so far."""
    before = structlog.get_config()
    level = logging.getLogger().level
    with tempfile.TemporaryFile() as file:
        configure_logs(fd=file.fileno(), terminal=False)

        def read() -> list[dict[str, object]]:
            size = os.fstat(file.fileno()).st_size
            text = os.pread(file.fileno(), size, 0)
            return [msgspec.json.decode(line) for line in text.splitlines()]

        yield read
    for handler in list(logging.getLogger().handlers):
        if isinstance(handler, Bridge):
            remove_bridge(handler)
    logging.getLogger().setLevel(level)
    structlog.configure(**before)
