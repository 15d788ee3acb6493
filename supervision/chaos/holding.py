"""Messages that are held: each goes on when its time comes, or when all are let go."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from actors.kernel import System

Go: TypeAlias = Callable[[], None]


class Holding:
    """Holds messages of one plan. No task waits for them: the system's alarms do."""

    def __init__(self) -> None:
        self._held: dict[int, Go] = {}
        self._next = 0
        self._lines: dict[tuple[int, str], list[int]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def hold(self, system: System, go: Go, seconds: float) -> int:
        """Let *go* on in so many seconds, or sooner if it is let go of."""
        self._next += 1
        number = self._next
        self._held[number] = go
        system.alarms.at(system.clock() + seconds, lambda: self._let_go(number))
        return number

    def line_up(
        self,
        system: System,
        go: Go,
        *,
        line: tuple[int, str],
        window: int,
        within: float,
        dice: Random,
    ) -> None:
        """Hold *go* until *window* of its *line* are there; then they go, shuffled."""
        waiting = [each for each in self._lines.get(line, ()) if each in self._held]
        waiting.append(self.hold(system, go, within))
        if len(waiting) < window:
            self._lines[line] = waiting
            return
        self._lines.pop(line, None)
        for number in shuffled(waiting, dice):
            self._let_go(number)

    def let_all_go(self) -> None:
        """Everything goes on now, in the order in which it came."""
        self._lines.clear()
        while self._held:  # what goes on may be held once more
            self._let_go(next(iter(self._held)))

    def _let_go(self, number: int) -> None:
        go = self._held.pop(number, None)
        if go is not None:
            go()


def shuffled(numbers: list[int], dice: Random) -> list[int]:
    """Return *numbers*, at least two of them, in any order but their own."""
    order = dice.sample(numbers, len(numbers))
    return order if order != numbers else numbers[::-1]
