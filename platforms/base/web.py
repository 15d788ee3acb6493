"""HTTP as a session has it: calls that end in one of the ways a message can, and polls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Final

import trio

from actors.sender import OutcomeUnknown, Retry
from platforms.base.ends import SessionEnded
from platforms.base.objects import text_of
from platforms.base.secret import Secret
from platforms.transport import (
    MAX_MESSAGE_BYTES,
    HttpAnswer,
    HttpClient,
    HttpFailed,
)

if TYPE_CHECKING:
    from platforms.base.reach import Reach

TOO_MANY: Final = 429
DEFAULT_RETRY_SECONDS: Final = 5.0
"""A server that says *too many* without a word of when."""
MIN_WAIT_SECONDS: Final = 1.0
"""However soon it says: a server that says 0 must not be asked without a pause."""
MAX_WAIT_SECONDS: Final = 3600.0
"""A session that is told to wait longer asks again then: it hears nothing meanwhile, and
one request an hour hurts no server. What is to be said waits as long as is asked for, a
day at most (`actors.sender`)."""
POLL_MARGIN_SECONDS: Final = 10.0
"""What a server may be late with the answer to a request that it holds."""


def wait_of(answer: HttpAnswer) -> float:
    """Return for how many seconds a server wants to be left alone."""
    said = answer.retry_after
    return DEFAULT_RETRY_SECONDS if said is None else said


def patience(seconds: float) -> float:
    """Return how long a session waits that was told to wait for *seconds*, whatever that is."""
    return min(max(MIN_WAIT_SECONDS, seconds), MAX_WAIT_SECONDS)


class Web:
    """One server, spoken to over HTTP. Polls have a connection of their own."""

    def __init__(self, calls: HttpClient, polls: HttpClient) -> None:
        self._calls = calls
        self._polls = polls

    async def call(
        self,
        method: str,
        target: str,
        frame: Mapping[str, object] | None = None,
        *,
        headers: Sequence[tuple[str, str]] = (),
        within: float = 30.0,
    ) -> HttpAnswer:
        """Ask for something, with *frame* as its JSON body, and return what is answered.

        Raises:
            Retry: nothing went out, or the server has had too many (429); its
                `Retry-After` is obeyed.
            OutcomeUnknown: it went out, and no answer came.
        """
        body = b"" if frame is None else text_of(frame).encode()
        if frame is not None:
            headers = [("Content-Type", "application/json"), *headers]
        answer = await self.ask(method, target, body, headers=headers, within=within)
        if answer.status == TOO_MANY:
            raise Retry(wait_of(answer), "the server has had too many requests")
        return answer

    async def ask(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        headers: Sequence[tuple[str, str]] = (),
        within: float = 30.0,
        max_bytes: int = MAX_MESSAGE_BYTES,
    ) -> HttpAnswer:
        """Ask with any *body* and return what is answered, whatever its status: 429, too.

        For what is no JSON, and where a server says in its body how long it wants to be
        left alone. An answer of more than *max_bytes* is none.

        Raises:
            Retry: nothing went out.
            OutcomeUnknown: it went out, and no answer came.
        """
        try:
            return await self._calls.request(
                method,
                target,
                body=body,
                headers=headers,
                within=within,
                max_bytes=max_bytes,
            )
        except HttpFailed as failed:
            if failed.went_out:
                raise OutcomeUnknown(str(failed)) from failed
            raise Retry(1.0, str(failed)) from failed

    async def poll(
        self,
        target: str,
        *,
        hold: float,
        headers: Sequence[tuple[str, str]] = (),
        max_bytes: int = MAX_MESSAGE_BYTES,
        waits: Callable[[HttpAnswer], float] = wait_of,
    ) -> HttpAnswer:
        """Ask, and wait for what the server holds back for up to *hold* seconds.

        Where it has had too many, it is left alone as long as it says (in its headers,
        or where *waits* finds it; see `patience`), and asked again.
        An answer of more than *max_bytes* is none.

        Raises:
            SessionEnded: it did not answer in its time: the deadline on receiving.
        """
        while True:
            try:
                answer = await self._polls.request(
                    "GET",
                    target,
                    headers=headers,
                    within=hold + POLL_MARGIN_SECONDS,
                    max_bytes=max_bytes,
                )
            except HttpFailed as failed:
                raise SessionEnded(str(failed)) from failed
            if answer.status != TOO_MANY:
                return answer
            await trio.sleep(patience(waits(answer)))


@asynccontextmanager
async def web_talk(
    link: Reach,
    url: str,
    *,
    bearer: Secret | str | None,
    headers: Sequence[tuple[str, str]],
    hides: Secret | None,
    connections: int,
) -> AsyncIterator[Web]:
    """See `Link.http`."""
    hidden = "" if hides is None else hides.reveal()
    if bearer is not None:
        token = bearer.reveal() if isinstance(bearer, Secret) else bearer
        headers = [*headers, ("Authorization", f"Bearer {token}")]
    async with AsyncExitStack() as stack:
        await link.turn_to_dial()
        client = partial(HttpClient, url, headers, hides=hidden, network=link.network)
        calls = await stack.enter_async_context(client(connections=connections))
        polls = await stack.enter_async_context(client(connections=1))
        yield stack.enter_context(link.webs.during(Web(calls, polls)))
