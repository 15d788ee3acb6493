"""What is done to a message that was said: it is edited, deleted, reacted to."""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from actors.messages.segments import Emoji


@frozen
class Ours:
    """A message of ours by its key in the outbox.

    Its id on the platform is looked up when the change leaves; by then it has one.
    """

    key: str
    parts: int = 1
    """In how many parts it was said; *key* is that of the first."""


Target: TypeAlias = str | Ours
"""A message: by the platform's id for it, or one of ours by its key."""


@frozen
class Edit:
    """The body takes the place of what the message said."""

    target: Target


@frozen
class Delete:
    """The message is taken back."""

    target: Target


@frozen
class React:
    """A reaction is put below the message, or ours is taken away again."""

    target: Target
    emoji: str | Emoji
    """The character itself, or one of the platform's own."""
    remove: bool = False


Change: TypeAlias = Edit | Delete | React


def verb_of(change: Change) -> str:
    """Return what is done, in one word: `edit`, `delete`, `react` or `unreact`."""
    if isinstance(change, React) and change.remove:
        return "unreact"
    return type(change).__name__.lower()
