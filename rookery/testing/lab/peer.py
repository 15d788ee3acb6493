"""The other end of a platform's wire, as its author writes it once for every case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

import trio

from platforms.base import Platform, PlatformConfig
from rookery.testing.lab.values import TOKEN, Case, Said, TooMany


class Stage(Protocol):
    """What a peer may ask of its lab, by methods of the same names."""

    async def hears(self, room: int, text: str, key: str | None) -> None:
        """See `Peer.hears`."""
        ...

    def refusal(self) -> TooMany | None:
        """See `Peer.refusal`."""
        ...

    async def lets_in(self) -> None:
        """See `Peer.lets_in`."""
        ...

    def dial(self) -> trio.abc.Stream:
        """See `Peer.dial`."""
        ...


class Peer(ABC):
    """The server of one protocol, faithful as far as a platform could notice.

    A new one is made for each lab, with no arguments. What must be written: `config`,
    `says`, and `serve` or `visit`. A connection that breaks raises out of whatever waits
    for it; let it, the lab expects that.
    """

    kind: ClassVar[type[Platform[Any]]]
    """The platform under test."""
    cannot: ClassVar[Mapping[Case, str]] = {}
    """What this protocol cannot do, and why. It is tried all the same: what turns out
    to hold must not be declared."""
    silence_seconds: ClassVar[float] = 75.0
    """After so much silence of ours the platform promises to have noticed it."""

    def __init__(self) -> None:
        self.token = TOKEN
        """Whoever shows another one is refused; where we dial, what we show."""
        self.told: list[Said] = []
        """What was said so far, each once, in order, whoever was there to be told."""
        self._stage: Stage | None = None

    # --- written by the author ------------------------------------------------------------

    @abstractmethod
    def config(self, token: str) -> PlatformConfig:
        """Return the configuration of the platform. Any host and port will do."""

    @abstractmethod
    async def says(self, said: Said) -> None:
        """Tell *said* to whoever is connected, now.

        It may have been told before, or be older than what was told last: then the
        protocol says just that, with the identity that *said* has. To nobody: return.
        """

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Serve one connection that the platform has dialled, until it ends.

        A server that keeps what nobody was there to hear tells it first: see `told`.
        """
        raise NotImplementedError

    async def visit(self, stream: trio.abc.Stream) -> None:
        """Speak over one connection that we have dialled, where the platform listens.

        Called again and again, some seconds after the last one has ended.
        """
        raise NotImplementedError

    async def shouts(self, raw: bytes) -> None:
        """Put *raw* on the wire as one frame of it: no matter what it is."""
        raise NotImplementedError

    # --- given to the author --------------------------------------------------------------

    async def hears(self, room: int, text: str, key: str | None = None) -> None:
        """Note that people see *text*. Call it before the answer is sent.

        The lab may cut the line here: between being said and being known to be said is the
        worst moment for it.

        Args:
            room: The `Said.room` of that place.
            text: What is seen.
            key: What the server knows the message by, so that it shows it only once.
        """
        await self._of().hears(room, text, key)

    def refusal(self) -> TooMany | None:
        """Ask, before `hears`, whether the peer is to refuse this as too much."""
        return self._of().refusal()

    async def lets_in(self) -> None:
        """Take as long as the lab wants to, before a platform that dialled is let in.

        Call it in `serve` before the answer that ends the handshake, where that has
        more than one step: only then may the platform call itself up.
        """
        await self._of().lets_in()

    def dial(self) -> trio.abc.Stream:
        """Open a connection to the platform's port; close it when it is done."""
        return self._of().dial()

    def enter(self, stage: Stage) -> None:
        """Give the peer its lab; called by the lab when it begins."""
        self._stage = stage

    @classmethod
    def serves(cls) -> bool:
        """Say whether the platform dials us."""
        return cls.serve is not Peer.serve

    @classmethod
    def visits(cls) -> bool:
        """Say whether we dial the platform, again and again."""
        return cls.visit is not Peer.visit

    def _of(self) -> Stage:
        if self._stage is None:
            msg = f"{type(self).__name__} is used outside of a lab: let `lab.open` have it"
            raise RuntimeError(msg)
        return self._stage
