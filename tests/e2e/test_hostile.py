"""Everything at once that a port may meet, and a chat that goes on through it."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
import trio
import trio_websocket

from tests.e2e.conftest import (
    CONFIG,
    OneBot,
    Start,
    dialled,
    eventually,
    free_port,
)

NONSENSE = (
    "{",
    "null",
    "[]",
    '"text"',
    "{}",
    '{"post_type": 5}',
    '{"post_type": "message", "message": {"type": []}}',
    '{"post_type": "message", "message_type": "group", "self_id": "x", "message_id": null}',
    '{"echo": {"a": [1]}, "status": "ok", "retcode": "0"}',
    "[" * 100_000,
    '{"a":' * 1000 + "1" + "}" * 1000,
    b"\x00\xff\xfe",
    "\x00",
)


async def test_a_chat_goes_on_whatever_others_send(
    start: Start, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer, trio.open_nursery() as nursery:
        await check(peer)
        for attack in (
            nonsense,
            nonsense_in_a_session,
            too_long,
            silent_sockets,
            half_a_handshake,
            wrong_origin,
        ):
            nursery.start_soon(attack, port)
        for _ in range(20):
            await check(peer)
            await trio.sleep(0.02)
        await check(peer)
        nursery.cancel_scope.cancel()

    async with dialled(port) as peer:
        await check(peer)
    assert host.logged("session.failed") == []
    assert host.logged("host.gave_up") == []
    assert await host.leave() == 0


async def test_a_peer_that_never_reads_costs_only_itself(
    start: Start, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer, dialled(port, account=10002) as deaf:
        with trio.move_on_after(5):
            for number in range(300):
                await deaf.event(f"/echo {'x' * 20_000}", group=number)
        for _ in range(10):
            await check(peer)


async def test_two_hundred_connections_at_once(start: Start, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    host = start()
    await host.until("host.started")
    answered = 0

    async def one(account: int) -> None:
        nonlocal answered
        async with dialled(port, account=account) as peer:
            await check(peer)
            answered += 1
            await everybody.wait()

    everybody = trio.Event()
    async with trio.open_nursery() as nursery:
        for account in range(1001, 1201):
            nursery.start_soon(one, account)
        await eventually(lambda: answered == 200, "200 answers", host)
        everybody.set()
    assert await host.leave() == 0


async def check(peer: OneBot) -> None:
    await peer.event("/ping", group=42)
    assert await peer.hear() == "pong"


async def nonsense(port: int) -> None:
    for junk in (
        b"\x00" * 100,
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\n",
    ):
        with contextlib.suppress(OSError, trio.BrokenResourceError):
            async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                await stream.send_all(junk)
                with trio.move_on_after(0.2):
                    await stream.receive_some()


async def nonsense_in_a_session(port: int) -> None:
    async with dialled(port, account=10003) as peer:
        for frame in NONSENSE:
            with contextlib.suppress(trio_websocket.ConnectionClosed):
                await peer.raw(frame)
    async with dialled(port, account=10003) as peer:
        await check(peer)


async def too_long(port: int) -> None:
    with contextlib.suppress(
        trio_websocket.ConnectionClosed, OSError, BaseExceptionGroup
    ):
        async with dialled(port, account=10004) as peer:
            await peer.raw(json.dumps({"text": "x" * 5_000_000}))
            await peer.hear()


async def silent_sockets(port: int) -> None:
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(200):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stack.enter_async_context(stream)
        await trio.sleep_forever()


async def half_a_handshake(port: int) -> None:
    async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: webso")
        await trio.sleep_forever()


async def wrong_origin(port: int) -> None:
    refused = pytest.RaisesExc(
        trio_websocket.ConnectionRejected, check=lambda e: e.status_code == 403
    )
    with pytest.RaisesGroup(refused, flatten_subgroups=True):
        async with dialled(port, account=10005, origin="https://evil.example"):
            pass
