"""The configuration of one OneBot v11 platform. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

from attrs import field, frozen

from platforms.base import Fault, Secret
from platforms.transport import check_url, is_loopback, parse_listen

Mode: TypeAlias = Literal["reverse", "forward"]

DEFAULT_LISTEN: Final = "127.0.0.1:6700"


@frozen
class OneBot11Config:
    """Who dials whom, where, and with which token."""

    mode: Mode = "reverse"
    """`reverse`: they dial us. `forward`: we dial them."""
    listen: str | None = None
    """HOST:PORT to listen on; for `reverse` only."""
    url: str | None = None
    """Where to dial, `ws://...`; for `forward` only. With `/api` or `/event` at its end
    both of these are dialled, else one connection carries everything."""
    access_token: Secret | None = field(default=None, repr=False)
    """What both sides know. Optional on loopback only."""

    def invitation(self) -> str:
        if self.mode == "forward":
            return "OneBot v11"  # an address may hold a token
        where = self.listen or DEFAULT_LISTEN
        return f"OneBot v11: let NapCat, LLOneBot or Lagrange connect to ws://{where}/onebot/v11/ws"

    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults())

    @property
    def binds(self) -> tuple[str, int]:
        """Host and port to listen on. Raises ValueError when they make no sense."""
        listen = self.listen if self.listen is not None else DEFAULT_LISTEN
        return parse_listen(listen, DEFAULT_LISTEN)

    def _faults(self) -> Iterator[Fault]:
        if self.access_token is not None and not self.access_token:
            yield Fault(
                "access_token",
                "must be a text, or left out for no token (got an empty one)",
            )
        if self.mode == "reverse":
            yield from self._reverse_faults()
        else:
            yield from self._forward_faults()

    def _reverse_faults(self) -> Iterator[Fault]:
        if self.url is not None:
            yield Fault("url", 'must be nothing with mode = "reverse" (got one)')
        try:
            host, _ = self.binds
        except ValueError as error:
            yield Fault("listen", str(error))
            return
        if self.access_token is None and not is_loopback(host):
            msg = f"must be a token, because others can connect to {self.listen} (got none)"
            yield Fault("access_token", msg)

    def _forward_faults(self) -> Iterator[Fault]:
        if self.listen is not None:
            yield Fault("listen", 'must be nothing with mode = "forward" (got one)')
        if self.url is None:
            yield Fault(
                "url", 'must be ws://HOST[:PORT] with mode = "forward" (got nothing)'
            )
            return
        try:
            check_url(self.url)
        except ValueError as error:
            yield Fault("url", str(error))
