"""One connection to a simulated platform: frames there and back, until it is lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress

import trio
from attrs import frozen

from actors.messages import Outbound
from actors.sender import OutcomeUnknown, Sent
from platforms.base import SessionEnded
from rookery.testing.hostsim.words import Said

ANSWER_SECONDS = 15.0


@frozen(eq=False)
class Frame:
    """One request that is under way to the platform."""

    out: Outbound
    late: Callable[[Sent], None]
    """Told of an answer that nobody waits for any more."""


class Waiting:
    """A request that waits for its answer."""

    __slots__ = ("answer", "woken")

    def __init__(self) -> None:
        self.woken = trio.Event()
        self.answer: Sent | Exception | None = None


class Wire:
    """One connection, as the host's side has it."""

    def __init__(self) -> None:
        self.lost = ""
        self.begun = False
        """Whether the host has begun to take events."""
        self.last_arrival = 0.0
        self.under_way: deque[Frame] = deque()
        self._waiting: dict[str, Waiting] = {}
        self._send, self._receive = trio.open_memory_channel[Said](float("inf"))

    # --- the platform's end ---------------------------------------------------------------

    def push(self, said: Said) -> None:
        """An event for the host."""
        self._send.send_nowait(said)

    def answer(self, key: str, answer: Sent | Exception) -> bool:
        """Answer a request. False: nobody waits."""
        waiting = self._waiting.pop(key, None)
        if waiting is None:
            return False
        waiting.answer = answer
        waiting.woken.set()
        return True

    def lose(self, why: str) -> list[str]:
        """End the connection; return the keys that nobody will answer now."""
        self.lost = why
        self._send.close()
        unanswered = list(self._waiting)
        for key in unanswered:
            self.answer(key, OutcomeUnknown(f"the line was lost: {why}"))
        return unanswered

    # --- the host's end -------------------------------------------------------------------

    async def next(self, at_most: int = 1) -> list[Said]:
        """Return the next events.

        Raises:
            SessionEnded: the line is lost.
        """
        try:
            events = [await self._receive.receive()]
        except trio.EndOfChannel:
            raise SessionEnded(self.lost) from None
        with suppress(trio.WouldBlock, trio.EndOfChannel):
            while len(events) < at_most:
                events.append(self._receive.receive_nowait())
        return events

    async def request(self, key: str, send: Callable[[], None]) -> Sent:
        """Send something, and return the answer.

        Raises:
            Exception: the answer, where it is none we hoped for.
            OutcomeUnknown: no answer came in time.
        """
        waiting = self._waiting[key] = Waiting()
        send()
        try:
            with trio.move_on_after(ANSWER_SECONDS):
                await waiting.woken.wait()
        finally:
            if self._waiting.get(key) is waiting:
                del self._waiting[key]
        if waiting.answer is None:
            why = f"no answer within {ANSWER_SECONDS:g} s"
            raise OutcomeUnknown(why)
        if isinstance(waiting.answer, Exception):
            raise waiting.answer
        return waiting.answer
