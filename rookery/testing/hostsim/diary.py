"""What everybody in a world said, was told and did: the books that the laws look into.

Bots write down here what they did, past the host and its journal: so what a handler has
done, and what it was promised, is known whatever became of the process that it ran in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

import trio
from attrs import define, frozen

from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.words import Said, Verb

DONE, CUT = "done", "cut"


class Life(Protocol):
    """The process that something happens in."""

    @property
    def number(self) -> int: ...

    @property
    def dead(self) -> bool: ...

    def kill(self) -> None: ...


@define(eq=False)
class Run:
    """One time that a handler of a bot ran for something said."""

    bot: str
    number: int
    life: Life
    began: float
    parked: bool = False
    ended: str = ""
    """`done`, `cut` by a cancellation or the end of its process, or what it raised."""
    lasted: float = 0.0
    """Seconds."""


@frozen
class Promise:
    """A later that a bot was promised."""

    number: int
    due: float


class Diary:
    """The books of one world."""

    def __init__(self, chronicle: Chronicle) -> None:
        self.said: dict[int, Said] = {}
        self.acknowledged: set[int] = set()
        """What the host has told its platforms that it has."""
        self.runs: dict[tuple[int, str], list[Run]] = {}
        self.answers: set[int] = set()
        """What a question got as its answer."""
        self.promised: dict[str, str] = {}
        """Text that a bot was told to be journalled, and by whom."""
        self.laters: dict[int, Promise] = {}
        self.rung: dict[int, float] = {}
        """Laters that came, and when: they were begun, however they ended."""
        self.ticks: list[tuple[float, float]] = []
        """Runs of a schedule: when each was due, and when it was begun."""
        self.killed: set[int] = set()
        """Processes that were killed, by their numbers."""
        self.disturbed: list[tuple[float, float]] = []
        """From when to when somebody made trouble, or no process was up."""
        self.ends: list[float] = []
        """When a process, or an actor in one, ended: each may have lost a claim on a row."""
        self._chronicle = chronicle
        self._open: dict[tuple[str, str, str], Run] = {}
        self._newest: dict[tuple[str, str, str], tuple[Life, int]] = {}

    # --- people -------------------------------------------------------------------------

    def say(self, verb: Verb, platform: str, chat: str, user: str) -> Said:
        """Somebody says something new."""
        number = len(self.said) + 1
        now = self._chronicle.now
        said = self.said[number] = Said(number, verb, platform, chat, user, now)
        self._chronicle.count("said", f"{platform}/{chat} {user}: {said.text}")
        return said

    # --- bots ---------------------------------------------------------------------------

    @contextmanager
    def running(self, bot: str, number: int, life: Life) -> Iterator[Run]:
        """A handler of *bot* runs for what was said under *number*."""
        run = self._begin(bot, number, life)
        try:
            yield run
        except trio.Cancelled:
            run.ended = CUT
            raise
        except BaseException as error:
            run.ended = type(error).__name__
            raise
        else:
            run.ended = DONE
        finally:
            self._end(run)

    def park(self, run: Run) -> None:
        """Note that *run* waits for somebody, while its chat goes on without it."""
        run.parked = True
        self._leave(run)

    def told(self, text: str, by: str) -> None:
        """The host has promised to say *text*."""
        self.promised.setdefault(text, by)

    def promise(self, number: int, due: float) -> None:
        """The host has promised to run something later."""
        self.laters[number] = Promise(number, due)

    def ring(self, number: int) -> None:
        """What was promised for later is begun."""
        self.rung.setdefault(number, self._chronicle.now)

    def tick(self, due: float) -> None:
        """A run of a schedule that was due then is begun."""
        self.ticks.append((due, self._chronicle.now))

    def _begin(self, bot: str, number: int, life: Life) -> Run:
        said = self.said[number]
        run = Run(bot, number, life, self._chronicle.now)
        self.runs.setdefault((number, bot), []).append(run)
        self._chronicle.count("runs", f"{bot} begins {number} ({said.verb})")
        place = (bot, said.platform, said.chat)
        other = self._open.get(place)
        if other is not None and other.life is life:
            self._chronicle.note(
                "one_at_a_time",
                [f"{bot} begins {number} while {other.number} runs in {said.chat}"],
            )
        before = self._newest.get(place)
        if before is not None and before[0] is life and before[1] > number:
            self._chronicle.note(
                "chats_are_in_order",
                [f"{bot} begins {number} after {before[1]} in {said.chat}"],
            )
        self._open[place] = run
        self._newest[place] = (life, number)
        return run

    def _end(self, run: Run) -> None:
        if run.life.dead:
            run.ended = CUT
        run.lasted = self._chronicle.now - run.began
        self._leave(run)
        self._chronicle.add(f"{run.bot} ends {run.number}: {run.ended}")

    def _leave(self, run: Run) -> None:
        said = self.said[run.number]
        place = (run.bot, said.platform, said.chat)
        if self._open.get(place) is run:
            del self._open[place]

    # --- for the laws -------------------------------------------------------------------

    def ran(self, number: int, bot: str, which: Callable[[str], bool]) -> bool:
        """Did a run of *bot* for *number* end like that?"""
        return any(which(run.ended) for run in self.runs.get((number, bot), ()))
