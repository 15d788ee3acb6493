"""Why an incarnation ended: values, so that decisions about them are pure."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import trio
from attrs import field, frozen

_KERNEL = str(Path(__file__).parent)

LOST_LINE = suppress(Exception)
"""Around what the runtime itself logs: a log that cannot be written ends nobody."""

_ORDERS = (KeyboardInterrupt, SystemExit, GeneratorExit)
"""Orders to end more than the actor in whose task they happen to be raised."""


@frozen
class Normal:
    """The actor had nothing more to do."""

    def __str__(self) -> str:
        return "normal"


@frozen
class Shutdown:
    """The actor was told to stop, or gave up in an orderly way."""

    by: str = ""

    def __str__(self) -> str:
        return f"shutdown by {self.by}" if self.by else "shutdown"


@frozen
class InWords(Exception):
    """The exception of a crash that is shown by its words alone, without its type.

    For ends that are nobody's mistake, such as a connection that the peer has closed.
    """

    why: str

    def __str__(self) -> str:
        return self.why


@frozen
class Crash:
    """The actor raised. `message` was in its hands; `None`: it was between messages."""

    exception: BaseException
    """A group with one leaf is shown as its leaf; `original` keeps the group."""
    message: object = field(default=None, repr=False)
    original: BaseException | None = field(default=None, repr=False, eq=False)

    def __str__(self) -> str:
        if isinstance(self.exception, InWords):
            return self.exception.why
        return f"crash: {shown(self.exception)}"


@frozen
class Killed:
    """The actor was ended without being asked."""

    def __str__(self) -> str:
        return "killed"


@frozen
class Zombie:
    """The actor was killed and did not die. It is fenced: nothing it does has an effect."""

    def __str__(self) -> str:
        return "zombie"


@frozen
class StartFailed:
    """The actor never came up."""

    exception: BaseException

    def __str__(self) -> str:
        return f"start failed: {shown(self.exception)}"


@frozen
class NeedsOperator(Exception):
    """Trying again is pointless until a person did something (bad token, revoked login).

    Raise it anywhere in an actor; it is also the exit reason that a supervisor sees.
    """

    why: str = field(converter=str)

    def __str__(self) -> str:
        return self.why


ExitReason: TypeAlias = (
    Normal | Shutdown | Crash | Killed | Zombie | StartFailed | NeedsOperator
)


def shown(error: BaseException) -> str:
    """Return the `repr` of *error*, or what can be said of one that has none.

    It is somebody else's code, and runs where nothing may raise: at the end of a life,
    and in the supervisor that decides what comes next.
    """
    try:
        return repr(error)
    except Exception as worse:  # noqa: BLE001 - whatever it is, the error is the news
        return f"<{type(error).__name__}, whose repr raised {type(worse).__name__}>"


def told(error: BaseException) -> str:
    """Return the text of *error*, or at least its `repr`."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - as above
        return shown(error)


def leaves(error: BaseException) -> list[BaseException]:
    """Return what *error* holds: itself, or the leaves of a group, in order."""
    found: list[BaseException] = []
    left = [error]
    while left:  # no recursion: nothing says how deep a group may be
        part = left.pop()
        if isinstance(part, BaseExceptionGroup):
            left += reversed(part.exceptions)
        else:
            found.append(part)
    return found


def parted(
    error: BaseException,
) -> tuple[BaseException | None, BaseException | None]:
    """Part *error* into a crash of the actor and an order to end more than the actor.

    Returns:
        Each may be `None`; both are, if it holds nothing but trio's cancellations.
        Everything else that is no order is a crash, whether it is an `Exception` or, as
        asyncio's `CancelledError`, only a `BaseException`.
    """
    if isinstance(error, Exception):
        return error, None
    if not isinstance(error, BaseExceptionGroup):
        if isinstance(error, _ORDERS):
            return None, error
        return None if isinstance(error, trio.Cancelled) else error, None
    try:
        order, rest = error.split(_ORDERS)
        crash = None if rest is None else rest.split(trio.Cancelled)[1]
    except Exception:  # noqa: BLE001 - too deep to be split, or it will not be
        return _parted_leaves(leaves(error))
    return crash, order


def _parted_leaves(
    found: list[BaseException],
) -> tuple[BaseException | None, BaseException | None]:
    orders = [leaf for leaf in found if isinstance(leaf, _ORDERS)]
    apart = (*_ORDERS, trio.Cancelled)
    crashes = [leaf for leaf in found if not isinstance(leaf, apart)]
    return _together(crashes), _together(orders)


def _together(errors: Sequence[BaseException]) -> BaseException | None:
    return BaseExceptionGroup("of a group", errors) if errors else None


def reason_of(error: BaseException, message: object = None) -> ExitReason:
    """Return the exit reason that *error* means.

    A nursery wraps one `ConnectionError` into a group; whoever classifies exits
    wants the `ConnectionError`. One `NeedsOperator` among others wins: retrying is
    pointless whatever else went wrong.
    """
    found = leaves(error)
    for leaf in found:
        if isinstance(leaf, NeedsOperator):
            return leaf
    if len(found) == 1 and found[0] is not error:
        return Crash(found[0], message, error)
    return Crash(error, message)


def from_actor(error: BaseException) -> None:
    """Let the traceback of *error* begin where the kernel called its actor, if it did.

    Our own frames tell nobody anything, and would be kept as long as the reason is.
    """
    step = error.__traceback__
    while step is not None and step.tb_frame.f_code.co_filename.startswith(_KERNEL):
        step = step.tb_next
    if step is not None:
        # Not by assignment, which the class of a frozen exception forbids.
        error.with_traceback(step)
