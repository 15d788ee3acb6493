"""Requests to the Bot API. Nothing else here sees the token, which is part of each path."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from platforms.base import Rejected, Retry, Secret, Web
from platforms.telegram import wire
from platforms.telegram.calls import result
from platforms.transport import HttpAnswer

ANSWER_SECONDS: Final = 25.0
"""How long an answer may take; after that the outcome of a message is unknown."""
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
"""The server puts 4 MiB of updates into one answer (tdlib/telegram-bot-api, `JsonUpdates`)."""
MAX_FILE_BYTES: Final = 20 * 1024 * 1024
"""Bots get no larger files (core.telegram.org/bots/api#getfile)."""


class Api:
    """The Bot API, as one token sees it."""

    def __init__(self, web: Web, token: Secret) -> None:
        self._web = web
        self._token = token

    async def ask(self, call: wire.Call, within: float = ANSWER_SECONDS) -> wire.Answer:
        """Make one request and return its answer, whatever that is.

        Raises:
            Retry: nothing went out.
            OutcomeUnknown: it went out, and no answer came.
            TypeError: *call* holds what JSON does not have.
        """
        kind, body = wire.body_of(call)
        answer = await self._web.ask(
            "POST",
            f"bot{self._token.reveal()}/{call.method}",
            body,
            headers=[("Content-Type", kind)],
            within=within,
        )
        return wire.read_answer(answer.status, answer.body)

    async def updates(self, offset: int | None, hold: float) -> wire.Answer:
        """Wait for news for up to *hold* seconds; Telegram forgets all before *offset*.

        Raises:
            SessionEnded: the server did not answer in its time.
        """
        answer = await self._web.poll(
            f"bot{self._token.reveal()}/getUpdates?{wire.asking(offset, hold)}",
            hold=hold,
            max_bytes=MAX_BATCH_BYTES,
            waits=_wait_of,
        )
        return wire.read_answer(answer.status, answer.body)

    async def file(self, file_id: str) -> bytes:
        """Return the bytes of a file that somebody has sent.

        Raises:
            Retry: it cannot be had now.
            Rejected: Telegram has no such file, or does not give it.
            OutcomeUnknown: no answer came.
        """
        found = result(await self.ask(wire.Call("getFile", {"file_id": file_id})))
        path = wire.path_of(found)
        if not path or path.startswith("/"):
            why = "the server gives no address for it: one that runs with --local keeps files on its own disk"
            raise Rejected(why)
        answer = await self._web.ask(
            "GET",
            f"file/bot{self._token.reveal()}/{quote(path)}",
            max_bytes=MAX_FILE_BYTES,
        )
        if answer.status == 429:
            raise Retry(_wait_of(answer), "too many requests")
        if answer.status != 200:
            why = f"the server answered {answer.status} to the request for the file"
            raise Rejected(why)
        return answer.body


def _wait_of(answer: HttpAnswer) -> float:
    """Return after how many seconds to poll again, after a 429."""
    match wire.verdict_of(wire.read_answer(answer.status, answer.body)):
        case wire.NotNow(after):
            return after
        case _:
            return wire.DEFAULT_RETRY_SECONDS
