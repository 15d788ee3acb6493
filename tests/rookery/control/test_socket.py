"""The socket itself: a real one, in a folder of its own."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
import trio

from actors.kernel import System
from rookery.control import (
    SOCKET_NAME,
    BeginChaos,
    ControlSocket,
    HealChaos,
    LookAtChaos,
    MessageRequest,
    NoAnswer,
    NoHost,
    Platforms,
    Refused,
    Reload,
    Send,
    ShowOutbox,
    Tree,
    ask,
    socket_address,
)


class Recorder:
    """Does what is asked by writing it down."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    async def tree(self, path: str, *, everybody: bool) -> Mapping[str, object]:
        return {"tree": path, "all": everybody}

    async def platforms(self) -> Mapping[str, object]:
        raise ZeroDivisionError

    async def schedules(self) -> Mapping[str, object]:
        return {"schedules": []}

    async def lanes(self) -> Mapping[str, object]:
        return {"platforms": []}

    async def send(self, address: str, text: str) -> Mapping[str, object]:
        self.said.append((address, text))
        return {"state": "sent"}

    async def reload(self) -> Mapping[str, object]:
        raise Refused(kind="bad_config", message="ten mistakes")

    async def begin_chaos(
        self, campaign: str, plan: str, seconds: float | None
    ) -> Mapping[str, object]:
        return {"campaign": campaign, "plan": plan, "seconds": seconds}

    async def look_at_chaos(self, campaign: str) -> Mapping[str, object]:
        return {"looked": campaign}

    async def heal_chaos(self, campaign: str) -> Mapping[str, object]:
        return {"healed": campaign}

    async def journal(self) -> Mapping[str, object]:
        return {"state": "open"}

    async def compact_journal(self) -> Mapping[str, object]:
        return {}

    async def messages(self, request: MessageRequest) -> Mapping[str, object]:
        return {"asked": type(request).__name__}


@asynccontextmanager
async def control(data: Path) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    async with System(lambda: ControlSocket(data, recorder)):
        yield recorder


async def test_each_operation_is_answered(tmp_path: Path) -> None:
    async with control(tmp_path) as recorder:
        tree = await trio.to_thread.run_sync(ask, tmp_path, Tree())
        sent = await trio.to_thread.run_sync(
            ask, tmp_path, Send("qq/1/group:42", "hello")
        )
        with pytest.raises(Refused, match="ten mistakes"):
            await trio.to_thread.run_sync(ask, tmp_path, Reload())
        chaos = [
            await trio.to_thread.run_sync(ask, tmp_path, request)
            for request in (BeginChaos("0", "x", 3), LookAtChaos("1"), HealChaos("2"))
        ]
        asked = await trio.to_thread.run_sync(ask, tmp_path, ShowOutbox(key="k"))

    assert chaos == [
        {"campaign": "0", "plan": "x", "seconds": 3},
        {"looked": "1"},
        {"healed": "2"},
    ]
    assert asked == {"asked": "ShowOutbox"}
    assert tree == {"tree": "/", "all": False}
    assert sent == {"state": "sent"}
    assert recorder.said == [("qq/1/group:42", "hello")]


async def test_an_operation_that_raises_is_an_answer(tmp_path: Path) -> None:
    async with control(tmp_path):
        with pytest.raises(Refused, match="ZeroDivisionError"):
            await trio.to_thread.run_sync(ask, tmp_path, Platforms())

        assert await trio.to_thread.run_sync(ask, tmp_path, Tree())


async def test_only_we_may_open_it_and_it_goes_with_us(tmp_path: Path) -> None:
    async with control(tmp_path):
        mode = (tmp_path / SOCKET_NAME).stat().st_mode
        assert stat.S_IMODE(mode) == 0o600
        assert stat.S_ISSOCK(mode)

    assert not (tmp_path / SOCKET_NAME).exists()
    with pytest.raises(NoHost, match="no host is running"):
        await trio.to_thread.run_sync(ask, tmp_path, Tree())


async def test_what_a_dead_host_left_is_no_obstacle(tmp_path: Path) -> None:
    listener = trio.socket.socket(trio.socket.AF_UNIX)
    await listener.bind(str(tmp_path / SOCKET_NAME))
    listener.close()
    with pytest.raises(NoHost):
        await trio.to_thread.run_sync(ask, tmp_path, Tree())

    async with control(tmp_path):
        assert await trio.to_thread.run_sync(ask, tmp_path, Tree())


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
    data = tmp_path / ("x" * 100) / ("y" * 100)
    data.mkdir(parents=True)

    async with control(data):
        assert await trio.to_thread.run_sync(ask, data, Tree())


async def test_bad_input_costs_its_connection_at_most(tmp_path: Path) -> None:
    async with control(tmp_path):
        for line in (b"\xff\n", b"{}\n", b"[" * 10_000 + b"\n", b"\n", b"x" * 300_000):
            with socket_address(tmp_path) as address:
                stream = await trio.open_unix_socket(address)
            async with stream:
                try:
                    await stream.send_all(line)
                    answer = msgspec.json.decode(await stream.receive_some())
                except trio.BrokenResourceError:
                    continue  # hung up on while it still talked
            assert answer["ok"] is False
            assert answer["error"]["kind"] == "bad_request"

        assert await trio.to_thread.run_sync(ask, tmp_path, Tree())


async def test_a_request_too_large_for_the_socket_is_refused_before_it_is_sent(
    tmp_path: Path,
) -> None:
    """Or the host hangs up in the middle, and nobody learns why."""
    async with control(tmp_path):
        with pytest.raises(Refused, match="at most 262144 bytes") as refused:
            await trio.to_thread.run_sync(
                ask, tmp_path, BeginChaos("1", "x" * 300_000, 1.0)
            )
    assert refused.value.kind == "bad_request"


async def test_several_requests_may_come_at_once_and_in_pieces(tmp_path: Path) -> None:
    async with control(tmp_path):
        with socket_address(tmp_path) as address:
            stream = await trio.open_unix_socket(address)
        async with stream:
            await stream.send_all(b'{"op": "tree"}\n{"op": "tr')
            first = await stream.receive_some()
            await stream.send_all(b'ee"}\n')
            second = await stream.receive_some()

    assert first == second


async def test_peers_that_stay_silent_are_let_go(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    async with control(tmp_path):
        with socket_address(tmp_path) as address:
            stream = await trio.open_unix_socket(address)
        async with stream:
            assert await stream.receive_some() == b""


async def test_a_host_that_hangs_up_is_named(tmp_path: Path) -> None:
    async def hang_up() -> None:
        stream, _ = await listener.accept()
        await stream.recv(1024)
        stream.close()

    listener = trio.socket.socket(trio.socket.AF_UNIX)
    await listener.bind(str(tmp_path / SOCKET_NAME))
    listener.listen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hang_up)
        with pytest.raises(NoAnswer, match="hung up"):
            await trio.to_thread.run_sync(ask, tmp_path, Tree())
    listener.close()
