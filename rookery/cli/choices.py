"""Words that an option takes, and options of several commands.

The words are those of `rookery.control`, written again so that `--help` need not import
it; a test compares.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from attrs import frozen
from cyclopts import Parameter

State: TypeAlias = Literal[
    "queued", "sending", "sent", "degraded", "rejected", "expired", "cancelled",
    "dropped", "unknown",
]  # fmt: skip
LetterKind: TypeAlias = Literal[
    "failed", "quarantined", "expired", "dropped", "rejected", "mail"
]


@Parameter(name="*")
@frozen
class Crowd:
    """Which messages are meant where they are not named one by one."""

    every: Annotated[bool, Parameter(name="--all", negative=())] = False
    """Every message that is unknown, or in --state; asks before it begins."""
    state: Annotated[State | None, Parameter(name="--state", show_choices=False)] = None
    """With --all: in this state."""
    platform: Annotated[str | None, Parameter(name="--platform")] = None
    """Only of this platform, by its id."""
    account: Annotated[str | None, Parameter(name="--account")] = None
    """Only of this account of ours."""
    yes: Annotated[bool, Parameter(name="--yes", negative=())] = False
    """Do not ask."""


NOBODY = Crowd()
