"""What handlers take by name: `db: Database = use("db")`.

A provider is opened when its bot starts and closed with it. It is a function that
returns the value, a coroutine function that does, or an asynchronous generator that
yields it once and cleans up after the `yield`.
"""

from __future__ import annotations

import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
)
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

from actors.bots.errors import BotMistake, MissingDependency
from actors.bots.handlers import Handler
from actors.bots.signatures import is_name

Provider: TypeAlias = (
    Callable[[], object]
    | Callable[[], Awaitable[object]]
    | Callable[[], AsyncIterator[object]]
)


def check_provider(name: str, provider: Provider) -> Provider:
    """Return *provider* if it can be opened.

    Raises:
        BotMistake: *name* is no name, or *provider* takes arguments.
    """
    if not is_name(name):
        msg = f"provide() takes the name of a dependency, such as provide('db') (got {name!r})"
        raise BotMistake(msg)
    try:
        inspect.signature(provider).bind()
    except TypeError:
        msg = f"the provider of {name!r} must be a function without arguments (got {provider!r})"
        raise BotMistake(msg) from None
    except ValueError:
        pass  # a builtin type such as `dict` cannot be inspected
    return provider


def check_uses(bot: str, handlers: Iterable[Handler], provided: Iterable[str]) -> None:
    """Check that every name the *handlers* use is *provided*.

    Raises:
        MissingDependency: one is not.
    """
    known = frozenset(provided)
    for handler in handlers:
        for name in handler.signature.uses.values():
            if name not in known:
                raise MissingDependency(bot, handler.name, name, tuple(sorted(known)))


@asynccontextmanager
async def opened(
    providers: Mapping[str, Provider], given: Mapping[str, object]
) -> AsyncIterator[Mapping[str, object]]:
    """Open *providers* in order, close them in reverse; *given* comes from the host.

    A provider of the bot wins over one of the host with the same name.
    """
    values = dict(given)
    async with AsyncExitStack() as stack:
        for name, provider in providers.items():
            value = provider()
            if isinstance(value, AsyncGenerator):
                values[name] = await anext(value)
                stack.push_async_callback(_close, name, value)
            elif isinstance(value, Awaitable):
                values[name] = await value
            else:
                values[name] = value
        yield values


async def _close(name: str, generator: AsyncGenerator[object, None]) -> None:
    """Run what stands after the `yield`."""
    try:
        await anext(generator)
    except StopAsyncIteration:
        return
    await generator.aclose()
    msg = f"the provider of {name!r} must yield once (it yielded again)"
    raise BotMistake(msg)
