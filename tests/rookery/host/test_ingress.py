"""The port of the ingress in a running host: when it is open, where, and when it cannot be."""

from __future__ import annotations

import socket
from pathlib import Path

import trio

from actors.monitor import Phase
from platforms.ingress import PER_ADDRESS
from rookery.host.manager import Manager, Reload
from tests.e2e.conftest import free_port
from tests.platforms.ingress.clients import Client
from tests.rookery.host.conftest import Living, LivingHost

HOOKED = """\
[ingress]
listen = "127.0.0.1:{port}"

[platforms.hooked]
use = "hooked.py:Hooked"
"""
CODE = """\
from attrs import frozen
from rookery import Inbound, Link, Outbound, Platform, Request, Sent, Text, anybody

@frozen
class HookedConfig:
    pass

class Hooked(Platform[HookedConfig]):
    name = "hooked"

    async def session(self, link: Link) -> None:
        async def take(request: Request) -> None:
            m = request.json()
            event = Inbound(m["id"], chat="group:1", sender="ann", body=[Text("hi")])
            await link.deliver(event)

        async with link.webhooks(take, admit=anybody) as door:
            link.up(account="me")
            await door.serve_forever()

    async def send(self, link: Link, out: Outbound) -> Sent:
        return Sent("1")
"""


async def posts(port: int, id_: str) -> int:
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream:
        return (
            await Client(stream).asks("/hooked/", b'{"id": "%s"}' % id_.encode())
        ).status


def state(host: LivingHost, account: str = "me") -> str:
    return str(host.parts.board.state_of("hooked", account))


async def reload(host: LivingHost, text: str) -> None:
    (host.folder / "rookery.toml").write_text(text)
    await host.system.find("/manager", Manager).ask(Reload(), within=20)


async def test_a_webhook_comes_in_by_the_port(living: Living, tmp_path: Path) -> None:
    port = free_port()
    write_platform(tmp_path)
    async with living(HOOKED.format(port=port)) as host:
        await host.until(lambda: state(host) == "up")

        assert await posts(port, "m1") == 200

        assert host.parts.journal.counts().accepted >= 1


async def test_no_port_is_opened_for_nobody(living: Living, tmp_path: Path) -> None:
    port = free_port()
    write_platform(tmp_path)
    nobody = HOOKED.format(port=port).partition("[platforms")[0]
    async with living(nobody) as host:
        assert host.phase("/web/ingress") == "running"
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))

        await reload(host, HOOKED.format(port=port))
        await host.until(lambda: state(host) == "up")
        assert await posts(port, "m1") == 200

        await reload(host, nobody)
        await host.until(lambda: not host.parts.ingress.state.online)
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))


async def test_a_reload_moves_the_port(living: Living, tmp_path: Path) -> None:
    before, after = free_port(), free_port()
    write_platform(tmp_path)
    async with living(HOOKED.format(port=before)) as host:
        await host.until(lambda: state(host) == "up")

        await reload(host, HOOKED.format(port=after))

        await host.until(lambda: str(after) in host.parts.ingress.state.why)
        await host.until(lambda: state(host) == "up")
        assert await posts(after, "m1") == 200
        assert host.lives("/web/ingress") == 1


async def test_a_reload_lets_more_or_fewer_in_from_one_address(
    living: Living, tmp_path: Path
) -> None:
    text = HOOKED.format(port=free_port())
    write_platform(tmp_path)
    some = text.replace("listen", "connections_per_address = 7\nlisten")
    async with living(some) as host:
        await host.until(lambda: state(host) == "up")
        assert host.parts.ingress.crowd.per_address == 7

        await reload(host, text)

        assert host.parts.ingress.crowd.per_address == PER_ADDRESS


async def test_a_taken_port_is_a_fault_shown_and_no_end(
    living: Living, tmp_path: Path
) -> None:
    write_platform(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        async with living(HOOKED.format(port=port)) as host:
            await host.until(lambda: "port taken" in state(host, ""))
            shown = host.parts.board.state_of("hooked", "")
            assert shown is not None
            assert shown.phase is Phase.BACKING_OFF
            await host.say("still there")

            taken.close()
            await host.until(lambda: state(host) == "up")
            assert await posts(port, "m1") == 200


def write_platform(folder: Path) -> None:
    (folder / "hooked.py").write_text(CODE)
