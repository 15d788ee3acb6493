"""How a session ends, as values.

    returns                 the peer left; the supervisor waits a little and tries again
    raises anything         the same, with a reason
    raises NeedsOperator    nobody tries again until a person did something
    raises Finished         nothing more will come; nobody tries again

Nothing here waits.
"""

from __future__ import annotations

from attrs import frozen

from actors.kernel import InWords, NeedsOperator, leaves


@frozen
class Finished(Exception):
    """Nothing more will come, and that is no fault (a console at its end of input)."""

    why: str
    still_sends: bool = False
    """What was read may still be answered: the account can be sent to until it stops."""

    def __str__(self) -> str:
        return self.why


@frozen
class SessionEnded(InWords):
    """The exit of a connection whose session is over."""


def end_of(error: Exception | None) -> Finished | NeedsOperator | SessionEnded:
    """Return how a session ended that raised *error*, or returned (`None`).

    One `NeedsOperator` in a group wins: trying again is pointless whatever else
    went wrong. `Finished` counts only when it is the whole reason.
    """
    if error is None:
        return SessionEnded("the peer left")
    found = leaves(error)
    for leaf in found:
        if isinstance(leaf, NeedsOperator):
            return leaf
    match found:
        case [Finished() as finished]:
            return finished
        case [SessionEnded() as ended]:
            return ended
        case _:
            return SessionEnded("; ".join(dict.fromkeys(map(_in_words, found))))


def is_a_mistake(error: Exception) -> bool:
    """Say whether *error* looks like a bug, not like a peer or a network being itself."""
    return any(
        not isinstance(leaf, OSError)
        and type(leaf).__module__.partition(".")[0] not in _OURS
        for leaf in leaves(error)
    )


def _in_words(error: BaseException) -> str:
    text = str(error)
    # Our own errors are sentences; of others the name says more than the text.
    if text and type(error).__module__.partition(".")[0] in _OURS:
        return text
    name = type(error).__name__
    return f"{name}: {text}" if text else name


_OURS = frozenset({"actors", "platforms"})
