"""Our fake IRC server, judged by a real client: `ii`, and the `irc` library.

Every other test believes the fake; these ask real clients whether they may.
"""

from __future__ import annotations

import pytest

from tests.fakes.irc import ALL_CAPS, FakeIrc
from tests.peers.ircds import Server, ii, require_ircds
from tests.peers.processes import require_peers, running

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("caps", ["", ALL_CAPS])
async def test_ii_joins_and_talks(
    caps: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    require_ircds("ii")
    folder = tmp_path_factory.mktemp("ii")
    fake = FakeIrc(caps=caps)
    async with (
        fake.listening() as port,
        ii(Server("fake", port, folder), "human", folder) as human,
    ):
        await human.says("/j #rooks", "")
        await fake.joined("human")
        fake.says("hello human")
        await human.reads("<ann> hello human", "#rooks")
        await human.says("hello rook", "#rooks")
        told = await fake.hears(within=90)
        assert (told.nick, told.target) == ("human", "#rooks")
        assert told.text == "hello rook"


async def test_a_client_library_joins_and_talks() -> None:
    require_peers("lib/*/site-packages/irc")
    fake = FakeIrc(caps=ALL_CAPS)
    async with (
        fake.listening() as port,
        running("irc_client.py", str(port), environment={}) as client,
    ):
        await client.prints("JOINED #rooks")
        fake.says("ping")
        await client.prints("HEARD ann #rooks ping")
        told = await fake.hears(within=90)
        assert told.text == "pong ann"
        fake.says("psst", to="library")
        await client.prints("HEARD ann library psst")
        fake.closes("see you")
        await client.prints("GONE")
