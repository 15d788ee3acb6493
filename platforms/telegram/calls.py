"""What is asked of Telegram and what its answers mean to the host. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from attrs import evolve

from actors.messages import Chat, ChatKind, Emoji, Outbound
from platforms.base import FormRefused, OutcomeUnknown, Rejected, Retry
from platforms.telegram import wire

RESERVED: Final = frozenset(
    {"getupdates", "setwebhook", "deletewebhook", "logout", "close"}
)
"""Methods that bots may not call, since the session depends on what they change."""


Asks: TypeAlias = Callable[[Outbound], wire.Call]
"""Makes a request of a message. Called again, for another chat, if a group has moved.
Raises wire.Unsendable."""


def asking(out: Outbound, asks: Asks) -> wire.Call:
    """Return the request that *asks* makes of *out*.

    Raises:
        FormRefused: Telegram cannot say it like this; a simpler form may do.
        Rejected: Telegram cannot say it.
    """
    try:
        return asks(out)
    except wire.NotSoSendable as error:
        raise FormRefused(str(error)) from error
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def editing(message: str) -> Asks:
    return lambda out: wire.edit_of(out, message)


def captioning(message: str) -> Asks:
    return lambda out: wire.captioned(wire.edit_of(out, message))


def deleting(message: str) -> Asks:
    return lambda out: wire.deletion_of(out.chat, message)


def reacting(message: str, emoji: str | Emoji, *, remove: bool) -> Asks:
    return lambda out: wire.reaction_of(out.chat, message, emoji, remove=remove)


def calling(action: str, params: Mapping[str, object]) -> wire.Call:
    """Return the request that calls *action*; bytes among *params* are uploaded.

    Raises:
        Rejected: it is no method, or one that the host alone may call.
    """
    if not (action.isascii() and action.isalnum() and len(action) <= 64):
        msg = f"a method of the Bot API must look like sendMessage (got {action!r:.80})"
        raise Rejected(msg)
    if action.lower() in RESERVED:
        msg = f"{action} is the host's own to call"
        raise Rejected(msg)
    plain: dict[str, object] = {}
    uploads: list[wire.Upload] = []
    for name, value in params.items():
        if isinstance(value, bytes):
            uploads.append(wire.Upload(name, name, value))
        elif value is not None:
            plain[name] = value
    return wire.Call(action, plain, tuple(uploads))


def raise_of(verdict: wire.Verdict) -> Exception:
    """Return the error by which the host learns that a message was not sent."""
    match verdict:
        case wire.NotNow(after, why, everybody):
            return Retry(after, why, whole_account=everybody)
        case wire.NotSo(why):
            return FormRefused(why)
        case wire.Unclear(why):
            return OutcomeUnknown(why)
        case wire.Moved(to):
            return Rejected(f"the chat has moved to {to}, and on from there")
        case wire.Refused(why):
            return Rejected(why)
        case wire.Done():
            return Rejected("it was done")


def result(answer: wire.Answer) -> object:
    """Return the `result` of the answer to an action.

    Raises:
        Retry: it cannot be done now.
        Rejected: Telegram said no.
        OutcomeUnknown: it may or may not have been done.
    """
    if answer.ok:
        return answer.result
    if answer.api and answer.code == 404:  # no such method
        raise Rejected(answer.why)
    error = raise_of(wire.verdict_of(answer))
    if isinstance(error, FormRefused):
        raise Rejected(error.why)
    raise error


def moved(out: Outbound, to: str) -> Outbound:
    """Return *out* for the supergroup that its group has become."""
    chat = out.chat
    new = Chat(chat.kind, to)
    if chat.kind is ChatKind.THREAD:
        new = Chat(chat.kind, f"{to}.{chat.id.partition('.')[2]}")
    return evolve(out, to=evolve(out.to, chat=new))
