"""Asking the homeserver: an answer, or a refusal that says what it means."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import trio
from attrs import frozen

from platforms.base import (
    NeedsOperator,
    OutcomeUnknown,
    Retry,
    SessionEnded,
    Web,
    patience,
)
from platforms.matrix import wire
from platforms.matrix.wire import JsonObject, Meaning, Refusal
from platforms.transport import HttpAnswer

ASK_SECONDS: Final = 30.0
MAX_ANSWER_BYTES: Final = 16 * 2**20
"""A sync after a long absence is large; one that is larger still is asked for in smaller
pieces by the next session."""
ASK_AGAIN: Final = 5
"""How often a session asks while the homeserver says that it has asked too often."""
ROOM_PAUSES: Final = (2.0, 6.0, 18.0)
"""Seconds before a room is asked for again that the homeserver tells nothing of."""
WHOAMI: Final = "/_matrix/client/v3/account/whoami"
_JSON: Final = (("Content-Type", "application/json"),)
T = TypeVar("T")


@frozen
class Refused(Exception):
    """The homeserver has answered with an error; `refusal.meaning` says of which sort."""

    refusal: Refusal

    def __str__(self) -> str:
        return self.refusal.why


def taken(answer: HttpAnswer) -> bytes:
    """Return the body of an answer whose status is 2xx. Raises Refused: it is another."""
    if 200 <= answer.status < 300:
        return answer.body
    raise Refused(wire.read_refusal(answer.status, answer.body, answer.retry_after))


async def ask(
    web: Web,
    method: str,
    target: str,
    body: bytes = b"",
    *,
    headers: tuple[tuple[str, str], ...] = _JSON,
    within: float = ASK_SECONDS,
    max_bytes: int = MAX_ANSWER_BYTES,
) -> bytes:
    """Ask once, and return what is answered.

    Raises:
        Refused: it said no.
        Retry: nothing went out.
        OutcomeUnknown: it went out, and no answer came.
    """
    return taken(
        await web.ask(
            method, target, body, headers=headers, within=within, max_bytes=max_bytes
        )
    )


async def ask_patiently(web: Web, method: str, target: str, body: bytes = b"") -> bytes:
    """Ask as `ask` does, but wait and ask again where the homeserver says "too often".

    For what a session itself needs: it has the time, where a message has a deadline.

    Raises:
        Refused: the homeserver said no for good.
        NeedsOperator: it refuses our token.
        SessionEnded: it is in trouble, or not there.
    """
    for _ in range(ASK_AGAIN):
        try:
            return await ask(web, method, target, body)
        except Refused as refused:
            if refused.refusal.meaning is not Meaning.LATER:
                raise told(refused) from refused
            await trio.sleep(patience(refused.refusal.after))
        except (Retry, OutcomeUnknown) as lost:
            raise SessionEnded(str(lost)) from lost
    msg = "the homeserver has had too many requests, again and again"
    raise SessionEnded(msg)


async def ask_object(web: Web, target: str) -> JsonObject:
    """Return the object at *target*; raises what `ask_patiently` does."""
    try:
        return wire.read_object(await ask_patiently(web, "GET", target))
    except wire.Unreadable as error:
        raise SessionEnded(str(error)) from error


async def ask_of_room(web: Web, target: str, read: Callable[[bytes], T]) -> T:
    """Return what *read* finds in the answer to *target*, which is about one room.

    A room may be broken on a homeserver that is well otherwise. If that ended the session,
    it would end each one, and no room would be heard any more. So the homeserver is asked
    a few times, and each time whether it answers at all.

    Raises:
        Refused: it said no for good, or answers, and not to this.
        NeedsOperator: it refuses our token.
        SessionEnded: it is in trouble, or not there.
    """
    why = ""
    for pause in (*ROOM_PAUSES, 0.0):
        try:
            return read(await ask_patiently(web, "GET", target))
        except wire.Unreadable as error:
            why = str(error)
        except SessionEnded as ended:
            why = ended.why
        await ask_patiently(web, "GET", WHOAMI)
        await trio.sleep(pause)
    why = f"the homeserver answers, but not to this: {why}"
    raise Refused(Refusal(Meaning.NO, why))


def told(refused: Refused) -> Exception:
    """Return the error that a refusal is to a session: its end, or *refused* itself.

    *refused* itself is returned where only this one request has failed.
    """
    refusal = refused.refusal
    match refusal.meaning:
        case Meaning.TOKEN if refusal.soft:
            return NeedsOperator(
                f"the access token has expired: {refusal.why}; log in again with the same device_id"
            )
        case Meaning.TOKEN:
            return NeedsOperator(f"the access token is refused: {refusal.why}")
        case Meaning.UNCLEAR:
            return SessionEnded(refusal.why)
        case _:
            return refused
