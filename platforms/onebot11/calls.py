"""What is asked of a OneBot peer and what its answers mean to the host. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from actors.messages import Emoji, Outbound
from platforms.base import FormRefused, OutcomeUnknown, Rejected, Sent
from platforms.onebot11 import wire


@frozen
class Asked:
    """One frame that is ready to go out, and the key of its answer."""

    text: str
    ref: str


def saying(out: Outbound, echo: str) -> Asked:
    """Return the frame that says *out*. Raises Rejected when OneBot cannot say it."""
    try:
        return Asked(wire.encode(out, echo), wire.echo_key(echo))
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def deleting(message: str, echo: str) -> Asked:
    """Return the frame that takes *message* back."""
    return Asked(wire.frame_of(wire.deletion_of(message), echo), wire.echo_key(echo))


def reacting(message: str, emoji: str | Emoji, echo: str, *, remove: bool) -> Asked:
    """Return the frame that reacts to *message*. Raises Rejected: no such reaction."""
    try:
        made = wire.reaction_of(message, emoji, remove=remove)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error
    return Asked(wire.frame_of(made, echo), wire.echo_key(echo))


def calling(action: str, params: Mapping[str, object], echo: str) -> Asked:
    """Return the frame that calls *action*. Raises Rejected for wrong parameters."""
    try:
        made = wire.call(action, **params)
    except (wire.InvalidParams, wire.Unsendable) as error:
        raise Rejected(str(error)) from error
    return Asked(wire.frame_of(made, echo), wire.echo_key(echo))


def sent(answer: wire.Answer) -> Sent:
    """Return what became of a message, or raise it: Rejected, OutcomeUnknown."""
    match wire.verdict_of(answer):
        case wire.Confirmed(message_id):
            return Sent(message_id)
        case wire.Refused(why) as refused:
            raise FormRefused(why) if wire.refuses_form(refused) else Rejected(why)
        case wire.Unclear(why):
            raise OutcomeUnknown(why)


def result(action: str, answer: wire.Answer) -> object:
    """Return the `data` of the answer to *action*, as it came on the wire.

    Raises:
        Rejected: the peer said no.
        OutcomeUnknown: it may or may not have done it.
    """
    if answer.status == "async" and action.endswith(wire.UNTRACKED_SUFFIXES):
        return None
    match wire.verdict_of(answer):
        case wire.Confirmed():
            return answer.data
        case wire.Refused(why):
            raise Rejected(why)
        case wire.Unclear(why):
            raise OutcomeUnknown(why)
