"""One declared handler, checked when it is declared. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, TypeAlias

from attrs import field, frozen

from actors.bots.errors import BotMistake
from actors.bots.permissions import Permission, parse_permission
from actors.bots.rates import parse_rate
from actors.bots.signatures import Signature, read_signature
from actors.messages import Inbound, Rate

# `Any`: parameters and result differ from handler to handler. They are checked when it is
# declared, by `signatures`.
Function: TypeAlias = Callable[..., Any]
Predicate: TypeAlias = Callable[[Inbound], bool]

# What an author may leave out; in seconds.
COMMAND_MAX_AGE = 300.0
EVENT_MAX_AGE = 24 * 3600.0
TIMEOUT = 60.0

MAX_RETRY = 10
"""How often, at most, a handler may be run again."""

EVENTS = frozenset(
    {
        "message",
        "message.edited",
        "message.deleted",
        "message.reacted",
        "member.joined",
        "member.left",
        "member.muted",
        "member.promoted",
        "chat.renamed",
        "chat.joined",
        "chat.left",
        "chat.invited",
        "contact.requested",
        "contact.added",
        "file.uploaded",
        "platform.up",
        "platform.down",
        "platform.needs_operator",
    }
)
_OURS = frozenset(event.split(".")[0] for event in EVENTS) | {"schedule"}


@frozen(eq=False, kw_only=True)
class Handler:
    """A function of the author, and everything that was declared about it."""

    name: str
    """Stable between starts, because replies are keyed by it: `command:weather`."""
    function: Function = field(repr=False)
    signature: Signature = field(repr=False)
    permission: Permission
    rate: Rate | None
    timeout: float
    """Seconds one run may take."""
    retry: int
    """How often it is run again after it failed."""
    max_age: float
    """Seconds after which an event is not worth handling any more."""
    bots: bool
    """Whether it also hears what other bots say."""
    usage: str = ""
    """Of a command: `/weather CITY`."""
    about: str = ""
    """The first line of the function's docstring."""

    @property
    def is_command(self) -> bool:
        return bool(self.usage)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is asked before it runs and nothing done if it fails.

        The runner calls such a handler in a straight way.
        """
        return (
            self.signature.is_async
            and self.permission is Permission.ANYONE
            and self.rate is None
            and not self.retry
        )


@frozen(kw_only=True)
class Options:
    """What every declaration takes, as the author wrote it."""

    allow: str = "anyone"
    rate: str | None = None
    timeout: float = TIMEOUT
    retry: int = 0
    max_age: float = EVENT_MAX_AGE
    bots: bool = False


def make_handler(
    name: str, what: str, function: Function, options: Options, *, typed: bool = True
) -> Handler:
    """Check *function* and *options*; *what* names the declaration in errors.

    *typed*: its arguments are read from messages, and have to say what they take.

    Raises:
        BotMistake: something does not hold.
    """
    signature = read_signature(function, what, typed=typed)
    try:
        return Handler(
            name=name,
            function=function,
            signature=signature,
            permission=parse_permission(options.allow),
            rate=None if options.rate is None else parse_rate(options.rate),
            timeout=_seconds("timeout", options.timeout),
            retry=_retry(options.retry),
            max_age=_seconds("max_age", options.max_age),
            bots=options.bots,
            about=_first_line(function),
        )
    except BotMistake as mistake:
        msg = f"{what}: {mistake}"
        raise BotMistake(msg) from None


def check_event(event: object) -> str:
    """Return *event* if it is a name of the contract, or `NAME.KIND` beyond these.

    Raises:
        BotMistake: it is neither.
    """
    said = event if isinstance(event, str) else ""
    if said in EVENTS:
        return said
    head, dot, kind = said.partition(".")
    if dot and head and kind and head not in _OURS and not re.search(r"\s", said):
        return said
    close = get_close_matches(said, EVENTS, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    msg = f"an event must be one of {', '.join(sorted(EVENTS))}, or a platform's own PLATFORM.KIND (got {event!r}){hint}"
    raise BotMistake(msg)


def check_word(what: str, word: object) -> str:
    """Return *word* if it can be typed as one word.

    Raises:
        BotMistake: it is empty or holds white space.
    """
    if not isinstance(word, str) or not word or re.search(r"\s", word):
        msg = f"{what} must be one word (got {word!r})"
        raise BotMistake(msg)
    return word


def _seconds(name: str, value: object) -> float:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not (math.isfinite(value) and value > 0)
    ):
        msg = f"{name} must be a positive number of seconds (got {value!r})"
        raise BotMistake(msg)
    return float(value)


def _retry(value: object) -> int:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or not 0 <= value <= MAX_RETRY
    ):
        msg = f"retry must be a whole number from 0 to {MAX_RETRY} (got {value!r})"
        raise BotMistake(msg)
    return value


def _first_line(function: Function) -> str:
    lines = (function.__doc__ or "").strip().splitlines()
    return lines[0].strip() if lines else ""
