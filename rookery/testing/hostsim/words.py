"""What is said in a simulated world, and what it must lead to. Pure.

A person says `/VERB NUMBER`; whatever a bot says to it begins with that number, the bot
and which of its sayings it is. So every text is said once in a world, and tells why.
"""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen

WALL_ZERO = 1_767_571_200.0
"""The wall clock at the beginning of a world: an hour that divides by all periods."""

TEXT_LIMIT = 60
"""Characters of one message of a simulated platform."""
PARTS = 3
PART_CHARS = 50


class Verb(StrEnum):
    """What somebody wants a bot to do."""

    SAY = "say"
    THRICE = "thrice"
    """Three replies, one after the other."""
    SLOW = "slow"
    """A reply after a while, and wait for what became of it."""
    FLAKY = "flaky"
    """A reply, and then raise or go on: the handler is tried three times."""
    RAISE = "raise"
    """A reply, and then raise."""
    HANG = "hang"
    """A reply, and then never end: the deadline is the handler's."""
    ASK = "ask"
    """Ask back, and reply to the answer."""
    LATER = "later"
    """A reply much later."""
    CROSS = "cross"
    """Say something in another chat, of another platform as a rule."""
    CHANGE = "change"
    """A reply, and then react, edit it twice and delete it."""
    LONG = "long"
    """A reply that has to be said in parts."""
    POISON = "poison"
    """Nobody means to: the process dies whenever a handler begins with it."""
    HI = "hi"
    """No command: two bots listen to it."""
    ANSWER = "answer"
    """No command, and nobody listens, but for who has asked something."""


LISTENERS: dict[Verb, tuple[str, ...]] = {
    **dict.fromkeys(Verb, ("alpha",)),
    Verb.HI: ("alpha", "beta"),
    Verb.ANSWER: (),
}
"""Which bots handle what."""
FAIL = frozenset({Verb.FLAKY, Verb.RAISE, Verb.HANG, Verb.ASK})
"""Handlers of these may fail on a perfect day."""


def wish(verb: Verb, number: int) -> str:
    """Return what a person says."""
    return f"{verb} {number}" if verb in (Verb.HI, Verb.ANSWER) else f"/{verb} {number}"


def reply(number: int, bot: str, which: str) -> str:
    """Return what a bot says to the wish of that number."""
    return f"{number}:{bot}:{which}"


def long_reply(number: int, bot: str) -> tuple[str, ...]:
    """Return the parts of a reply that is too long for one message."""
    heads = (reply(number, bot, f"long{part}") for part in range(PARTS))
    return tuple(f"{head} ".ljust(PART_CHARS, "~") for head in heads)


def changed(does: str, what: str, text: str = "") -> str:
    """Return what stands for a change in the books: *what* is a key of ours, or an id."""
    return f"{does} {what} {text}".rstrip()


@frozen
class Said:
    """One thing that a person has said."""

    number: int
    """Counts what is said in the world: of two in one chat, the later has the higher."""
    verb: Verb
    platform: str
    chat: str
    user: str
    at: float
    """Seconds of the virtual clock."""

    @property
    def text(self) -> str:
        return wish(self.verb, self.number)

    @property
    def id(self) -> str:
        """The id of the message on its platform."""
        return f"m{self.number}"
