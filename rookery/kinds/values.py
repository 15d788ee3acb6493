"""A type of platform as a value, and what a class has to have to be one. Pure."""

from __future__ import annotations

import inspect
import re
from typing import Any, TypeAlias

import attrs
from attrs import field, frozen

from platforms.base import Caps, Platform, schema_of

AnyKind: TypeAlias = type[Platform[Any]]

RESERVED = frozenset({"type", "use"})
"""The keys of a platform's table that the host itself reads."""
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@frozen
class NoKind(Exception):
    """There is no such type of platform: what must hold, what was got, what to do."""

    why: str

    def __str__(self) -> str:
        return self.why


@frozen(kw_only=True)
class Kind:
    """A type of platform that can be used."""

    name: str
    platform: AnyKind
    origin: str
    """Where it comes from, for people: a distribution, or a file."""
    version: str = ""


@frozen(kw_only=True)
class Listed:
    """A type of platform as it stands in the list, whether it can be used or not."""

    name: str
    origin: str
    version: str = ""
    kind: Kind | None = field(default=None, repr=False)
    why: str = ""
    """Why it cannot be used; empty if it can."""


def check_kind(value: object, where: str) -> AnyKind:
    """Return *value*, which was found at *where*, as the class of a platform.

    Raises:
        NoKind: it is none, or one that the host could not use.
    """
    if not (isinstance(value, type) and issubclass(value, Platform)):
        got = value.__name__ if isinstance(value, type) else type(value).__name__
        msg = f"{where} must be a class that extends rookery.Platform (got {got})"
        raise NoKind(msg)
    if inspect.isabstract(value):
        missing = ", ".join(sorted(value.__abstractmethods__))
        msg = f"{where} must define {missing}"
        raise NoKind(msg)
    name = getattr(value, "name", None)
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        msg = f"{where} must have a `name` of a-z, 0-9, - and _, such as 'tinychat' (got {name!r})"
        raise NoKind(msg)
    if not isinstance(value.caps, Caps):
        msg = f"{where} must have `caps` that are rookery.Caps (got {value.caps!r})"
        raise NoKind(msg)
    _check_config(getattr(value, "config_type", None), where)
    return value


def _check_config(config: object, where: str) -> None:
    if not (isinstance(config, type) and attrs.has(config)):
        got = getattr(config, "__name__", repr(config))
        msg = f"{where} must extend Platform[CONFIG] with an attrs class CONFIG (got {got})"
        raise NoKind(msg)
    try:
        names = {key.name for key in attrs.fields(attrs.resolve_types(config))}
    except NameError as error:
        msg = f"{where}: the types of {config.__name__} must be known ({error})"
        raise NoKind(msg) from error
    try:
        schema_of(config)
    except TypeError as error:
        msg = f"{where}: the keys of {config.__name__} must have types that TOML has ({error})"
        raise NoKind(msg) from error
    if taken := sorted(names & RESERVED):
        msg = f"{where}: {config.__name__} must not have a key called {taken[0]}: the host reads that itself"
        raise NoKind(msg)
