"""What a homeserver's refusal means. Pure.

Source: Matrix specification v1.15, client-server API, "Standard error response" and
"Rate limiting"; Synapse 1.163 for what is said in practice.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final

from attrs import frozen

from platforms.matrix.wire.lenient import JsonObject, as_text, as_whole
from platforms.matrix.wire.sync import Unreadable, read_object

TOO_MANY_SECONDS: Final = 5.0
"""A server that says *too many* without a word of when."""
_TOKEN_CODES: Final = (
    "M_UNKNOWN_TOKEN",
    "M_MISSING_TOKEN",
    "M_USER_LOCKED",
    "M_USER_DEACTIVATED",
)


class Meaning(Enum):
    """What is to be done about an answer that is none of the 2xx."""

    TOKEN = auto()
    """Our token is worth nothing; nothing was done."""
    LATER = auto()
    """Too many requests of this account; nothing was done."""
    TOO_LARGE = auto()
    """It may be said in fewer bytes; nothing was done."""
    NO = auto()
    """It will never be taken; nothing was done."""
    UNCLEAR = auto()
    """The server, or something before it, is in trouble; it may have been done."""


@frozen
class Refusal:
    """An answer that is none of the 2xx."""

    meaning: Meaning
    why: str
    """In the words of the server, if it has any."""
    code: str = ""
    """`M_...`, empty where there is none."""
    after: float = 0.0
    """Of `LATER`, seconds."""
    soft: bool = False
    """Of `TOKEN`: it has expired, and whoever logs in as the same device goes on."""


def read_refusal(status: int, body: bytes, retry_after: float | None) -> Refusal:
    """Return what an answer of *status* means.

    Args:
        status: None of the 2xx.
        body: What came with it; an error of Matrix, or the page of a proxy.
        retry_after: The header of that name, in seconds. The body is more exact.
    """
    told = _object(body)
    code = as_text(told.get("errcode"))
    said = as_text(told.get("error")) or f"the homeserver answers {status}"
    why = f"{said} ({code})" if code else said
    if code in _TOKEN_CODES or (status == 401 and not code):
        return Refusal(Meaning.TOKEN, why, code, soft=told.get("soft_logout") is True)
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        return Refusal(Meaning.LATER, why, code, after=_after(told, retry_after))
    if status == 413 or code == "M_TOO_LARGE":
        return Refusal(Meaning.TOO_LARGE, why, code)
    if 400 <= status < 500 and status != 408:
        return Refusal(Meaning.NO, why, code)
    return Refusal(Meaning.UNCLEAR, why, code)


def _object(body: bytes) -> JsonObject:
    try:
        return read_object(body)
    except Unreadable:
        return {}


def _after(told: JsonObject, retry_after: float | None) -> float:
    if "retry_after_ms" in told:
        return as_whole(told["retry_after_ms"]) / 1000
    return TOO_MANY_SECONDS if retry_after is None else retry_after
