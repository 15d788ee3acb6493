from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import trio
from structlog.testing import capture_logs
from structlog.typing import EventDict

from platforms.ingress import Entrance, Ingress
from tests.platforms.ingress.clients import Client, connect


class World:
    """An ingress with one platform, `web`, and whoever comes."""

    def __init__(
        self, ingress: Ingress, entrance: Entrance, nursery: trio.Nursery
    ) -> None:
        self.ingress = ingress
        self.entrance = entrance
        self.nursery = nursery
        self._clients: list[Client] = []

    def client(self, remote: str = "test:0") -> Client:
        self._clients.append(connect(self.ingress, self.nursery, remote))
        return self._clients[-1]

    async def all_hang_up(self) -> None:
        """A mute peer is waited for, and that would be in real time."""
        for client in self._clients:
            await trio.aclose_forcefully(client.stream)


@pytest.fixture
async def world(autojump_clock: object, nursery: trio.Nursery) -> AsyncIterator[World]:
    ingress = Ingress()
    async with ingress.entrance("web") as entrance:
        world = World(ingress, entrance, nursery)
        yield world
        await world.all_hang_up()


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[EventDict]]:
    with capture_logs() as logs:
        yield logs
