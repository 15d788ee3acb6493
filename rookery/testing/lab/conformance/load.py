"""Cases of a session under strain: floods, and the end at every step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio
from trio.lowlevel import Task

from actors.kernel import Incarnation
from rookery.testing.lab.conformance.trial import BACK, SOON, Trial
from rookery.testing.lab.lab import LOOK_SECONDS, Lab

BURST: Final = 1500
ROOMS: Final = 4
PADDING: Final = " " + "x" * 300
"""Still one line of IRC; with it a single read of 64 KiB brings fewer than 200 of them."""
IN_MEMORY: Final = 1300
"""Messages that a session may hold while nobody takes them: a full backlog, and a read."""
BLOCKED_SECONDS: Final = 200.0
"""Longer than any rule of silence: a session that may not go on is not one that is dead."""
TAKEN_SECONDS: Final = 600.0
"""In which all of it is handled: who takes a message a second of each may do so."""
MOST_STEPS: Final = 2000


async def burst(trial: Trial) -> None:
    """See `Case.BURST`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        await lab.says("begin")
        await trial.is_handled("begin")
        lab.house.disk.hold()
        begun = lab.taken
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_flood, lab)
            await trio.sleep(BLOCKED_SECONDS)
            held = lab.taken - begun
            lab.house.disk.release()
        texts = {_text(number) for number in range(BURST)}
        await lab.until(lambda: texts <= set(lab.handled), TAKEN_SECONDS)
        missing = len(texts - set(lab.handled))
        trial.must(not missing, f"{missing} of {BURST} messages are lost")
        trial.handles_once()
        share = round(BURST * held / (lab.taken - begun))
        trial.must(
            share <= IN_MEMORY,
            f"it had read about {share} of {BURST} messages while the journal took none; {IN_MEMORY} is the most",
        )
        for room in range(ROOMS):
            numbers = (int(text.split()[0]) for text in lab.handled[1:])
            got = [number for number in numbers if number % ROOMS == room]
            trial.must(got == sorted(got), f"room {room} was handled in another order")
        await trial.talks("after it")


async def _flood(lab: Lab) -> None:
    for number in range(BURST):
        await lab.says(_text(number), room=1 + number % ROOMS)


def _text(number: int) -> str:
    return f"{number}{PADDING}"


async def cancelled(trial: Trial) -> None:
    """See `Case.CANCELLED`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        for step in range(1, MOST_STEPS):
            axe = _Axe(lab, step)
            trio.lowlevel.add_instrument(axe)
            try:
                await _one_life(trial, step, axe)
            finally:
                trio.lowlevel.remove_instrument(axe)
            if not axe.fell:
                trial.must(step > 1, "no session began that could be cancelled")
                return


async def _one_life(trial: Trial, step: int, axe: _Axe) -> None:
    lab = trial.lab
    lab.cut()
    await lab.until(lambda: not lab.is_up, SOON)
    if axe.spares(lab.house.sessions()):  # it outlives its lines, and would go on
        lab.cancel()
        await lab.until(lambda: not lab.is_up, SOON)
    await _soon(lab, lambda: axe.fell or lab.is_up)
    word = f"life {step}"
    await lab.says(f"say {word}")
    await lab.until(lambda: axe.fell or word in lab.texts, SOON)
    await trio.sleep(1)  # also what it does once that was heard
    axe.armed = False
    when = f"after it was cancelled at step {step} of a session"
    trial.must(await _soon(lab, lambda: lab.is_up), f"{when} it is {lab.state}")
    await lab.says(f"say control {step}")
    done = await lab.until(lambda: f"control {step}" in lab.texts, SOON)
    trial.must(done, f"{when} nothing is said any more")
    await trial.is_clean()
    trial.handles_once()
    if trial.caps.resumes:
        await trial.is_handled(f"say {word}")


async def _soon(lab: Lab, holds: Callable[[], object]) -> bool:
    """Wait as long as a connection may take to be back; its delays are cut short."""
    with trio.move_on_after(BACK):
        while not await lab.until(holds, LOOK_SECONDS):
            await lab.house.wake()
    return bool(holds())


class _Axe(trio.abc.Instrument):
    """Kills a session when its tasks have waited so many times since it began.

    What comes to a door at the ingress is lived there, and counts as well.
    """

    def __init__(self, lab: Lab, step: int) -> None:
        self._lab = lab
        self._left = step
        self._before = lab.house.sessions()
        self.armed = True
        self.fell = False

    def spares(self, lives: list[Incarnation]) -> bool:
        """Is one of them older than this axe?"""
        return any(life is old for life in lives for old in self._before)

    def after_task_step(self, task: Task) -> None:
        if self.fell or not self.armed:
            return
        for life in self._lab.house.sessions():
            if self.spares([life]):
                continue
            if any(_below(task, each.task) for each in (life, *self._lab.house.doors)):
                self._left -= 1
                if not self._left:
                    self.fell = True
                    life.kill()


def _below(task: Task, above: Task | None) -> bool:
    at: Task | None = task
    while at is not None and above is not None:
        if at is above:
            return True
        at = at.parent_nursery.parent_task if at.parent_nursery else None
    return False
