"""One case on one platform: what its story needs, and how it fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from platforms.base import Caps
from rookery.testing.lab.lab import Lab
from rookery.testing.lab.opening import LeftBehind
from rookery.testing.lab.opening import open as open_lab
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.values import TOKEN, Case

SOON = 30.0
"""Seconds in which a host that is well has handled or said anything."""
BACK = 330.0
"""Seconds in which a connection is back: the longest delay is 300 s."""


class NotConforming(AssertionError):
    """A case does not hold: what must, and what was seen. Its notes tell what happened."""

    def __init__(self, case: Case, saw: str) -> None:
        super().__init__(f"{case.name}: {case.value}; but {saw}")
        self.case = case
        self.saw = saw


class Trial:
    """What a case sees."""

    def __init__(self, case: Case, peer: type[Peer], seed: int) -> None:
        self.case = case
        self.peer = peer
        self.lab: Lab
        self._seed = seed

    @property
    def caps(self) -> Caps:
        """What the platform says of itself."""
        return self.peer.kind.caps

    @property
    def visited(self) -> bool:
        """Does the peer dial us?"""
        return self.peer.visits()

    @asynccontextmanager
    async def open(
        self, *, token: str = TOKEN, shown: str = TOKEN, away: bool = False
    ) -> AsyncIterator[Lab]:
        """Open the lab; nothing may be left when it is closed.

        Args:
            token: What the platform is configured with.
            shown: What the peer takes, or shows where it dials.
            away: Nobody is there at first.
        """
        peer = self.peer()
        peer.token = shown
        try:
            async with open_lab(peer, token=token, seed=self._seed, away=away) as lab:
                self.lab = lab
                yield lab
        except* LeftBehind as left:
            saw = f"when the host was gone, {left.exceptions[0]}"
            raise NotConforming(self.case, saw) from None

    def must(self, holds: object, saw: str) -> None:
        """Fail, unless it *holds*, and say what was seen."""
        if not holds:
            raise NotConforming(self.case, saw)

    # --- what many cases ask for ------------------------------------------------------------

    async def is_up(self, within: float = BACK) -> None:
        """It must be connected soon."""
        up = await self.lab.until(lambda: self.lab.is_up, within)
        self.must(up, f"after {within:g} s it is {self.lab.state}")

    async def is_handled(self, *texts: str, within: float = SOON) -> None:
        """All *texts* must be handled soon, and nothing may be handled twice."""
        handled = self.lab.handled
        done = await self.lab.until(lambda: set(texts) <= set(handled), within)
        missing = ", ".join(sorted(set(texts) - set(handled)))
        self.must(done, f"after {within:g} s these were not handled: {missing}")
        self.handles_once()

    def handles_once(self) -> None:
        """Nothing may have been handled twice."""
        twice = [text for text, n in Counter(self.lab.handled).items() if n > 1]
        self.must(not twice, f"these were handled more than once: {', '.join(twice)}")

    async def is_heard(self, *texts: str, within: float = SOON) -> None:
        """All *texts* must be heard soon, and nothing may be heard twice."""
        lab = self.lab
        done = await lab.until(lambda: set(texts) <= set(lab.texts), within)
        missing = ", ".join(sorted(set(texts) - set(lab.texts)))
        self.must(done, f"after {within:g} s nobody has heard {missing}")
        twice = [text for text, n in Counter(lab.texts).items() if n > 1]
        self.must(not twice, f"people have heard twice: {', '.join(twice)}")

    async def talks(self, word: str) -> None:
        """A message and a reply must get through, and nothing may be left of them."""
        await self.lab.says(f"say {word}")
        await self.is_handled(f"say {word}")
        await self.is_heard(word)
        await self.is_clean()

    async def is_clean(self, within: float = 5.0) -> None:
        """Nothing may be left over; what is on its way out has a moment."""
        await self.lab.until(lambda: not self.lab.leftovers(), within)
        left = self.lab.leftovers()
        self.must(not left, f"{'; '.join(left)} ({within:g} s later)")
