"""Plain log lines: a pretty traceback takes longer than the test that provoked it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from tests.actors.bots.harness import add_told


@pytest.fixture(autouse=True)
def _plain_logs() -> Iterator[None]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=False, exception_formatter=structlog.dev.plain_traceback
    )
    structlog.configure(processors=[add_told, renderer])
    yield
    structlog.reset_defaults()
