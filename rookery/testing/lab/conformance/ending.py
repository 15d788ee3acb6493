"""Cases of the end, which comes at every step: a session is killed, or its host stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import trio
from trio.lowlevel import Task

from actors.kernel import Incarnation, Killed, Zombie
from rookery.testing.lab.conformance.trial import BACK, SOON, Trial
from rookery.testing.lab.lab import LOOK_SECONDS, Lab

MOST_STEPS: Final = 2000

Blow: TypeAlias = Callable[[Incarnation], None]
"""What is done to a session at one of its steps, at once."""


async def broken_off(trial: Trial) -> None:
    """See `Case.BROKEN_OFF`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        await lab.says("begin")
        await trial.is_handled("begin")
        journal, before = lab.house.journal, lab.network.open_lines
        journal.breaks_off = True
        said = await lab.says("in the worst moment")
        done = await lab.until(lambda: not journal.breaks_off, SOON)
        trial.must(done, "nothing was delivered of what was said")
        # Whoever goes on takes it for journalled, and would not notice his own end.
        left = await lab.until(lambda: any(e.ours.closed for e in before), SOON)
        trial.must(left, "it went on as if nothing had been")
        if trial.caps.resumes:
            await trial.is_handled(said.text)
        await trial.is_up()
        await trial.talks("after it")


async def cancelled(trial: Trial) -> None:
    """See `Case.CANCELLED`."""
    async with trial.open():
        await _at_every_step(trial, "was cancelled", Incarnation.kill)


async def stopped(trial: Trial) -> None:
    """See `Case.STOPPED`."""
    async with trial.open() as lab, trio.open_nursery() as nursery:

        def stop(_: Incarnation) -> None:
            nursery.start_soon(_stop_and_begin, trial, len(lab.ends))

        await _at_every_step(trial, "was told to stop", stop)


async def _stop_and_begin(trial: Trial, ends: int) -> None:
    """Stop what of the host a platform knows, in the host's order; begin it anew."""
    lab = trial.lab
    lab.note("the host stops")
    await lab.house.stop()
    by_force = [each for each in lab.ends[ends:] if isinstance(each, Killed | Zombie)]
    trial.must(not by_force, "when the host stopped, a session had to be killed")
    left = [str(line) for line in lab.network.open_lines]
    trial.must(not left, f"when it had stopped, {', '.join(left)} was still open")
    await lab.house.begin()


async def _at_every_step(trial: Trial, what: str, blow: Blow) -> None:
    """Strike a session at its first step, the next one at its second, and so on."""
    await trial.is_up(SOON)
    for step in range(1, MOST_STEPS):
        axe = _Axe(trial.lab, step, blow)
        trio.lowlevel.add_instrument(axe)
        try:
            await _one_life(trial, f"after it {what} at step {step} of a session", axe)
        finally:
            trio.lowlevel.remove_instrument(axe)
        if not axe.fell:
            trial.must(step > 1, "no session began that could be ended")
            return


async def _one_life(trial: Trial, when: str, axe: _Axe) -> None:
    lab, step = trial.lab, axe.step
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
    """Falls on a session when its tasks have waited so many times since it began.

    What comes to a door at the ingress is lived there, and counts as well.
    """

    def __init__(self, lab: Lab, step: int, blow: Blow) -> None:
        self._lab = lab
        self.step = step
        self._blow = blow
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
                    self._blow(life)


def _below(task: Task, above: Task | None) -> bool:
    at: Task | None = task
    while at is not None and above is not None:
        if at is above:
            return True
        at = at.parent_nursery.parent_task if at.parent_nursery else None
    return False
