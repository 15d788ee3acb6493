"""Servers that are started once for all tests that need them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.peers.synapse import Synapse, require_synapse, running


@pytest.fixture(scope="session")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """A real homeserver. It takes some seconds to come up, and runs until the end."""
    require_synapse()
    with running(tmp_path_factory.mktemp("synapse")) as server:
        yield server
