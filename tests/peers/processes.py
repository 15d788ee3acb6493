"""Starting real programs for tests, and not without them in CI."""

import os
import socket
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

HERE: Final = Path(__file__).parent
PYTHON: Final = HERE.parents[1] / ".venv-peers" / "bin" / "python"
START_SECONDS: Final = 30.0
"""Only to fail instead of hanging."""


def require_peers() -> None:
    """Skip the test where the real programs are not installed; fail in CI."""
    if PYTHON.exists():
        return
    why = "no .venv-peers: run tests/peers/setup.sh to check against real programs"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """A running program and what it has printed, line by line."""

    def __init__(self, arguments: tuple[str, ...]) -> None:
        self.arguments = arguments
        self.lines: list[str] = []
        self._rest = b""
        self._news = trio.Event()

    async def prints(self, line: str) -> None:
        """Wait until it has printed exactly *line*."""
        with trio.move_on_after(START_SECONDS) as patience:
            while line not in self.lines:
                await self._news.wait()
        assert not patience.cancelled_caught, f"{line!r} is not in {self.lines}"

    async def read(self, stream: trio.abc.ReceiveStream) -> None:
        async for data in stream:
            *whole, self._rest = (self._rest + data).split(b"\n")
            self.lines += [line.decode(errors="replace") for line in whole]
            self._news.set()
            self._news = trio.Event()


@asynccontextmanager
async def running(
    script: str, *arguments: str, environment: Mapping[str, str]
) -> AsyncIterator[Program]:
    """Run *script* of this folder with the Python of `.venv-peers`; stop it in the end."""
    program = Program(arguments)
    process = await trio.lowlevel.open_process(
        [str(PYTHON), str(HERE / script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        cwd=HERE,
    )
    assert process.stdout is not None
    try:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(program.read, process.stdout)
            yield program
            nursery.cancel_scope.cancel()
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            await process.stdout.aclose()
