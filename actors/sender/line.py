"""What the sender needs from a connection: a line to say something on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import field, frozen

from actors.messages import Outbound


def _text(said: str | None) -> str:
    """Make text of what a platform's code gave for it: many an id is a number there."""
    if type(said) is str:
        return said
    return "" if said is None else str(said)


@frozen
class Sent:
    """The platform took it."""

    id: str = field(default="", converter=_text)
    """The platform's id of the message; empty where it gives none."""
    degraded: str = field(default="", converter=_text)
    """What was lost on the way, in a few words; empty when nothing was."""


class SendRefused(Exception):
    """Base of the refusals that a line raises on purpose.

    SendRefused
    ├── Retry            not now; nothing went out; may be tried again
    ├── Rejected         never; nothing went out
    │   └── FormRefused  not in this form; a simpler one may do
    └── OutcomeUnknown   it may have gone out; nobody can know
    """


@frozen
class Retry(SendRefused):
    """The platform said *not now*, and nothing went out."""

    after: float
    """Seconds, as the platform said; it wins over any rule of ours."""
    why: str = field(default="", converter=_text)
    whole_account: bool = False
    """It holds for the whole account, not only for this chat: nothing is said until then."""

    def __str__(self) -> str:
        return f"try again in {self.after:g} s: {self.why or 'no reason given'}"


@frozen
class Rejected(SendRefused):
    """The platform said *no*, and nothing went out."""

    why: str = field(converter=_text)

    def __str__(self) -> str:
        return self.why


@frozen
class FormRefused(Rejected):
    """The platform cannot carry this form of it, and nothing went out.

    Raised where it was the picture, the file or the markup that was refused: a line has
    simpler forms to try, and what it has none for is `rejected`.
    """


@frozen
class OutcomeUnknown(SendRefused):
    """It may have gone out: the link was lost or no answer came."""

    why: str = field(converter=_text)

    def __str__(self) -> str:
        return self.why


Told: TypeAlias = Callable[[Sent | Exception], None]
"""Takes what became of a message: what `Line.send` would return, or would raise."""
Leave: TypeAlias = Callable[[], None]
"""Tells a line that nobody waits any more for what it began; an answer counts no longer."""


class Line(Protocol):
    """One account of ours, connected. Lines are told apart by identity, not by name."""

    @property
    def platform(self) -> str: ...

    @property
    def account(self) -> str: ...

    async def send(self, out: Outbound) -> Sent:
        """Say it, and return once the platform has answered.

        Raises:
            Retry: Nothing went out, and it may be tried again later.
            Rejected: Nothing went out, and it will never be taken.
            OutcomeUnknown: It may have gone out. Any other exception means the same.
        """
        ...

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        """Say it in this very call; *told* is called once, as a rule later, with the answer.

        For a line that can: it saves waking a task twice, to say it and to hear what
        became of it. An answer that does not come in time the line has to tell as
        `OutcomeUnknown`. Everything else is as for `send`.

        Returns:
            What ends the waiting; or `None` if this cannot be said without waiting: then
            nothing has happened, and it is for `send`.

        Raises:
            Exception: what `send` would; *told* is not called then.
        """
        ...
