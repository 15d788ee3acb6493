"""What the homeserver's answer means to something that is to be said. Pure."""

from __future__ import annotations

from typing import Final

from platforms.base import FormRefused, OutcomeUnknown, Rejected, Retry
from platforms.matrix import wire
from platforms.matrix.server import Refused
from platforms.matrix.wire import Meaning

_TROUBLE_SECONDS: Final = 5.0


def refusal_of(refused: Refused) -> Retry | Rejected | OutcomeUnknown:
    """Return the error that a refusal is to a message that was being said."""
    why = refused.refusal.why
    match refused.refusal.meaning:
        case Meaning.LATER:
            return Retry(refused.refusal.after, why, whole_account=True)
        case Meaning.TOKEN:  # the session will be told the same, and ends
            return Retry(_TROUBLE_SECONDS, why, whole_account=True)
        case Meaning.NO:
            return Rejected(why)
        case Meaning.TOO_LARGE:
            return FormRefused(why)
        case Meaning.UNCLEAR:
            return OutcomeUnknown(why)


def nothing_said(refused: Refused) -> Retry | Rejected:
    """Return the error that a refusal is where nothing has been said yet.

    As `refusal_of`, but it leaves no doubt: what is unclear may be tried again.
    """
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
