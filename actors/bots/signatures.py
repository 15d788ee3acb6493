"""What a handler takes, read once where it is declared. Pure.

A handler's first parameter is the context. Every other one is an argument, read
from the message, or a dependency: `db: Database = use("db")`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from actors.bots.arguments import REQUIRED, Argument, declare
from actors.bots.errors import BotMistake


@frozen
class Use:
    """Stands as the default of a parameter that the bot fills in by name."""

    name: str


def use(name: str) -> Any:
    """Declare that a parameter takes what is provided under *name*, by its default.

    As in `db: Database = use("db")`. It is typed `Any`, so that it may stand as the
    default of a parameter of any type.

    Raises:
        BotMistake: *name* is no name.
    """
    if not is_name(name):
        msg = f"use() takes the name of a dependency, such as use('db') (got {name!r})"
        raise BotMistake(msg)
    return Use(name)


def is_name(name: object) -> bool:
    """Say whether *name* may name a dependency."""
    return isinstance(name, str) and name.isidentifier()


@frozen
class Signature:
    """A handler's parameters after the context."""

    arguments: tuple[Argument, ...]
    uses: Mapping[str, str]
    """Parameter -> name of the dependency."""
    is_async: bool


def read_signature(
    function: Callable[..., object], what: str, *, typed: bool = True
) -> Signature:
    """Inspect *function*; *what* names it in errors (`command 'weather'`).

    Unless *typed*, nothing is read from messages, and arguments may be anything.

    Raises:
        BotMistake: it is no handler; the message names the parameter.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        msg = f"{what} must be a function (got {function!r})"
        raise BotMistake(msg) from None
    if not parameters or parameters[0].kind not in _POSITIONAL:
        msg = f"{what} must take the context first, as in `async def {_name(function)}(ctx: Context)`"
        raise BotMistake(msg)
    if inspect.isasyncgenfunction(function) or inspect.isgeneratorfunction(function):
        msg = f"{what} must not yield; say something with `await ctx.reply(...)`"
        raise BotMistake(msg)
    uses: dict[str, str] = {}
    plain: list[inspect.Parameter] = []
    for parameter in parameters[1:]:
        _check_kind(parameter, what)
        if isinstance(parameter.default, Use):
            uses[parameter.name] = parameter.default.name
        else:
            plain.append(parameter)
    arguments = tuple(
        _argument(parameter, function, what, last=parameter is plain[-1])
        for parameter in (plain if typed else ())
    )
    _check_order(arguments, what)
    return Signature(arguments, uses, inspect.iscoroutinefunction(function))


_POSITIONAL = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
)


def _check_kind(parameter: inspect.Parameter, what: str) -> None:
    if parameter.kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    ):
        return
    msg = f"{what}: every parameter must have a name of its own (got {parameter}); take the rest of the message as a last `text: str`"
    raise BotMistake(msg)


def _check_order(arguments: tuple[Argument, ...], what: str) -> None:
    """A keyword-only parameter may be required after an optional one; words may not."""
    optional: Argument | None = None
    for argument in arguments:
        if argument.required and optional is not None:
            msg = f"{what}: {argument.name!r} must have a default, because {optional.name!r} before it has one"
            raise BotMistake(msg)
        optional = optional or (None if argument.required else argument)


def _argument(
    parameter: inspect.Parameter,
    function: Callable[..., object],
    what: str,
    *,
    last: bool,
) -> Argument:
    default = (
        REQUIRED if parameter.default is inspect.Parameter.empty else parameter.default
    )
    annotation = parameter.annotation
    if annotation is inspect.Parameter.empty:
        msg = f"{what}: parameter {parameter.name!r} must be annotated, as in `{parameter.name}: str`"
        raise BotMistake(msg)
    try:
        return declare(
            parameter.name, _resolve(annotation, function), default, last=last
        )
    except BotMistake as mistake:
        msg = f"{what}: {mistake}"
        raise BotMistake(msg) from None


def _resolve(annotation: object, function: Callable[..., object]) -> object:
    """Return the type behind an annotation that `from __future__` left as text."""
    if not isinstance(annotation, str):
        return annotation
    inner = inspect.unwrap(function)
    names = getattr(inner, "__globals__", {})
    try:
        local = dict(inspect.getclosurevars(inner).nonlocals)
    except TypeError:
        local = {}
    try:
        # The author's own annotation, in the author's own module, once.
        return eval(annotation, names, local)  # noqa: S307
    except Exception as error:  # noqa: BLE001 - it is their text, anything may come
        msg = f"the annotation {annotation!r} cannot be resolved ({error}); types in a handler's signature must be known at module level"
        raise BotMistake(msg) from None


def _name(function: Callable[..., object]) -> str:
    return getattr(function, "__name__", "handler")
