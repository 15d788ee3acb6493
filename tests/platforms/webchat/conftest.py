from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trio
from structlog.testing import capture_logs

from platforms.webchat import WebChatConfig
from tests.platforms.webchat.pages import World


@pytest.fixture
async def world(nursery: trio.Nursery) -> AsyncIterator[World]:
    world = World(WebChatConfig(), nursery)
    async with world.runs():
        yield world


@pytest.fixture(autouse=True)
def logs_are_kept_off_the_screen() -> Iterator[None]:
    with capture_logs():
        yield
