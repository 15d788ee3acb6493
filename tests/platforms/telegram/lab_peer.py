"""Telegram as the other end of a lab: the fake Bot API on streams in memory.

Polled for what is new, or posting it to the ingress: then it is on both ends of dials.
"""

from __future__ import annotations

import json

import trio
from attrs import evolve

from platforms.base import Secret
from platforms.telegram import Telegram, TelegramConfig
from platforms.telegram.webhook import HEADER
from rookery.testing.lab import Peer, Said
from rookery.testing.lab.wires import asked
from tests.fakes.telegram import FakeTelegram, Reply, bad
from tests.fakes.telegram.events import chat, message, user
from tests.fakes.telegram.http import Request, Response, serve
from tests.fakes.telegram.methods import SENDS, flood
from tests.fakes.telegram.params import Asked, asked_of

BOT = "4242"


class TelegramPeer(Peer):
    """Private talks and groups, all of them polled for."""

    kind = Telegram
    silence_seconds = 60.0
    """A poll is held for 50 s, and may be 10 s late."""

    def __init__(self) -> None:
        super().__init__()
        self.fake = FakeTelegram(f"{BOT}:x", wall_clock=lambda: 0.0)
        self._rubbish: list[bytes] = []

    def config(self, token: str) -> TelegramConfig:
        return TelegramConfig(Secret(f"{BOT}:{token}"), "http://api.telegram.test")

    async def serve(self, stream: trio.abc.Stream) -> None:
        self.fake.token = f"{BOT}:{self.token}"
        await serve(stream, self._handle)

    async def says(self, said: Said) -> None:
        # Told again it is another update of the same message.
        room = chat(-1000 - said.room)
        told = message(said.number, room, user(said.person), 0.0, text=said.text)
        self.fake.tells("message", told)
        await trio.lowlevel.checkpoint()

    async def shouts(self, raw: bytes) -> None:
        self._rubbish.append(raw)
        self.fake.interrupts()
        await trio.lowlevel.checkpoint()

    async def _handle(self, request: Request) -> Response | None:
        method = request.path.rpartition("/")[2]
        if method == "getMe":
            await self.lets_in()
        if method == "getUpdates" and self._rubbish:
            return Response(200, self._rubbish.pop(0))
        if method in SENDS and f"/bot{self.fake.token}/" in request.path:
            refused = await self._hear(asked_of(method, request))
            if refused is not None:
                return refused.response()
        return await self.fake.handle(request)

    async def _hear(self, asked: Asked) -> Reply | None:
        refusal = self.refusal()
        if refusal is not None:
            return flood(None if refusal.after is None else int(refusal.after))
        if isinstance(asked.chat, str):
            return bad("chat not found")
        await self.hears(-1000 - asked.chat, asked.text)
        return None


class WebhookPeer(TelegramPeer):
    """Posts what is new where `setWebhook` says, one by one, until it is taken."""

    silence_seconds = 90.0
    """It is asked every 60 s whether its posts arrive, and may take 25 s to answer."""

    def config(self, token: str) -> TelegramConfig:
        return evolve(
            super().config(token), mode="webhook", public_url="https://rook.test"
        )

    async def visit(self, stream: trio.abc.Stream) -> None:
        while True:
            await self.fake.until(lambda: bool(self._rubbish or self.fake.waiting))
            # Whoever was told no secret guesses.
            secret = self.fake.webhook.secret or self.token
            head = [(HEADER, secret), ("Content-Type", "application/json")]
            body = self._rubbish[0] if self._rubbish else self._next()
            answer = await asked(stream, "POST", "/lab/", body, head)
            if answer.status not in (200, 413):  # taken, or never to be
                await trio.sleep(1)
            elif self._rubbish:
                self._rubbish.pop(0)
            else:
                told = json.loads(body)["update_id"]
                self.fake.waiting.fetch(told + 1, 1, trio.current_time())

    def _next(self) -> bytes:
        [update] = self.fake.waiting.fetch(0, 1, trio.current_time())
        return self.fake.body_of(update)
