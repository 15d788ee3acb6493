"""Handlers that no message starts: declared with a plan, or asked for with `ctx.later`. Pure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from attrs import evolve, frozen

from actors.bots.errors import BotMistake
from actors.bots.handlers import Function, Options, make_handler
from actors.bots.matching import NOTHING, Test
from actors.bots.registry import Registry
from actors.messages import Inbound
from actors.schedule import (
    DUE,
    LONGEST_SECONDS,
    BadPlan,
    Missed,
    Plan,
    Schedule,
    duration,
)

if TYPE_CHECKING:
    from actors.bots.bot import Bot

F = TypeVar("F", bound=Function)

RUN_MAX_AGE: Final = 3600.0
"""Seconds after which a run that waited for the bot is not begun any more."""
ARGUMENT_BYTES: Final = 64 * 1024
"""All arguments of one later, as JSON."""


@frozen
class Request:
    """What a handler asked for with `ctx.later`, checked."""

    handler: str
    seconds: float
    args: Mapping[str, object]
    """By the names of the handler's parameters."""


def on_schedule(
    registry: Registry,
    kind: str,
    plan: Callable[[], Plan],
    missed: str,
    options: Options,
) -> Callable[[F], F]:
    """Return what declares a function to be run by *plan*.

    Raises:
        BotMistake: it is no such plan, or no such policy.
    """
    try:
        planned, policy = plan(), Missed(missed)
    except BadPlan as bad:
        msg = f"{kind}: {bad}"
        raise BotMistake(msg) from None
    except ValueError:
        known = ", ".join(repr(each.value) for each in Missed)
        msg = f"{kind}: missed must be one of {known} (got {missed!r})"
        raise BotMistake(msg) from None

    def declare(function: F) -> F:
        name = registry.fresh(kind, function)
        what = f"{name!r}"
        handler = make_handler(name, what, function, evolve(options, bots=True))
        if handler.signature.arguments:
            first = handler.signature.arguments[0].name
            msg = f"{what}: nobody gives it arguments; give {first!r} a default of use(...)"
            raise BotMistake(msg)
        registry.add_listener(DUE, handler, _running(name))
        registry.schedules.append(Schedule(name, planned, policy))
        return function

    return declare


def on_request(registry: Registry, options: Options) -> Callable[[F], F]:
    """Return what declares a function to be one that `ctx.later` may run."""

    def declare(function: F) -> F:
        name = f"later:{getattr(function, '__name__', 'handler')}"
        if name in registry.handlers:
            msg = f"a handler for later must have a name of its own (got {name!r} again); by that it is found after a restart"
            raise BotMistake(msg)
        handler = make_handler(
            name, f"{name!r}", function, evolve(options, bots=True), typed=False
        )
        registry.add_listener(DUE, handler, _running(name))
        return function

    return declare


def _running(name: str) -> Test:
    """Events that begin a run of that handler, with the arguments it was given."""

    def test(event: Inbound) -> Mapping[str, object] | None:
        if event.facts.get("handler") != name:
            return None
        args = event.facts.get("args")
        return args if isinstance(args, Mapping) and args else NOTHING

    return test


def asked_for(
    bot: Bot,
    delay: object,
    function: object,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> Request:
    """Return the request to run *function* of *bot*, *delay* from now.

    Raises:
        BotMistake: it cannot be run so, or not then.
    """
    seconds = duration(delay)
    if seconds is None or seconds > LONGEST_SECONDS:
        msg = (
            'a delay must be seconds as a number, a timedelta, or a text such as "30s", "5m" or "1h", '
            f"at most 366 days (got {delay!r})"
        )
        raise BotMistake(msg)
    for handler in bot.handlers:
        if handler.function is function and handler.name.startswith("later:"):
            values = _bound(handler.name, handler.function, args, kwargs)
            for name in handler.signature.uses:
                if name in values:
                    msg = f"{handler.name!r} gets {name!r} from use(...); it must not be given"
                    raise BotMistake(msg)
            return Request(handler.name, seconds, _kept(handler.name, values))
    msg = f"ctx.later runs what was declared with @bot.later() in the same bot (got {function!r})"
    raise BotMistake(msg)


def _bound(
    name: str,
    function: Function,
    args: tuple[object, ...],
    kwargs: Mapping[str, object],
) -> dict[str, object]:
    try:
        bound = inspect.signature(function).bind(None, *args, **kwargs)
    except TypeError as error:
        msg = f"{name!r} cannot be run with these arguments: {error}"
        raise BotMistake(msg) from None
    [_, *given] = bound.arguments.items()
    return dict(given)


def _kept(name: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """Return *values* as they will be after a restart."""
    for key, value in values.items():
        try:
            written = msgspec.json.encode(value)
            again: object = msgspec.json.decode(written)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            again = written = None
        if written is None or again != value:
            msg = (
                f"{name!r}: what is kept for later must be what JSON can hold: None, bool, int, float, str, "
                f"and lists and dictionaries of them (got {key}={_shown(value)})"
            )
            raise BotMistake(msg)
    written = msgspec.json.encode(values)
    if len(written) > ARGUMENT_BYTES:
        msg = f"{name!r}: arguments that are kept for later must have at most {ARGUMENT_BYTES} bytes as JSON (got {len(written)})"
        raise BotMistake(msg)
    kept: dict[str, object] = msgspec.json.decode(written)
    return kept


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:60]}..."
