"""What the homeserver's answer means to something that is to be said. Pure."""

from __future__ import annotations

from typing import Final

from platforms.base import FormRefused, OutcomeUnknown, Rejected, Retry
from platforms.matrix import wire
from platforms.matrix.server import Refused
from platforms.matrix.wire import Meaning

_TROUBLE_SECONDS: Final = 5.0


def refusal_of(refused: Refused) -> Retry | Rejected | OutcomeUnknown:
    """Return what a refusal means to a message: `SendRefused` in one of its forms."""
    why = refused.refusal.why
    match refused.refusal.meaning:
        case Meaning.LATER:
            return Retry(refused.refusal.after, why, whole_account=True)
        case Meaning.TOKEN:  # the session is about to learn it, too
            return Retry(_TROUBLE_SECONDS, why, whole_account=True)
        case Meaning.NO:
            return Rejected(why)
        case Meaning.TOO_LARGE:
            return FormRefused(why)
        case Meaning.UNCLEAR:
            return OutcomeUnknown(why)


def nothing_said(refused: Refused) -> Retry | Rejected:
    """The same for what was asked before anything was said."""
    error = refusal_of(refused)
    if isinstance(error, OutcomeUnknown):
        return Retry(_TROUBLE_SECONDS, error.why)
    return error


def object_of(body: bytes) -> wire.JsonObject:
    """Return the object that an answer holds. Raises OutcomeUnknown: it holds none."""
    try:
        return wire.read_object(body)
    except wire.Unreadable as error:
        raise OutcomeUnknown(str(error)) from error
