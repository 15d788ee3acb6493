"""Starting real programs for tests, and not without them in CI."""

import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

HERE: Final = Path(__file__).parent
PYTHON: Final = HERE.parents[1] / ".venv-peers" / "bin" / "python"
START_SECONDS: Final = 30.0
"""Only to fail instead of hanging."""


def require_peers(*wanted: str) -> None:
    """Skip the test where the real programs are not installed; fail in CI.

    Args:
        wanted: Patterns of paths in `.venv-peers`, each of which must be there.
    """
    home = PYTHON.parents[1]
    if PYTHON.exists() and all(any(home.glob(pattern)) for pattern in wanted):
        return
    why = "not all is in .venv-peers: run tests/peers/setup.sh to check against real programs"
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
        await self._until(lambda: line in self.lines, line)

    async def prints_more(self, words: str, than: int) -> list[str]:
        """Wait for more lines that begin so *than* there were; return them all."""

        def found() -> list[str]:
            return [line for line in self.lines if line.startswith(words)]

        await self._until(lambda: len(found()) > than, words)
        return found()

    async def prints_like(self, words: str) -> None:
        """Wait until it has printed a line that holds *words*."""
        await self._until(lambda: any(words in line for line in self.lines), words)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        with trio.move_on_after(START_SECONDS) as patience:
            while not holds():
                await self._news.wait()
        assert not patience.cancelled_caught, f"{what!r} is not in {self.lines}"

    async def read(self, stream: trio.abc.ReceiveStream) -> None:
        async for data in stream:
            *whole, self._rest = (self._rest + data).split(b"\n")
            self.lines += [line.decode(errors="replace") for line in whole]
            self._news.set()
            self._news = trio.Event()


@asynccontextmanager
async def running(
    script: str,
    *arguments: str,
    environment: Mapping[str, str],
    with_: str = str(PYTHON),
) -> AsyncIterator[Program]:
    """Run *script* of this folder with the Python of `.venv-peers`; stop it in the end.

    Args:
        script: Its name.
        arguments: What it is called with.
        environment: What it finds there besides ours.
        with_: Another program to run it with, such as `node`.
    """
    program = Program(arguments)
    process = await trio.lowlevel.open_process(
        [with_, str(HERE / script), *arguments],
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
