"""Writes down what is to be said, and hears from the file what of it was known.

A row is in the index before it is written, so that it can be claimed with the same
commit. If the file turns out to know its key already, it is taken out again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from actors.journal.outgoing import Outgoing
from actors.journal.parts import known_parts
from actors.journal.slot import Slot
from actors.journal.sqlite.batch import Answered
from actors.journal.sqlite.calendar import Calendar
from actors.journal.sqlite.codec import clean
from actors.journal.sqlite.effects import Effect, Enqueue, EnqueueAll, Known
from actors.journal.sqlite.pump import Pump
from actors.journal.sqlite.questions import LookUp
from actors.journal.sqlite.rows import Encoded, encoded, enqueue_of
from actors.journal.values import AccountKey, Queued, RowRefused
from actors.messages import Outbound


class Scribe:
    """Writes rows for `Departures`."""

    def __init__(
        self,
        pump: Pump,
        calendar: Calendar,
        outgoing: Outgoing,
        ring: Callable[[AccountKey], None],
    ) -> None:
        self._pump = pump
        self._calendar = calendar
        self._outgoing = outgoing
        self._ring = ring
        self.writing: dict[str, Enqueue] = {}
        """Rows that are not committed yet, by their keys."""

    async def enqueue(self, out: Outbound, expires_at: float) -> Queued:
        await self._pump.ready()
        written = encoded(out)
        if self._outgoing.full(out):
            (known,) = await self._in_file([out], [written[-1]])
            if known is not None:
                return known
        while out.key in self.writing:
            await self._pump.settled()
        now = self._calendar.clock()
        queued, ready = self._outgoing.enqueue(out, now, expires_at, written[-1])
        if not queued.fresh:
            return queued
        slot: Slot[Queued] = Slot()
        effect = self._effect(queued, out, expires_at - now, written)
        self._submit(out, effect, partial(self._written, queued, effect, slot), ready)
        return await slot.wait()

    async def enqueue_all(
        self, parts: Sequence[Outbound], expires_at: float
    ) -> list[Queued | None]:
        """Write down the parts of one message; one effect, so all of them or none."""
        await self._pump.ready()
        rows = [encoded(out) for out in parts]
        contents = [content for _, _, content in rows]
        if self._outgoing.full(parts[0]):
            filed = await self._in_file(parts, contents)
            if filed[0] is not None:
                return filed
        while any(out.key in self.writing for out in parts):
            await self._pump.settled()
        known = known_parts(self._outgoing.find, parts, contents)
        if known is not None:
            return known
        now = self._calendar.clock()
        slot: Slot[list[Queued | None]] = Slot()
        begun: list[tuple[Queued, Enqueue]] = []
        rings = False
        for out, written in zip(parts, rows, strict=True):
            queued, ready = self._outgoing.enqueue(out, now, expires_at, written[-1])
            rings = rings or ready
            begun.append((queued, self._effect(queued, out, expires_at - now, written)))
        effect = EnqueueAll([one for _, one in begun])
        self._submit(parts[0], effect, partial(self._all_written, begun, slot), rings)
        return await slot.wait()

    async def _in_file(
        self, parts: Sequence[Outbound], contents: Sequence[bytes]
    ) -> list[Queued | None]:
        """Ask the file for the keys first: what it knows already needs no room.

        Otherwise other messages would be dropped to make room for nothing.
        """
        answer = await self._pump.ask(LookUp([clean(out.key) for out in parts]))
        assert isinstance(answer, list)
        return [
            None
            if known is None
            else Queued(known.seq, False, known.content == content, known.outcome)
            for known, content in zip(answer, contents, strict=True)
        ]

    def _submit(
        self,
        out: Outbound,
        effect: Effect,
        answered: Answered,
        rings: bool,
    ) -> None:
        if not rings:
            self._pump.submit(effect, answered)
            return
        # Whoever is rung claims it now, and the claim goes into the same commit.
        self._pump.hold()
        self._pump.submit(effect, answered)
        self._ring((out.to.platform, out.to.account))
        self._pump.let_go()

    def _effect(
        self, queued: Queued, out: Outbound, lives: float, written: Encoded
    ) -> Enqueue:
        """Return what writes it down; it *lives* so many seconds from now on."""
        wall = self._calendar.wall()
        effect = enqueue_of(
            queued.seq,
            out,
            written,
            queued_at=wall,
            expires_at=wall + lives,
        )
        # What is in the file already is not written again, and so with no new state.
        if queued.fresh:
            self.writing[out.key] = effect
        return effect

    def _written(
        self, queued: Queued, effect: Enqueue, slot: Slot[Queued], answer: object
    ) -> None:
        became = self._became(queued, effect, answer)
        assert became is not None
        slot.fill(became)

    def _all_written(
        self,
        begun: list[tuple[Queued, Enqueue]],
        slot: Slot[list[Queued | None]],
        answers: object,
    ) -> None:
        each = answers if isinstance(answers, list) else [answers] * len(begun)
        became: list[Queued | None] = []
        for (queued, effect), answer in zip(begun, each, strict=True):
            one = self._became(queued, effect, answer)
            if not isinstance(one, RowRefused):
                became.append(one)
        slot.fill(became if isinstance(answers, list) else RowRefused(str(answers)))

    def _became(
        self, queued: Queued, effect: Enqueue, answer: object
    ) -> Queued | RowRefused | None:
        """Do what the file's answer to one row means: written, known already, or refused."""
        self.writing.pop(effect.key, None)
        # One that was known before is none of this call's to take back: it may still
        # wait, as the parts do that a process had not come to when it was killed.
        if answer is None or not queued.fresh:
            return queued
        self._outgoing.void(effect.key)
        match answer:
            case Known(seq, content, outcome):
                return Queued(seq, False, content == effect.content, outcome)
            case False:
                return None
            case _:
                return RowRefused(str(answer))
