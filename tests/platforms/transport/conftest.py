from collections.abc import Iterator

import pytest

from tests.platforms.transport.peers import Peer


@pytest.fixture(autouse=True)
def peers_hang_up() -> Iterator[None]:
    """Close what a test left open; an open socket would be a warning, and so a failure."""
    yield
    Peer.all_hang_up()
