"""The fake itself: one bot, the people who talk to it, and its memory of what was asked."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias
from urllib.parse import unquote

import trio

from tests.fakes.telegram.events import Payload, chat, commands_in, message, user
from tests.fakes.telegram.http import Request, Response, serve
from tests.fakes.telegram.methods import (
    NO_METHOD,
    NOT_FOUND,
    SENDS,
    TERMINATED,
    UNAUTHORIZED,
    WEBHOOK_ACTIVE,
    Reply,
    said_by,
)
from tests.fakes.telegram.params import Asked, asked_of
from tests.fakes.telegram.waiting import Update, Waiting
from tests.fakes.telegram.webhook import Webhook

Reaction: TypeAlias = Callable[[Asked], Reply | None]
"""Decides what is answered; `None`: as usual."""

TOKEN = "4242:a-Token_of_the_fake"
MAX_POLL_SECONDS = 50.0


class FakeTelegram:
    """One bot's Bot API. Enter `serving`, then let people speak, and listen."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        clock: Callable[[], float] = trio.current_time,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self.token = token
        self.me = user(int(token.partition(":")[0]), "Rook", is_bot=True)
        self.me["username"] = "rook_bot"
        self.port = 0
        self.waiting = Waiting()
        self.webhook = Webhook()
        self.asked: list[Asked] = []
        self.polls = 0
        """Long polls that are held now."""
        self.files: dict[str, tuple[str, bytes]] = {}
        """By file id: path and bytes."""
        self.hangs_up: set[str] = set()
        """Methods that are done, and whose answer is lost on the way."""
        self._clock = clock
        self._wall_clock = wall_clock
        self._reactions: dict[str, Reaction] = {}
        self._unheard: list[Asked] = []
        self._numbers: dict[int | str, int] = {}
        self._poll: trio.CancelScope | None = None
        self._interrupted = False
        self._changed = trio.Event()

    # -- speaking ----------------------------------------------------------------------

    def says(
        self, text: str, *, by: int = 14, in_: int | None = None, **more: Any
    ) -> Payload:
        """Somebody says *text*: in private, or in the group *in_*. Returns the message."""
        content: dict[str, Any] = {"text": text, **more}
        if entities := commands_in(text):
            content.setdefault("entities", entities)
        return self.does(by=by, in_=in_, **content)

    def does(self, *, by: int = 14, in_: int | None = None, **content: Any) -> Payload:
        """Send a message that holds *content*: `photo=[...]`, `new_chat_title="x"`."""
        where = by if in_ is None else in_
        said = message(
            self.number_in(where), chat(where), user(by), self._wall_clock(), **content
        )
        self.tells("message", said)
        return said

    def tells(self, kind: str, payload: object) -> Update | None:
        """Let an update of any kind wait for the bot; `None`: it does not want that kind."""
        update = self.waiting.put(kind, payload, self._clock())
        self._tell()
        return update

    def interrupts(self) -> None:
        """End the poll that is held with nothing."""
        self._interrupted = True
        self._tell()

    def keeps(self, file_id: str, path: str, data: bytes) -> None:
        """Have a file that `getFile` finds."""
        self.files[file_id] = (path, data)

    def number_in(self, where: int | str) -> int:
        self._numbers[where] = self._numbers.get(where, 0) + 1
        return self._numbers[where]

    # -- listening ---------------------------------------------------------------------

    def on(self, method: str, *replies: Reaction | Reply | None) -> None:
        """Answer *method* so, one after the other; the last one stays."""
        waiting = list(replies)

        def react(asked: Asked) -> Reply | None:
            next_ = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return next_(asked) if callable(next_) else next_

        self._reactions[method] = react

    async def hears(self, *methods: str, within: float = 60.0) -> Asked:
        """Return the next request that says something (or is one of *methods*)."""
        wanted = methods or tuple(SENDS)
        found: list[Asked] = []

        def look() -> bool:
            found[:] = [each for each in self._unheard if each.method in wanted][:1]
            return bool(found)

        with trio.move_on_after(within) as patience:
            await self.until(look)
        if patience.cancelled_caught:
            seen = [each.method for each in self.asked]
            msg = f"{' or '.join(wanted)} did not come within {within:g} s; so far came {seen[-20:]}"
            raise AssertionError(msg)
        self._unheard.remove(found[0])
        return found[0]

    async def until(self, holds: Callable[[], bool]) -> None:
        while not holds():
            await self._changed.wait()

    def texts(self) -> list[str]:
        """Return everything that was said so far."""
        return [each.text for each in self.asked if each.method in SENDS]

    # -- how it works ------------------------------------------------------------------

    @asynccontextmanager
    async def serving(self, port: int = 0) -> AsyncIterator[str]:
        """Be there; the value is what a client calls the base URL."""
        async with trio.open_nursery() as nursery:
            listeners = await nursery.start(
                partial(trio.serve_tcp, self._serve, port, host="127.0.0.1")
            )
            self.port = listeners[0].socket.getsockname()[1]
            nursery.start_soon(self.webhook.push_all, self)
            yield f"http://127.0.0.1:{self.port}"
            nursery.cancel_scope.cancel()

    async def _serve(self, stream: trio.SocketStream) -> None:
        await serve(stream, self.handle)

    async def handle(self, request: Request) -> Response | None:
        match unquote(request.path).split("/", 3):
            case ["", bot, method] if bot.startswith("bot"):
                if bot != f"bot{self.token}":
                    return (UNAUTHORIZED if ":" in bot else NOT_FOUND).response()
                return await self._called(asked_of(method, request))
            case ["", "file", bot, path] if bot == f"bot{self.token}":
                for known, data in self.files.values():
                    if known == path:
                        return Response(200, data, "application/octet-stream")
        return NOT_FOUND.response()

    async def _called(self, asked: Asked) -> Response | None:
        self.asked.append(asked)
        self._unheard.append(asked)
        self._tell()
        reaction = self._reactions.get(asked.method)
        reply = reaction(asked) if reaction is not None else None
        if reply is None:
            reply = await self._usual(asked)
        await trio.sleep(reply.after)
        return None if asked.method in self.hangs_up else reply.response()

    async def _usual(self, asked: Asked) -> Reply:
        params = asked.params
        match asked.method:
            case "getMe":
                return Reply(
                    {
                        **self.me,
                        "can_join_groups": True,
                        "can_read_all_group_messages": False,
                        "supports_inline_queries": False,
                    }
                )
            case "getUpdates":
                return await self._updates(asked)
            case "getFile":
                return self._file(str(params.get("file_id", "")))
            case "setWebhook":
                return self.webhook.set(params, self.waiting)
            case "deleteWebhook":
                self.webhook.url = ""
                if str(params.get("drop_pending_updates", "")).lower() == "true":
                    self.waiting.drop()
                return Reply(True)
            case "getWebhookInfo":
                return Reply(self.webhook.info(len(self.waiting)))
            case method if method in SENDS:
                number = self.number_in(asked.chat)
                return said_by(asked, self.me, number, self._wall_clock())
            case method if method[:4] in ("edit", "setM", "setC", "dele", "answ"):
                return Reply(True)
            case _:
                return NO_METHOD

    async def _updates(self, asked: Asked) -> Reply:
        if self.webhook.url:
            return WEBHOOK_ACTIVE
        params, waiting = asked.params, self.waiting
        waiting.allow(params.get("allowed_updates"))
        offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
        seconds = min(float(params.get("timeout") or 0), MAX_POLL_SECONDS)
        if self._poll is not None:
            self._poll.cancel()  # the newer one wins
        scope = self._poll = trio.CancelScope()
        until = self._clock() + seconds
        found: list[Update] | None = None
        self.polls += 1
        try:
            with scope:
                found = waiting.fetch(offset, limit, self._clock())
                self._interrupted = False
                while not (found or self._interrupted) and self._clock() < until:
                    with trio.move_on_after(until - self._clock()):
                        await self._changed.wait()
                    found = waiting.fetch(offset, limit, self._clock())
        finally:
            self.polls -= 1
            if self._poll is scope:
                self._poll = None
        return TERMINATED if scope.cancelled_caught or found is None else Reply(found)

    def _file(self, file_id: str) -> Reply:
        if file_id not in self.files:
            return Reply(code=400, why="Bad Request: invalid file_id")
        path, data = self.files[file_id]
        return Reply(
            {
                "file_id": file_id,
                "file_unique_id": file_id[-8:],
                "file_size": len(data),
                "file_path": path,
            }
        )

    def _tell(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def body_of(self, update: Update) -> bytes:
        """Return *update* as a webhook gets it."""
        return json.dumps(update).encode()
