"""All that a sender needs, and lines that answer as they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import ClassVar

import trio

from actors.buffer import Outbox
from actors.kernel import System, current_trace
from actors.messages import Outbound
from actors.sender import Leave, Lines, Sender, Sent, Told
from actors.tracker import Tracker
from tests.actors.journal.builders import journal, nest
from tests.actors.journal.forms import AnyJournal


class FakeLine:
    """A platform that answers as it is told, and remembers what reached it."""

    platform = "qq"
    prompt: ClassVar = False
    """Lines begin in a plain call what is to be said, and need no worker for it."""

    def __init__(
        self,
        answer: Callable[[Outbound], Sent] | None = None,
        *,
        account: str = "1",
        seconds: float = 0.0,
    ) -> None:
        self.account = account
        self.said: list[tuple[str, float]] = []
        self.outs: list[Outbound] = []
        self.traces: list[str] = []
        self.inside = 0
        self.most = 0
        self._answer = answer or (lambda out: Sent(f"id-{out.key}"))
        self._seconds = seconds

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        if not self.prompt:
            return None
        self._hear(out)
        scope = trio.CancelScope()

        async def answers() -> None:
            with scope:
                try:
                    answer: Sent | Exception = await self._say(out)
                except Exception as error:
                    answer = error
                told(answer)

        trio.lowlevel.spawn_system_task(answers)
        return scope.cancel

    async def send(self, out: Outbound) -> Sent:
        self._hear(out)
        return await self._say(out)

    def _hear(self, out: Outbound) -> None:
        self.said.append((out.key, trio.current_time()))
        self.outs.append(out)
        self.traces.append(current_trace())

    async def _say(self, out: Outbound) -> Sent:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await trio.sleep(self._seconds)
            return self._answer(out)
        finally:
            self.inside -= 1

    @property
    def keys(self) -> list[str]:
        return [key for key, _ in self.said]


class Office:
    """One for a test, or for each process that a test lives through."""

    def __init__(self, kept: AnyJournal | None = None) -> None:
        self.journal = kept or journal()
        self.tracker = Tracker(trio.current_time)
        self.lines = Lines()
        self.shelf: list[str] = []
        self.outbox = Outbox(
            self.journal,
            self.tracker,
            trio.current_time,
            dead=lambda out, why: self.shelf.append(f"{out.key} {why}"),
        )

    def sender(self) -> Sender:
        return Sender(self.journal, self.outbox, self.lines)


@asynccontextmanager
async def office(
    kept: AnyJournal | None = None,
) -> AsyncIterator[tuple[Office, System]]:
    parts = Office(kept)
    async with nest(sender=parts.sender) as system:
        yield parts, system
