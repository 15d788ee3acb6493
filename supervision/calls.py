"""What one may ask a supervisor, and what it answers. OTP's calls, OTP's answers.

| call            | answers                                                                    |
| --------------- | -------------------------------------------------------------------------- |
| StartChild      | Up, Ignored, AlreadyStarted, ALREADY_PRESENT, StartRefused, SpecRefused    |
| TerminateChild  | Done (also if it was not running), NOT_FOUND, DYNAMIC                      |
| RestartChild    | Up, Ignored, RUNNING, RESTARTING, NOT_FOUND, DYNAMIC, StartRefused         |
| DeleteChild     | Done, RUNNING, RESTARTING, NOT_FOUND, DYNAMIC                              |
| RestartNow      | Done (a wait was cut short), RUNNING, RESTARTING, NOT_WAITING, NOT_FOUND   |
| GetChildSpec    | ChildSpec, NOT_FOUND                                                       |
| WhichChildren   | rows, the newest child first                                               |
| WhichChild      | ChildRow, NOT_FOUND, DYNAMIC                                               |
| CountChildren   | Counts                                                                     |

A supervisor that is gone answers nothing: the asker gets `ActorDown`.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from attrs import frozen

from actors.kernel import Query
from supervision.faults import Fault
from supervision.specs import ChildSpec, Instance


class ChildState(Enum):
    """What a supervisor believes of a child."""

    RUNNING = "running"
    DOWN = "down"
    """Not running, and nothing is under way: ended, terminated, or ignored."""
    RESTARTING = "restarting"
    """Its last restart failed; the next try is in the supervisor's own queue."""
    WAITING = "waiting"
    """It sleeps before its next try."""
    HELD = "held"
    """Down with its group, and will come back with it."""
    NEEDS_OPERATOR = "needs_operator"
    """Not tried again until a person did something."""


class Refusal(Enum):
    """Why a call did nothing."""

    ALREADY_PRESENT = "already_present"
    """The id is taken by a child that is not running."""
    NOT_FOUND = "not_found"
    RUNNING = "running"
    RESTARTING = "restarting"
    NOT_WAITING = "not_waiting"
    DYNAMIC = "dynamic"
    """A DYNAMIC supervisor has no such thing (OTP: simple_one_for_one)."""


@frozen
class Up:
    """The child runs: this one, in this incarnation."""

    id: str
    incarnation: int
    token: int
    """Tells this incarnation from any other that this supervisor ever started."""


@frozen
class Ignored:
    """Its `start` said `IGNORE`: no fault, and nothing runs."""


@frozen
class Done:
    """What was asked for is the case now, whether this call did it or it was so before."""


@frozen
class AlreadyStarted:
    """The id is taken by a child that runs."""

    running: Up


@frozen
class StartRefused:
    """Its start failed."""

    exception: BaseException


@frozen
class SpecRefused:
    """Its spec cannot work here."""

    fault: Fault


@frozen
class ChildRow:
    """One child in a listing."""

    id: str
    state: ChildState
    incarnation: int
    """The one that runs, or the last one that ran; 0 if none ever did."""
    is_supervisor: bool
    seconds_left: float | None = None
    """Until the next try, while it or its group sleeps."""
    why: str = ""
    """What went wrong last, for a child that waits or needs an operator."""


@frozen
class Counts:
    """How many children a supervisor has; the fields are those of OTP."""

    specs: int
    """Of a DYNAMIC supervisor 1, its template; of any other one for each child."""
    active: int
    """Children that run."""
    supervisors: int
    """Children that are supervisors, running or not."""
    workers: int
    """All others, running or not."""


Answer: TypeAlias = (
    Up
    | Ignored
    | Done
    | AlreadyStarted
    | StartRefused
    | SpecRefused
    | Refusal
    | ChildSpec
    | Counts
    | ChildRow
    | tuple[ChildRow, ...]
)

ChildKey: TypeAlias = str | Instance | Up
"""How a call names a child: by id; of a DYNAMIC supervisor by its `Instance` (whatever
runs under that id) or by the `Up` that an earlier answer gave (that incarnation only:
OTP's pid). By id alone a DYNAMIC supervisor refuses, as OTP does."""


@frozen
class StartChild(
    Query[Up | Ignored | AlreadyStarted | StartRefused | SpecRefused | Refusal]
):
    """Add a child and start it: a whole spec, or an instance of the template."""

    child: ChildSpec | Instance


@frozen
class TerminateChild(Query[Done | Refusal]):
    """Stop a child. Its spec stays, unless it is TEMPORARY or an instance."""

    child: ChildKey


@frozen
class RestartChild(Query[Up | Ignored | StartRefused | Refusal]):
    """Start a child that is down."""

    child: str


@frozen
class DeleteChild(Query[Done | Refusal]):
    """Forget a child that is down."""

    child: str


@frozen
class RestartNow(Query[Done | Refusal]):
    """End the sleep before a child's next try; its streak stays what it is."""

    child: str


@frozen
class GetChildSpec(Query[ChildSpec | Refusal]):
    """Which spec was a child given? A DYNAMIC supervisor answers with its template."""

    child: str


@frozen
class WhichChildren(Query[tuple[ChildRow, ...]]):
    """Which children are there? The newest first."""


@frozen
class WhichChild(Query[ChildRow | Refusal]):
    """How does this child stand? Its row in the listing of all."""

    child: ChildKey


@frozen
class CountChildren(Query[Counts]):
    """How many children are there?"""


Call: TypeAlias = (
    StartChild
    | TerminateChild
    | RestartChild
    | DeleteChild
    | RestartNow
    | GetChildSpec
    | WhichChildren
    | WhichChild
    | CountChildren
)
