"""How many connections there are, whose they are, and who may have one more. Pure.

Connections are counted by address. For IPv6 that is the network of 64 bits: in it anybody
has as many single addresses as he likes. Those from loopback are not counted by address,
because a proxy in front of us, on this machine, brings everybody from there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

CONNECTIONS: Final = 400
"""So many at a time. Each takes a file descriptor, of which a process often has 1,024."""
PER_ADDRESS: Final = 50
"""So many of one address, unless the configuration says otherwise."""
LAST_WORDS: Final = 100
"""Of those who are turned away so many at a time are told why; others are only cut off."""
WINDOW_SECONDS: Final = 60.0
"""One log line in so long tells how many were turned away."""


class Crowd:
    """The connections of one ingress."""

    def __init__(self, per_address: int) -> None:
        self.per_address = per_address
        self.size = 0
        """How many were let in and are here; who is turned away is not among them."""
        self.at_the_door = 0
        """How many are being told that there is no room."""
        self.turned_away: Counter[int] = Counter()
        """How many were turned away since the start, by the status that they were told."""
        self._of: dict[str, int] = {}
        self._told: Counter[int] = Counter()
        self._quiet_until: dict[int, float] = {}

    def why_not(self, address: str) -> int:
        """Return 0, or with which status one more from *address* is turned away."""
        if address and self._of.get(address, 0) >= self.per_address:
            return 429
        return 503 if self.size >= CONNECTIONS else 0

    @contextmanager
    def inside(self, address: str) -> Iterator[None]:
        """Count one who was let in, while the block lasts."""
        self.size += 1
        self._of[address] = self._of.get(address, 0) + 1
        try:
            yield
        finally:
            self.size -= 1
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    @property
    def may_be_told(self) -> bool:
        """Whether one more of those who are turned away may be told why."""
        return self.at_the_door < LAST_WORDS

    @contextmanager
    def told(self) -> Iterator[None]:
        """Count one who is told that there is no room, while the block lasts."""
        self.at_the_door += 1
        try:
            yield
        finally:
            self.at_the_door -= 1

    def turn_away(self, status: int, now: float) -> int:
        """Count one who is turned away with *status*.

        Each status has log lines of its own: one address that floods must not hide that
        all places are taken.

        Returns:
            How many there were since the last line about this status, if another one is
            due at *now* (monotonic seconds); else 0.
        """
        self.turned_away[status] += 1
        if now < self._quiet_until.get(status, now):
            return 0
        self._quiet_until[status] = now + WINDOW_SECONDS
        since = self.turned_away[status] - self._told[status]
        self._told[status] = self.turned_away[status]
        return since


def address_of(remote: str) -> str:
    """Return by which address *remote* (`host:port`) is counted; empty: by none."""
    try:
        address = ip_address(remote.rpartition(":")[0].strip("[]"))
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is None:
            return (
                ""
                if address.is_loopback
                else str(IPv6Network((int(address) >> 64 << 64, 64)))
            )
        address = address.ipv4_mapped
    return "" if address.is_loopback else str(address)
