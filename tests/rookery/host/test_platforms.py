"""Platforms of a running host: what a person mended is tried again, what is gone is forgotten."""

from __future__ import annotations

import trio

from actors.monitor import Phase
from rookery.host.manager import Manager, Reload
from tests.e2e.conftest import free_port
from tests.fakes.onebot import FakeOneBot
from tests.rookery.host.conftest import Living, LivingHost

FORWARD = """\
[platforms.qq]
type = "onebot11"
mode = "forward"
url = "ws://127.0.0.1:{port}"
access_token = "ours"
"""


async def shows(host: LivingHost, account: str, phase: Phase) -> None:
    def looks() -> bool:
        state = host.parts.board.state_of("qq", account)
        return state is not None and state.phase is phase

    with trio.fail_after(30):
        await host.until(looks)


async def test_a_reload_tries_again_what_needs_an_operator(living: Living) -> None:
    """The peer was mended, not our file: no table of the configuration has changed."""
    port = free_port()
    peer = FakeOneBot(token="another")
    async with peer.serving(port), living(FORWARD.format(port=port)) as host:
        await shows(host, "", Phase.NEEDS_OPERATOR)

        peer.token = "ours"
        manager = host.system.find("/manager", Manager)
        report = await manager.ask(Reload(), within=20)

        assert report.platforms["retried"] == ["qq"]
        assert report.platforms["changed"] == []
        await shows(host, "10001", Phase.UP)


async def test_what_is_connected_is_left_alone(living: Living) -> None:
    port = free_port()
    peer = FakeOneBot(token="ours")
    async with peer.serving(port), living(FORWARD.format(port=port)) as host:
        await shows(host, "10001", Phase.UP)
        manager = host.system.find("/manager", Manager)
        report = await manager.ask(Reload(), within=20)

        assert report.platforms["retried"] == []
        assert host.lives("/platforms/qq/session") == 1


async def test_a_platform_that_is_gone_is_forgotten(living: Living) -> None:
    port = free_port()
    peer = FakeOneBot(token="ours")
    async with peer.serving(port), living(FORWARD.format(port=port)) as host:
        await shows(host, "10001", Phase.UP)
        (host.folder / "rookery.toml").write_text("")
        manager = host.system.find("/manager", Manager)
        await manager.ask(Reload(), within=20)

        assert host.parts.board.states() == {}
