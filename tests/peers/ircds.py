"""Real IRC servers, and people on them: a raw socket, and `ii`, which is a folder."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import pytest
import trio

from tests.peers.processes import HERE, free_port

PATIENCE_SECONDS: Final = 90.0
"""Only to fail instead of hanging."""
PROGRAMS: Final = ("inspircd", "ngircd", "ii", "openssl")


def where(program: str) -> str | None:
    """Find a program, also where only an administrator looks."""
    return shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin")


def require_ircds(*programs: str) -> None:
    """Skip the test where a server is not installed; fail in CI."""
    missing = [name for name in programs or PROGRAMS if where(name) is None]
    if not missing:
        return
    why = f"no {', '.join(missing)}: run tests/peers/setup_irc.sh to check against real servers"
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@contextmanager
def serving(script: str, *arguments: str, **environment: str) -> Iterator[None]:
    """Run a script of this folder until the block is left; return once it is ready."""
    process = subprocess.Popen(
        ["sh", str(HERE / script), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = process.stdout.readline()
        assert said.startswith(b"READY"), f"{script} did not start: {said!r}"
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        process.stdout.close()


class Server:
    """One that runs."""

    def __init__(self, name: str, port: int, folder: Path, tls_port: int = 0) -> None:
        self.name = name
        self.port = port
        self.folder = folder
        self.tls_port = tls_port

    @property
    def certificate(self) -> Path:
        return self.folder / "cert.pem"

    def __repr__(self) -> str:
        return self.name


@contextmanager
def inspircd(folder: Path, *, services: int = 0) -> Iterator[Server]:
    """Run an InspIRCd, with TLS, and with a port for services if it is given."""
    port, tls = free_port(), free_port()
    more = (str(services),) if services else ()
    with serving("inspircd.sh", str(folder), str(port), str(tls), *more):
        yield Server("InspIRCd", port, folder, tls)


@contextmanager
def ngircd(folder: Path, *, penalties: bool = True) -> Iterator[Server]:
    """Run an ngIRCd; without *penalties* a line does not cost the second that it does."""
    port = free_port()
    environment = {} if penalties else {"PENALTIES": "0"}
    with serving("ngircd.sh", str(folder), str(port), **environment):
        yield Server("ngIRCd", port, folder)


class Person:
    """Somebody at a raw socket: says lines, and remembers what came."""

    def __init__(self, nick: str, stream: trio.abc.Stream) -> None:
        self.nick = nick
        self.lines: list[str] = []
        self._stream = stream
        self._news = trio.Event()

    async def says(self, *lines: str) -> None:
        for line in lines:
            await self._stream.send_all(f"{line}\r\n".encode())

    async def hears(self, text: str, times: int = 1) -> str:
        """Wait until a line with *text* in it has come so many times; return the last."""
        with trio.move_on_after(PATIENCE_SECONDS):
            while len(found := [line for line in self.lines if text in line]) < times:
                await self._news.wait()
            return found[times - 1]
        raise AssertionError(f"{self.nick} never heard {text!r}: {self.lines[-40:]}")

    def heard(self, text: str) -> list[str]:
        """Return the lines with *text* in them so far."""
        return [line for line in self.lines if text in line]

    async def read(self) -> None:
        rest = b""
        async for data in self._stream:
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                text = line.rstrip(b"\r").decode("utf-8", "replace")
                self.lines.append(text)
                if text.startswith("PING"):
                    await self.says(text.replace("PING", "PONG", 1))
            self._news.set()
            self._news = trio.Event()


@asynccontextmanager
async def person(
    server: Server, nick: str, *channels: str, caps: str = ""
) -> AsyncIterator[Person]:
    """Let somebody come, join and read until the block is left."""
    stream = await trio.open_tcp_stream("127.0.0.1", server.port)
    async with stream, trio.open_nursery() as nursery:
        who = Person(nick, stream)
        nursery.start_soon(who.read)
        if caps:
            await who.says(f"CAP REQ :{caps}", "CAP END")
        await who.says(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        await who.hears(" 005 ")
        await who.hears(" :End of MOTD" if server.name == "ngIRCd" else " 422 ")
        for channel in channels:
            await who.says(f"JOIN {channel}")
            await who.hears(f" 366 {nick} {channel} ")
        yield who
        nursery.cancel_scope.cancel()


class Ii:
    """Somebody who uses `ii`: what he writes into a file is said, and what is said is in one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def says(self, text: str, where: str) -> None:
        path = self.folder / where / "in"
        await trio.to_thread.run_sync(_write_into, path, text)

    async def reads(self, text: str, where: str) -> str:
        """Wait until a line of *where* ends with *text*."""
        with trio.move_on_after(PATIENCE_SECONDS):
            while True:
                path = self.folder / where / "out"
                if path.exists():
                    for line in path.read_text(errors="replace").splitlines():
                        if line.rstrip().endswith(text):
                            return line
                await trio.sleep(0.05)
        raise AssertionError(f"ii never showed {text!r} in {where}")


def _write_into(path: Path, text: str) -> None:
    with path.open("w") as fifo:  # waits until ii reads
        fifo.write(f"{text}\n")


@asynccontextmanager
async def ii(server: Server, nick: str, folder: Path) -> AsyncIterator[Ii]:
    """Run `ii` until the block is left."""
    program = where("ii")
    assert program is not None
    process = await trio.lowlevel.open_process(
        [
            program,
            "-s",
            "127.0.0.1",
            "-p",
            str(server.port),
            "-n",
            nick,
            "-i",
            str(folder),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        user = Ii(folder / "127.0.0.1")
        await user.reads("is missing.", "")  # it has come to the end of the welcome
        yield user
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
