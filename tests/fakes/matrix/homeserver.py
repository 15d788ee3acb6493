"""The homeserver itself: whom it knows, what it answers, and how it misbehaves."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import unquote

import trio

from rookery.testing.lab.wires import Gone
from rookery.testing.lab.wires.http import Request, requests
from tests.fakes.matrix.answers import Answer, Call, Refused, too_many
from tests.fakes.matrix.rooms import Event, Room
from tests.fakes.matrix.routes import ROUTES
from tests.fakes.matrix.syncing import Syncing

Heard = Callable[[Room, Event, str], Awaitable[None]]


class FakeHomeserver(Syncing):
    """One server called `here.test`. Users are made when they log in, or are named."""

    def __init__(
        self, name: str = "here.test", clock: Callable[[], float] = time.time
    ) -> None:
        """Make it, with nobody and nothing in it.

        Args:
            name: What its users and rooms have behind the colon.
            clock: Seconds since 1970.
        """
        super().__init__(name, clock)
        self.passwords: dict[str, str] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        """Of each token, user and device."""
        self.media: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        """Method and path of everything that was asked."""
        self.sent: list[tuple[str, str, Event]] = []
        """(room, transaction, event) of each send, also of repeated ones."""
        self.refusals: deque[Answer] = deque()
        """Given to the next sends, one each."""
        self.drops = 0
        """So many of the next sends are kept, and the line is cut before the answer."""
        self.raw: deque[bytes] = deque()
        """Given to the next syncs, one each, whatever it is."""
        self.soft = False
        self.logged_out = False
        """Somebody has logged everybody out."""
        self.old_media = False
        """It knows only the media paths of before v1.11."""
        self.heard: Heard | None = None
        """Told of each send before it is answered."""
        self.refuses: Callable[[], Answer | None] = self.scripted
        """Asked about each send; an answer is given instead of doing it."""
        self._transactions: dict[tuple[str, str, str], str] = {}

    # --- people -----------------------------------------------------------------------

    def login(self, user: str, device: str = "D", token: str = "") -> str:
        """Let *user* (`ann`) in, and return a token."""
        token = token or f"token-{user}-{device}-{len(self.tokens)}"
        self.tokens[token] = (self.user(user), device)
        return token

    def user(self, name: str) -> str:
        """Return the user id of *name*, which may be one."""
        return name if name.startswith("@") else f"@{name}:{self.name}"

    def log_out(self, *, soft: bool = False) -> None:
        """Make every token worthless."""
        self.tokens.clear()
        self.logged_out = True
        self.soft = soft
        self.changed()

    def too_many(self, after: float | None) -> None:
        """Refuse the next send with 429."""
        self.refusals.append(too_many(after))

    @staticmethod
    def forbidden() -> Answer:
        """What is answered to whoever may not."""
        return Refused(403, "M_FORBIDDEN", "You may not").answer

    # --- serving ----------------------------------------------------------------------

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Listen on loopback; yield the URL."""
        async with trio.open_nursery() as nursery:
            listeners = await trio.open_tcp_listeners(port, host="127.0.0.1")
            number = listeners[0].socket.getsockname()[1]
            nursery.start_soon(trio.serve_listeners, self.converse, listeners)
            yield f"http://127.0.0.1:{number}"
            nursery.cancel_scope.cancel()

    async def converse(self, stream: trio.abc.Stream) -> None:
        """Live one connection that somebody has opened."""
        async with stream:
            with suppress(Gone, trio.BrokenResourceError, trio.ClosedResourceError):
                async for request in requests(stream):
                    answer = await self.answer(request)
                    if answer is None:
                        return
                    await request.answer(answer.status, answer.body, answer.headers)

    async def answer(self, request: Request) -> Answer | None:
        """Return what is answered; `None`: nothing, and the line is cut."""
        self.asked.append(f"{request.method} {unquote(request.path)}")
        for method, pattern, name, needs_token in ROUTES:
            found = re.fullmatch(pattern, request.path)
            if method != request.method or found is None:
                continue
            try:
                user, device = self._who(request) if needs_token else ("", "")
                handler = getattr(self, f"on_{name}")
                words = [unquote(word or "") for word in found.groups()]
                result = await handler(Call(user, device, request), *words)
            except Refused as refused:
                return refused.answer
            if result is None or isinstance(result, Answer):
                return result
            return Answer(200, result)
        return Refused(404, "M_UNRECOGNIZED", "Unrecognized request").answer

    def _who(self, request: Request) -> tuple[str, str]:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        token = token or request.query.get("access_token", "")
        if token not in self.tokens:
            raise Refused(
                401, "M_UNKNOWN_TOKEN", "no such token", soft_logout=self.soft
            )
        return self.tokens[token]

    # --- sending ----------------------------------------------------------------------

    async def on_send(
        self,
        call: Call,
        room_id: str,
        kind: str,
        txn: str,
    ) -> object:
        room = self._joined(room_id, call.user)
        content = _content(call.request)
        return await self._once(
            room,
            (call.user, call.device, f"{room_id}/{kind}/{txn}"),
            lambda: self.say(room.id, call.user, content, kind=kind),
            content,
        )

    async def on_redact(
        self,
        call: Call,
        room_id: str,
        event: str,
        txn: str,
    ) -> object:
        room = self._joined(room_id, call.user)
        content = {**_content(call.request), "redacts": event}

        def redact() -> Event:
            target = room.find(event)
            if target is None:
                raise Refused(404, "M_NOT_FOUND", "no such event")
            target["content"] = {}
            target["unsigned"] = {"redacted_because": {}}
            return self.say(room.id, call.user, content, kind="m.room.redaction")

        key = (call.user, call.device, f"{room_id}/{event}/{txn}")
        return await self._once(room, key, redact, content)

    async def _once(
        self,
        room: Room,
        key: tuple[str, str, str],
        make: Callable[[], Event],
        content: Event,
    ) -> object:
        """Make an event, or find the one that this transaction has made."""
        refusal = self.refuses()
        if refusal is not None:
            return refusal
        if len(json.dumps(content)) > 65_000:
            raise Refused(413, "M_TOO_LARGE", "event too large")
        txn = key[2].rpartition("/")[2]
        if key not in self._transactions:
            event = make()
            self._transactions[key] = event["event_id"]
            self.said_by[event["event_id"]] = (key[0], key[1], txn)
        event_id = self._transactions[key]
        self.sent.append((room.id, txn, room.find(event_id) or {}))
        if self.heard is not None:
            await self.heard(room, content, txn)
        if self.drops:
            self.drops -= 1
            return None
        return {"event_id": event_id}

    def scripted(self) -> Answer | None:
        """Return the next of `refusals`."""
        return self.refusals.popleft() if self.refusals else None

    def _joined(self, room_id: str, user: str) -> Room:
        room = self.rooms.get(room_id)
        if room is None or room.membership(user) != "join":
            raise Refused(403, "M_FORBIDDEN", f"User {user} not in room {room_id}")
        return room

    # --- who, and who is who ----------------------------------------------------------

    async def on_versions(self, _: Call) -> object:
        return {"versions": ["v1.11", "v1.15"], "unstable_features": {}}

    async def on_flows(self, _: Call) -> object:
        return {"flows": [{"type": "m.login.password"}]}

    async def on_login(self, call: Call) -> object:
        asked = _content(call.request)
        user = asked.get("identifier", {}).get("user") or asked.get("user", "")
        if self.passwords.get(self.user(user), asked["password"]) != asked["password"]:
            raise Refused(403, "M_FORBIDDEN", "Invalid username or password")
        device = asked.get("device_id") or f"D{len(self.tokens)}"
        token = self.login(user, device)
        return {
            "access_token": token,
            "user_id": self.user(user),
            "device_id": device,
            "home_server": self.name,
        }

    async def on_whoami(self, call: Call) -> object:
        return {"user_id": call.user, "device_id": call.device, "is_guest": False}

    async def on_profile(self, call: Call, who: str) -> object:
        return {"displayname": who.partition(":")[0][1:]}

    # --- media ------------------------------------------------------------------------

    async def on_upload(self, call: Call) -> object:
        refusal = self.refuses()
        if refusal is not None:
            return refusal
        name = f"m{len(self.media) + 1}"
        self.media[name] = (
            call.request.headers.get("content-type", ""),
            call.request.body,
        )
        return {"content_uri": f"mxc://{self.name}/{name}"}

    async def on_download(self, call: Call, _server: str, name: str) -> object:
        if self.old_media != call.request.path.startswith("/_matrix/media/"):
            raise Refused(404, "M_UNRECOGNIZED", "Unrecognized request")
        if name not in self.media:
            raise Refused(404, "M_NOT_FOUND", "Not found")
        kind, data = self.media[name]
        return Answer(200, data, (("X-Content-Type", kind),))


def _content(request: Request) -> dict[str, Any]:
    try:
        told = request.json if request.body else {}
    except ValueError:
        raise Refused(400, "M_NOT_JSON") from None
    if not isinstance(told, dict):
        raise Refused(400, "M_BAD_JSON")
    return told
