"""The case of a session under strain: a flood."""

from __future__ import annotations

from typing import Final

import trio

from rookery.testing.lab.conformance.trial import SOON, Trial
from rookery.testing.lab.lab import Lab

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
