"""How many connections there are, whose they are, and who may have one more. Pure.

An address is what one peer has: for IPv6 its network of 64 bits, of which anybody has as
many single ones as he likes. Loopback is nobody's, for a proxy in front on this machine
brings everybody.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

CONNECTIONS: Final = 400
"""At a time. Each takes a file descriptor, of which a process often has 1,024."""
PER_ADDRESS: Final = 50
LAST_WORDS: Final = 100
"""Of those who are too many, so many at a time are told; the rest is only hung up on."""
WINDOW_SECONDS: Final = 60.0


class Crowd:
    """Those of one ingress."""

    def __init__(self, per_address: int) -> None:
        self.per_address = per_address
        self.size = 0
        """Those who were let in. Whoever is turned away takes no place of theirs."""
        self.at_the_door = 0
        """Those who are being told that they are too many."""
        self.turned_away: Counter[int] = Counter()
        """How many there have been, by the status that they were told."""
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
        """There is room for a word to whoever is turned away."""
        return self.at_the_door < LAST_WORDS

    @contextmanager
    def told(self) -> Iterator[None]:
        """Count one who is told so, while the block lasts."""
        self.at_the_door += 1
        try:
            yield
        finally:
            self.at_the_door -= 1

    def turn_away(self, status: int, now: float) -> int:
        """Count one who is told *status*.

        Return how many there were since the last line about them, if one is due at *now*:
        one address that floods must not hide that all places are taken.
        """
        self.turned_away[status] += 1
        if now < self._quiet_until.get(status, now):
            return 0
        self._quiet_until[status] = now + WINDOW_SECONDS
        since = self.turned_away[status] - self._told[status]
        self._told[status] = self.turned_away[status]
        return since


def address_of(remote: str) -> str:
    """Return whose *remote* (`host:port`) is; empty where that tells nobody apart."""
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
