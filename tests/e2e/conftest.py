"""Real hosts: a process each, in a folder and on a port of its own."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio_websocket

from rookery.control import Request, ask

HOME = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 90.0
"""Long, for machines under load; nothing is ever waited for without need."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class HostProcess:
    """One `rookery run`, what it logged, and how to talk to it."""

    def __init__(
        self, folder: Path, *arguments: str, env: Mapping[str, str] = {}
    ) -> None:
        self.folder = folder
        self._log = folder / "log.json"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rookery", "run", *arguments],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(HOME), **env},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin = self.process.stdin
        self._out = self.process.stdout

    def logged(self, event: str | None = None) -> list[dict[str, object]]:
        """Every line so far, or those of one event."""
        found = []
        for line in self._log.read_text().splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                found.append(json.loads(line))
        return [line for line in found if event in (None, line["event"])]

    def text(self) -> str:
        return self._log.read_text()

    async def until(self, event: str, count: int = 1) -> dict[str, object]:
        """Wait until *event* was logged *count* times; return the last one."""

        def look() -> dict[str, object] | None:
            found = self.logged(event)
            return found[count - 1] if len(found) >= count else None

        return await eventually(look, f"{event} in the log:\n{self.text()}", self)

    async def read_line(self) -> str:
        """Return the next line of standard output."""
        with trio.fail_after(PATIENCE_SECONDS):
            line = await trio.to_thread.run_sync(
                self._out.readline, abandon_on_cancel=True
            )
        return line.decode().rstrip("\n")

    def say(self, line: str) -> None:
        """Type *line* at the console."""
        self.stdin.write(f"{line}\n".encode())
        self.stdin.flush()

    async def rookery(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another `rookery` command for this host, in a process of its own."""
        return await trio.to_thread.run_sync(
            lambda: subprocess.run(
                [sys.executable, "-m", "rookery", *arguments],
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": str(HOME)},
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        )

    async def ask(self, request: Request) -> dict[str, object]:
        """Ask the host without the command line around it, which takes its time."""
        return await trio.to_thread.run_sync(ask, self.folder / "rookery-data", request)

    async def leave(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return await self.gone()

    async def gone(self) -> int:
        with trio.fail_after(PATIENCE_SECONDS):
            return await trio.to_thread.run_sync(
                self.process.wait, abandon_on_cancel=True
            )

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stdin.close()
        self._out.close()


async def eventually(
    look: Callable[[], object], what: str, host: HostProcess | None = None
) -> dict[str, object]:
    """Wait until *look* returns something."""
    deadline = trio.current_time() + PATIENCE_SECONDS
    while trio.current_time() < deadline:
        if found := look():
            return found if isinstance(found, dict) else {}
        if host is not None and host.process.poll() is not None:
            break
        await trio.sleep(0.02)
    raise AssertionError(f"never saw {what}")


# Of all peers: a host answers a message id of a chat once, whoever dials again.
_ids = itertools.count(1)


class OneBot:
    """A OneBot implementation with one account: it dials, says things, answers actions."""

    def __init__(self, ws: trio_websocket.WebSocketConnection, account: int) -> None:
        self._ws = ws
        self.account = account
        self.refuses = False

    async def event(
        self, text: str, *, user: int = 10, group: int = 0, message: int = 0
    ) -> int:
        """Send a message event; return its id."""
        message_id = message or next(_ids)
        where = (
            {"message_type": "group", "group_id": group}
            if group
            else {"message_type": "private"}
        )
        frame = {
            "time": 1_700_000_000,
            "self_id": self.account,
            "post_type": "message",
            "sub_type": "normal" if group else "friend",
            "message_id": message_id,
            "user_id": user,
            "message": [{"type": "text", "data": {"text": text}}],
            "raw_message": text,
            "font": 0,
            "sender": {"user_id": user, "nickname": "somebody", "role": "member"},
            **where,
        }
        await self._ws.send_message(json.dumps(frame))
        return message_id

    async def raw(self, frame: str | bytes) -> None:
        """Send whatever it is."""
        await self._ws.send_message(frame)

    async def action(self) -> dict[str, object]:
        """Return the next action that says something; answer every one that comes."""
        while True:
            frame: dict[str, object] = json.loads(await self._ws.get_message())
            await self.answer(frame)
            if str(frame["action"]).startswith("send_"):
                return frame

    async def answer(self, frame: Mapping[str, object]) -> None:
        data = {
            "message_id": next(_ids),
            "user_id": self.account,
            "online": True,
            "good": True,
        }
        answer = {"status": "ok", "retcode": 0, "data": data, "echo": frame.get("echo")}
        if self.refuses:
            answer |= {"status": "failed", "retcode": 1404, "data": None}
        await self._ws.send_message(json.dumps(answer))

    async def hear(self) -> str:
        """Return the text of the next thing the host says."""
        with trio.fail_after(PATIENCE_SECONDS):
            return spoken(await self.action())


def parameter(frame: Mapping[str, object], name: str) -> str:
    """Return a parameter of an action, as text."""
    params = frame["params"]
    assert isinstance(params, dict)
    return str(params[name])


def spoken(frame: Mapping[str, object]) -> str:
    """Return the text in an action that says something."""
    params = frame["params"]
    assert isinstance(params, dict)
    message = params["message"]
    if isinstance(message, str):
        return message
    return "".join(part["data"].get("text", "") for part in message)


@asynccontextmanager
async def dialled(
    port: int, account: int = 10001, token: str = "", origin: str = ""
) -> AsyncIterator[OneBot]:
    """Dial the host as *account*, as NapCat or LLOneBot would."""
    headers = [(b"X-Self-ID", b"%d" % account), (b"X-Client-Role", b"Universal")]
    if token:
        headers.append((b"Authorization", b"Bearer " + token.encode()))
    if origin:
        headers.append((b"Origin", origin.encode()))
    # The stream is ours: the library leaves it open when the host hangs up first.
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with stream, trio.open_nursery() as nursery:
        ws = await trio_websocket.wrap_client_stream(
            nursery,
            stream,
            f"127.0.0.1:{port}",
            "/onebot/v11/ws",
            extra_headers=headers,
        )
        lifecycle = {
            "time": 1_700_000_000,
            "self_id": account,
            "post_type": "meta_event",
            "meta_event_type": "lifecycle",
            "sub_type": "connect",
        }
        await ws.send_message(json.dumps(lifecycle))
        yield OneBot(ws, account)
        nursery.cancel_scope.cancel()


Start = Callable[..., HostProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start hosts that are gone after the test, whatever happens in it."""
    hosts: list[HostProcess] = []

    def start(
        *arguments: str, folder: Path = tmp_path, env: Mapping[str, str] = {}
    ) -> HostProcess:
        host = HostProcess(folder, *arguments, env=env)
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.end()


CONFIG = """\
[operators]
qq = ["14"]
[bots.demo]
use = "rookery.demo:bot"
[platforms.qq]
type = "onebot11"
mode = "reverse"
listen = "127.0.0.1:{port}"
"""
