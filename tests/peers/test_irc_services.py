"""Logging in: SASL against real services (Anope) behind a real server (InspIRCd)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from platforms.base import NeedsOperator, Secret
from platforms.base.ends import end_of
from platforms.irc import Irc, IrcConfig
from tests.peers.ircds import (
    PATIENCE_SECONDS,
    Server,
    inspircd,
    person,
    require_ircds,
    serving,
)
from tests.peers.processes import free_port
from tests.platforms.base.hosts import FakeHost

pytestmark = pytest.mark.peer


@pytest.fixture(autouse=True)
def logs_are_kept_off_the_screen() -> Iterator[None]:
    with capture_logs():
        yield


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    require_ircds("inspircd", "openssl", "anope")
    port = free_port()
    with (
        inspircd(tmp_path / "inspircd", services=port) as server,
        serving("anope.sh", str(tmp_path / "anope"), str(port)),
    ):
        yield server


async def test_we_log_in_and_know_who_has(server: Server) -> None:
    """A right password lets us in, a wrong one needs a person; accounts are vouched for."""
    config = IrcConfig(
        "127.0.0.1",
        "rook",
        ("#rooks",),
        port=server.port,
        tls=False,
        account="corvus",
        account_password=Secret("c0rvus-secret"),
    )
    async with person(server, "corvus", "#rooks") as corvus:
        await corvus.says("PRIVMSG NickServ :REGISTER c0rvus-secret corvus@example.org")
        await corvus.hears(" 900 ")
        platform, host = Irc(config), FakeHost()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(platform.session, host.link(platform))
            with trio.fail_after(PATIENCE_SECONDS):
                await host.state("rook", "up")
            await corvus.says("PRIVMSG #rooks :it is me", "WHOIS rook")
            # 330: is logged in as.
            assert "corvus" in await corvus.hears(" 330 corvus rook ")
            with trio.fail_after(PATIENCE_SECONDS):
                while "it is me" not in host.journal.texts():
                    await host.journal.changed.wait()
            nursery.cancel_scope.cancel()
        [said] = [one for one in host.journal.accepted if one.text == "it is me"]
        assert said.sender is not None
        assert (said.sender.id, said.sender.name) == ("corvus", "corvus")

        wrong = Irc(
            IrcConfig(
                "127.0.0.1",
                "rook",
                port=server.port,
                tls=False,
                account="corvus",
                account_password=Secret("wrong"),
            )
        )
        with trio.fail_after(PATIENCE_SECONDS), pytest.raises(Exception) as caught:  # noqa: PT011
            await wrong.session(FakeHost().link(wrong))
        assert isinstance(end_of(caught.value), NeedsOperator)
