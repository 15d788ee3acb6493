"""What a browser loads: the page and what belongs to it, files, and the way without sockets."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Final
from urllib.parse import parse_qs, quote

import trio
from attrs import evolve

from platforms.ingress import Entrance, Request, Response, SendPiece
from platforms.webchat import wire
from platforms.webchat.config import WebChatConfig
from platforms.webchat.desk import NO_ROOM_SECONDS, Desk
from platforms.webchat.doorkeeper import (
    WRONG_SECONDS,
    Bearers,
    Doorkeeper,
    bearer_of,
    may_enter,
)
from platforms.webchat.files import NoSpace
from platforms.webchat.quota import MAX_FILE_BYTES
from platforms.webchat.tabs import Tabs

UPLOAD_SECONDS: Final = 120.0
_HOME: Final = files("platforms.webchat") / "page"
_STATIC: Final = {
    "chat.js": "text/javascript; charset=utf-8",
    "line.js": "text/javascript; charset=utf-8",
    "parts.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
    "chat.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; "
)
_FILE_POLICY: Final = "default-src 'none'; sandbox"
_WRONG: Final = evolve(
    Response.text(401, "a token is missing or wrong"), after=WRONG_SECONDS
)
_JSON: Final = (("Content-Type", "application/json"),)


class Pages:
    """Answers what browsers ask, in one session."""

    def __init__(
        self, desk: Desk, tabs: Tabs, config: Callable[[], WebChatConfig]
    ) -> None:
        self._desk = desk
        self._tabs = tabs
        self._config = config
        self._static = {name: (_HOME / name).read_bytes() for name in _STATIC}
        self._page = (_HOME / "chat.html").read_text("utf-8")

    def open(self, door: Entrance) -> None:
        """Answer at every path of the chat."""
        admit = Doorkeeper.of(self._config())
        door.page("", self._root, admit=admit)
        for name in _STATIC:
            door.page(name, self._static_file, admit=admit)
        door.page("files/", self._file, admit=admit)
        door.sockets(
            "ws", self._tabs.join, admit=admit, max_message_bytes=wire.MAX_FRAME_BYTES
        )
        size = wire.MAX_FRAME_BYTES
        door.hook("events", self._events, admit=admit, max_bytes=size)
        known = Bearers(admit, self._config)
        door.hook("say", self._say, admit=known, max_bytes=size)
        door.hook(
            "upload",
            self._upload,
            admit=known,
            max_bytes=MAX_FILE_BYTES,
            within=UPLOAD_SECONDS,
        )

    async def _root(self, _: Request) -> Response:
        config = self._config()
        frames = " ".join(["'self'", *config.embed]) if config.embed else "'none'"
        await trio.lowlevel.checkpoint()
        return Response(
            body=self._page.replace("{{title}}", escape(config.title)).encode(),
            headers=(
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Security-Policy", f"{_POLICY}frame-ancestors {frames}"),
                ("Referrer-Policy", "no-referrer"),
                ("Cache-Control", "no-cache"),
            ),
        )

    async def _static_file(self, request: Request) -> Response:
        await trio.lowlevel.checkpoint()
        return Response(
            body=self._static[request.path],
            headers=(
                ("Content-Type", _STATIC[request.path]),
                ("Content-Security-Policy", "default-src 'none'"),
                ("Cache-Control", "no-cache"),
            ),
        )

    async def _file(self, request: Request) -> Response:
        found = await self._desk.keeper.files.get(request.path.removeprefix("files/"))
        if found is None:
            return Response.text(404, "it is not here, or no longer")
        kept, data = found
        shown = "attachment" if kept.kind == "file" else "inline"
        return Response(
            body=data,
            headers=(
                ("Content-Type", kept.type),
                (
                    "Content-Disposition",
                    f"{shown}; filename*=UTF-8''{quote(kept.name)}",
                ),
                ("Content-Security-Policy", _FILE_POLICY),
                ("Cross-Origin-Resource-Policy", "same-origin"),
                ("Cache-Control", "private, max-age=31536000, immutable"),
            ),
        )

    # --- without sockets ----------------------------------------------------------------

    async def _events(self, request: Request) -> Response:
        """Tell what happens, for a page whose WebSockets do not get through."""
        try:
            hello = wire.read(request.body)
        except wire.Unfit as unfit:
            return Response.text(400, str(unfit))
        if not isinstance(hello, wire.Hello):
            return Response.text(400, "it must be a hello")
        if not may_enter(self._config(), hello.access):
            return _WRONG

        async def says(say: SendPiece) -> None:
            await self._tabs.stream(hello, say)

        return Response(says=says, headers=(("Content-Type", "text/event-stream"),))

    async def _say(self, request: Request) -> Response:
        """Take one deed, and answer with what the socket would."""
        person = bearer_of(request, self._config())
        if person is None:
            return _WRONG
        try:
            deed = wire.read(request.body)
        except wire.Unfit as unfit:
            return Response.text(400, str(unfit))
        if isinstance(deed, wire.Hello | wire.Ack | wire.Tock):
            return Response.text(400, "it must be a deed")
        answer = await self._desk.take(person, deed)
        return Response(body=answer.encode(), headers=_JSON)

    async def _upload(self, request: Request) -> Response:
        """Keep a file, and tell its id: a message names it later."""
        person = bearer_of(request, self._config())
        if person is None:
            return _WRONG
        if not request.body:
            return Response.text(400, "it must not be empty")
        seconds = self._desk.wait(person)
        if seconds:
            return _later(429, "too many; try again later", seconds)
        name = parse_qs(request.query).get("name", [""])[0]
        files = self._desk.keeper.files
        id_ = files.id_of(person, name, request.body)
        try:
            kept = await files.keep(person, id_, request.body, name)
        except NoSpace:
            return _later(507, "there is no room for files now", NO_ROOM_SECONDS)
        return Response(body=wire.uploaded(kept.id, kept.kind), headers=_JSON)


def _later(status: int, why: str, seconds: float) -> Response:
    told = Response.text(status, why)
    after = ("Retry-After", str(int(seconds) + 1))
    return evolve(told, headers=(*told.headers, after))
