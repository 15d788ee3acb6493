"""What a command takes after its name: words in, typed values out. Pure.

The kinds are `str`, `int`, `float`, `bool`, `timedelta`, `Literal`, enums and
`Mention`. A `str` that comes last takes the rest of the message as it was typed; any other is one word
(quoted where it holds spaces).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import timedelta
from enum import Enum
from types import NoneType, UnionType
from typing import Final, Literal, TypeAlias, Union, get_args, get_origin

from attrs import field, frozen

from actors.bots.errors import BotMistake
from actors.bots.words import Line, Word
from actors.messages import Mention
from actors.schedule import LONGEST_SECONDS, duration

Convert: TypeAlias = Callable[[Word], object]


class Required(Enum):
    """The type of `REQUIRED`: an argument without a default."""

    REQUIRED = "required"


REQUIRED: Final = Required.REQUIRED


@frozen
class NotThat(Exception):
    """A word is not what an argument takes."""

    takes: str

    def __str__(self) -> str:
        return self.takes


@frozen
class Argument:
    """One parameter of a handler, ready to read."""

    name: str
    shown: str
    """How it stands in a usage line: `CITY`, `on|off`, `@USER`."""
    convert: Convert = field(repr=False)
    default: object = REQUIRED
    rest: bool = False
    """Takes everything that is left, as it was typed."""

    @property
    def required(self) -> bool:
        return self.default is REQUIRED

    def value(self, text: str) -> object:
        """Convert *text*, taken as one word.

        Raises:
            NotThat: it is not what this argument takes.
        """
        return self.convert(Word(text, 0, len(text)))


@frozen
class WrongArguments:
    """The words do not fit. `why` is empty where the usage line says it all."""

    why: str = ""


def read(
    arguments: tuple[Argument, ...], line: Line, at: int
) -> dict[str, object] | WrongArguments:
    """Read *arguments* from *line*, from position *at* on."""
    values: dict[str, object] = {}
    for argument in arguments:
        word = line.word(at)
        if word is None:
            if argument.required:
                return WrongArguments()
            values[argument.name] = argument.default
            continue
        if argument.rest:
            values[argument.name] = line.rest(word.start)
            return values
        try:
            values[argument.name] = argument.convert(word)
        except NotThat as wrong:
            return WrongArguments(
                f"{argument.shown} must be {wrong} (got {word.text!r})"
            )
        at = word.end
    surplus = line.rest(at)
    return WrongArguments(f"nothing is expected at {surplus!r}") if surplus else values


def usage(command: str, arguments: tuple[Argument, ...]) -> str:
    """Return `/weather CITY [DAYS]`."""
    parts = [
        argument.shown if argument.required else f"[{argument.shown}]"
        for argument in arguments
    ]
    return " ".join([command, *parts])


def declare(name: str, annotation: object, default: object, *, last: bool) -> Argument:
    """Turn one parameter into an argument.

    Raises:
        BotMistake: nothing can be read from a message for this annotation.
    """
    kind = _without_none(annotation) if default is None else annotation
    label = name.upper()
    match kind:
        case type() if kind is str:
            return Argument(name, label, _word, default, rest=last)
        case type() if kind in _SIMPLE:
            return Argument(name, label, _SIMPLE[kind], default)
        case type() if issubclass(kind, Mention):
            return Argument(name, f"@{label}", _mention, default)
        case type() if issubclass(kind, Enum):
            choices = {str(member.value): member for member in kind}
            names = {member.name: member for member in kind}
            return Argument(name, "|".join(choices), _choice(choices, names), default)
        case _ if get_origin(kind) is Literal:
            choices = {str(value): value for value in get_args(kind)}
            return Argument(name, "|".join(choices), _choice(choices), default)
    msg = (
        f"an argument must be annotated with str, int, float, bool, timedelta, Literal, an enum or Mention, "
        f"or get its value from use(...) (got {name}: {_shown(annotation)})"
    )
    raise BotMistake(msg)


def _without_none(annotation: object) -> object:
    """`int | None = None` is an `int` that may be left out."""
    if get_origin(annotation) in (Union, UnionType):
        kinds = [kind for kind in get_args(annotation) if kind is not NoneType]
        if len(kinds) == 1:
            return kinds[0]
    return annotation


def _shown(annotation: object) -> str:
    return getattr(annotation, "__name__", None) or str(annotation)


def _word(word: Word) -> str:
    return word.text


def _int(word: Word) -> int:
    try:
        return int(word.text)
    except ValueError:
        raise NotThat(takes="a whole number") from None


def _float(word: Word) -> float:
    try:
        value = float(word.text)
    except ValueError:
        raise NotThat(takes="a number") from None
    if not math.isfinite(value):
        raise NotThat(takes="a finite number")
    return value


_YES = frozenset({"yes", "true", "on", "1", "y", "是"})
_NO = frozenset({"no", "false", "off", "0", "n", "否"})


def _bool(word: Word) -> bool:
    said = word.text.casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise NotThat(takes="yes or no")


def _duration(word: Word) -> timedelta:
    seconds = duration(word.text)
    if seconds is None or seconds > LONGEST_SECONDS:
        raise NotThat(takes="a duration such as 30s, 5m, 1h or 2d, at most a year")
    return timedelta(seconds=seconds)


def _mention(word: Word) -> Mention:
    """A real mention, or `@name` where a platform has none (the console)."""
    if word.mention is not None:
        return word.mention
    if len(word.text) > 1 and word.text[0] in "@＠":
        return Mention(word.text[1:])
    raise NotThat(takes="somebody, as @name")


def _choice(*spellings: Mapping[str, object]) -> Convert:
    """One of some values, by any of its spellings; capitals do not matter."""
    exact = {said: value for one in reversed(spellings) for said, value in one.items()}
    folded = {said.casefold(): value for said, value in exact.items()}
    shown = ", ".join(spellings[0])

    def convert(word: Word) -> object:
        if word.text in exact:
            return exact[word.text]
        if word.text.casefold() in folded:
            return folded[word.text.casefold()]
        raise NotThat(takes=f"one of {shown}")

    return convert


_SIMPLE: dict[type, Convert] = {
    int: _int,
    float: _float,
    bool: _bool,
    timedelta: _duration,
}
