"""The configuration of one Matrix account. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from attrs import field, frozen

from platforms.base import LIVE, Fault, Secret
from platforms.transport import check_http_url

Join: TypeAlias = Literal["invited", "never"]
SpeakAs: TypeAlias = Literal["notice", "text"]
EVERYBODY = "*"


@frozen
class MatrixConfig:
    """Which homeserver, as whom, and whose invitations are taken."""

    homeserver: str
    """Where its client-server API is: `https://matrix.example.org`."""
    access_token: Secret = field(repr=False)
    """Of a login that belongs to this host alone."""
    join: Join = field(default="invited", metadata=LIVE)
    """`invited`: go where we are invited, by those of `invited_by`. `never`: bots are told,
    and decide."""
    invited_by: tuple[str, ...] = field(default=(), metadata=LIVE)
    """User ids (`@ann:example.org`) and servers (`example.org`); `*` is everybody. Nothing:
    whoever is on our own server."""
    speak_as: SpeakAs = field(default="notice", metadata=LIVE)
    """`notice`: what programs should send, which other programs do not answer and which
    rings nobody's phone. `text`: as a person would."""

    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults())

    def may_invite(self, by: str, us: str) -> bool:
        """Say whether an invitation by the user *by* is to be followed."""
        if self.join == "never":
            return False
        allowed = self.invited_by or (server_of(us),)
        return EVERYBODY in allowed or by in allowed or server_of(by) in allowed

    def _faults(self) -> Iterator[Fault]:
        try:
            check_http_url(self.homeserver)
        except ValueError as error:
            yield Fault("homeserver", str(error))
        if not self.access_token:
            yield Fault("access_token", "must be a text (got an empty one)")
        for who in self.invited_by:
            if who != EVERYBODY and not _is_name(who):
                msg = f'must be user ids such as "@ann:example.org", servers such as "example.org", or "*" (got {who!r})'
                yield Fault("invited_by", msg)


def server_of(user: str) -> str:
    """Return the server of a user id; empty if it has none."""
    return user.partition(":")[2] if user.startswith("@") else ""


def _is_name(who: str) -> bool:
    server = server_of(who) if who.startswith("@") else who
    return bool(server) and not (set(server) & set(" /@#!*"))
