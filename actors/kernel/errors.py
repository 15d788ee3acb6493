"""Everything the kernel raises on purpose.

ActorError
├── AddressNotFound      nobody lives at that path
├── ActorDown            somebody did, and will not answer
├── MailboxFull          the receiver is alive and too slow
├── AskTimeout           the receiver took the question and did not answer
├── HandlerCrashed       the receiver raised while it handled the question
├── WouldDeadlock        waiting would close a cycle of waiting actors
├── CapacityExceeded     no slot is left for a watch, timer or child
└── AlreadyAnswered      one question, two answers
"""

from __future__ import annotations

from attrs import frozen

from actors.kernel.reasons import shown


class ActorError(Exception):
    """Base of what the kernel raises on purpose."""


@frozen
class AddressNotFound(ActorError):
    """Nobody lives at that path."""

    path: str
    similar: str = ""

    def __str__(self) -> str:
        hint = f"; did you mean {self.similar!r}?" if self.similar else ""
        return f"no actor at {self.path!r}{hint}"


@frozen
class ActorDown(ActorError):
    """The target is gone, and nobody will answer."""

    address: str
    why: str

    def __str__(self) -> str:
        return f"{self.address} is down ({self.why})"


@frozen
class MailboxFull(ActorError):
    """The receiver has no room for the message, which is handed back; nothing was kept."""

    address: str
    capacity: int
    message: object
    """The message itself, handed back."""
    waited_seconds: float = 0.0

    def __str__(self) -> str:
        waited = (
            f" for {self.waited_seconds:g} s of waiting" if self.waited_seconds else ""
        )
        return (
            f"the mailbox of {self.address} was full{waited} (capacity {self.capacity}, "
            f"message {type(self.message).__name__}); use send() to wait for room"
        )


@frozen
class AskTimeout(ActorError):
    """The question was delivered; no answer came in time."""

    address: str
    question: str
    within_seconds: float
    queued: int

    def __str__(self) -> str:
        return (
            f"{self.address} did not answer {self.question} within "
            f"{self.within_seconds:g} s ({self.queued} messages wait in its mailbox)"
        )


@frozen
class HandlerCrashed(ActorError):
    """The receiver raised while it handled the question; see `__cause__`."""

    address: str
    question: str
    exception: BaseException

    def __str__(self) -> str:
        return f"{self.address} crashed while handling {self.question}: {shown(self.exception)}"


@frozen
class WouldDeadlock(ActorError):
    """Waiting here would close a cycle of actors that all wait for each other."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        cycle = " -> ".join(self.path)
        return f"waiting would close the cycle {cycle}; use tell, or answer first"


@frozen
class CapacityExceeded(ActorError):
    """No reserved slot is left, so this watch, timer or child was not made."""

    address: str
    limit: int

    def __str__(self) -> str:
        return f"{self.address} already holds {self.limit} reserved slots (watches, timers, children)"


@frozen
class AlreadyAnswered(ActorError):
    """A question is answered once, by the incarnation that was asked."""

    address: str
    question: str

    def __str__(self) -> str:
        return f"{self.address} holds no open question {self.question}: it was answered before"


class ForeignCancelled(Exception):
    """A `trio.Cancelled` that nobody here had asked for; a crash, not an end.

    It comes from re-raising a stored one: in a bare nursery it would silently take
    every sibling down.
    """


class BackgroundFailed(Exception):
    """A task that the actor runs beside its handler raised."""
