"""A real homeserver for the tests of a session, and people who talk to it in raw HTTP."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
import trio
from attrs import define, field

from tests.peers.processes import HERE, free_port

PYTHON: Final = HERE.parents[1] / ".venv-synapse" / "bin" / "python"
PATIENCE_SECONDS: Final = 90.0
"""Only to fail instead of hanging: a machine under load may be as slow as it likes."""
_SECRET: Final = b"loopback-secret"
_numbers = count(1)
Content = dict[str, Any]


def require_synapse() -> None:
    """Skip the test where it is not installed; fail in CI."""
    if PYTHON.exists():
        return
    why = (
        "no .venv-synapse: run tests/peers/setup.sh to check against a real homeserver"
    )
    if os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@define
class Person:
    """Somebody with an account, and a token of one device of it."""

    server: str
    id: str
    token: str
    _sent: int = 0

    async def asks(
        self, method: str, path: str, body: object = None, *, status: int = 200
    ) -> Any:
        """Ask for a path below `/_matrix/client/v3`, or for one that says all of it."""
        path = path if path.startswith("/_") else f"/_matrix/client/v3/{path}"
        told, answer = await trio.to_thread.run_sync(
            ask, self.server, method, path, self.token, body
        )
        assert told == status, (method, path, told, answer)
        return answer

    async def creates(self, *invited: Person, **more: object) -> str:
        """Make a room, and invite people."""
        body = {"invite": [one.id for one in invited], "preset": "private_chat", **more}
        answer = await self.asks("POST", "createRoom", body)
        return str(answer["room_id"])

    async def says(
        self, room: str, said: str | Content, kind: str = "m.room.message"
    ) -> str:
        """Say something; a text is `m.text`. Return the id of the event."""
        self._sent += 1
        content = {"msgtype": "m.text", "body": said} if isinstance(said, str) else said
        target = f"rooms/{quote(room)}/send/{kind}/{self.id}{self._sent}"
        answer = await self.asks("PUT", target, content)
        return str(answer["event_id"])

    async def reads(self, room: str, limit: int = 200) -> list[Content]:
        """Return the events of *room*, oldest first."""
        path = f"rooms/{quote(room)}/messages?dir=b&limit={limit}"
        answer = await self.asks("GET", path)
        return list(reversed(answer["chunk"]))

    async def sees(
        self, room: str, holds: Callable[[list[Content]], object]
    ) -> list[Content]:
        """Wait until the events of *room* are as they should be; return them."""
        events: list[Content] = []
        with trio.move_on_after(PATIENCE_SECONDS) as patience:
            while not holds(events):
                await trio.sleep(0.1)
                events = await self.reads(room)
        told = [
            (e["sender"], str(e["content"].get("body", e["type"]))[:60]) for e in events
        ]
        assert not patience.cancelled_caught, told
        return events

    async def hears(self, room: str, by: str, *texts: str) -> None:
        """Wait until *by* has said just these in *room*, in this order, each once."""

        def said(events: list[Content]) -> list[str]:
            return [
                e["content"].get("body", "")
                for e in events
                if e["sender"] == by and e["type"] == "m.room.message"
            ]

        events = await self.sees(room, lambda events: len(said(events)) >= len(texts))
        assert said(events) == list(texts)


@define
class Synapse:
    """A homeserver that runs."""

    port: int
    admins: list[Person] = field(factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def person(self, name: str, *, device: str = "", admin: bool = False) -> Person:
        """Register somebody new, whose name begins like that."""
        user = f"{name}{next(_numbers)}"
        path = "/_synapse/admin/v1/register"
        _, told = ask(self.url, "GET", path)
        words = (told["nonce"], user, "pw", "admin" if admin else "notadmin")
        mac = hmac.new(_SECRET, "\0".join(words).encode(), hashlib.sha1)
        body = {
            "nonce": told["nonce"],
            "username": user,
            "password": "pw",
            "admin": admin,
            "mac": mac.hexdigest(),
        }
        status, made = ask(self.url, "POST", path, body=body)
        assert status == 200, made
        if not device:
            return Person(self.url, made["user_id"], made["access_token"])
        login = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": "pw",
            "device_id": device,
        }
        _, known = ask(self.url, "POST", "/_matrix/client/v3/login", body=login)
        return Person(self.url, known["user_id"], known["access_token"])


def ask(
    url: str, method: str, path: str, token: str = "", body: object = None
) -> tuple[int, Any]:
    """Ask once and wait for it: status and what was answered, decoded."""
    data = json.dumps({} if body is None else body).encode()
    request = urllib.request.Request(
        f"{url}{path}", data=None if method == "GET" else data, method=method
    )
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read() or b"{}")


@contextmanager
def running(folder: Path) -> Iterator[Synapse]:
    """Run Synapse in *folder* for as long as the block lasts."""
    port = free_port()
    with subprocess.Popen(
        ["sh", str(HERE / "synapse.sh"), str(folder), str(port)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("READY"), (folder / "synapse.log").read_text()
            yield Synapse(port)
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE_SECONDS)
