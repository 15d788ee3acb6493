"""What a platform's configuration is: a frozen attrs class, and nothing else.

Its fields are the keys of its table: their types say what is accepted, their defaults what
may be left out, and the text below each what it means. Unknown keys and wrong types are
found when the class is built from the file. What must hold between two keys (`forward`
needs `url`) the class says itself, with `faults`, so that all mistakes can be printed at
once.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol, TypeAlias, runtime_checkable

from attrs import AttrsInstance, frozen

PlatformConfig: TypeAlias = AttrsInstance
"""A frozen attrs class, one field per key of the file."""

_LIVE: Final = "rookery.live"

LIVE: Final[Mapping[str, object]] = MappingProxyType({_LIVE: True})
"""Metadata of a key that a session reads each time: `field(default=5, metadata=LIVE)`.

When only such keys change, no connection is disturbed; any other change ends it and
begins a new one."""


@frozen
class Fault:
    """One mistake in a configuration."""

    key: str
    """The key at fault, below the platform's own path."""
    message: str
    """What must hold, what was got, what to do."""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


@runtime_checkable
class FindsFault(Protocol):
    """A configuration that knows what must hold between its keys."""

    def faults(self) -> tuple[Fault, ...]:
        """Return every mistake at once; empty when it can be used. Pure."""
        ...


def faults_of(config: PlatformConfig) -> tuple[Fault, ...]:
    """Return what *config* says is wrong with it."""
    return config.faults() if isinstance(config, FindsFault) else ()


@runtime_checkable
class Invites(Protocol):
    """A configuration that knows how people come to talk through it."""

    def invitation(self) -> str:
        """Return what whoever started the host is told: one line, no full stop. Pure.

        `{ingress}` in it becomes the address of the platform's paths there.
        """
        ...


def invitation_of(config: PlatformConfig) -> str:
    """Return what *config* has to tell whoever started the host; empty for nothing."""
    return config.invitation() if isinstance(config, Invites) else ""


def is_live(metadata: Mapping[object, object]) -> bool:
    """Say whether the key with this metadata may change without a new connection."""
    return metadata.get(_LIVE) is True


@runtime_checkable
class Exposed(Protocol):
    """A configuration that knows what must hold once other machines reach the ingress."""

    def exposed_faults(self) -> tuple[Fault, ...]:
        """Return every mistake of that sort; empty where there is none. Pure."""
        ...


def exposed_faults_of(config: PlatformConfig) -> tuple[Fault, ...]:
    """Return what is wrong with *config* where the ingress is not on loopback."""
    return config.exposed_faults() if isinstance(config, Exposed) else ()
