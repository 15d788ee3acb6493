"""Cases of the protocol: what a server may say, besides what it should."""

from __future__ import annotations

from functools import partial
from typing import Final

import trio

from actors.monitor import Phase
from rookery.testing.lab.conformance.trial import SOON, Trial
from rookery.testing.lab.lab import Lab
from rookery.testing.lab.values import TOKEN, WRONG_TOKEN

HOUR: Final = 3600.0
PATIENCE: Final = 300.0
GOODBYE: Final = 10.0
"""Seconds in which a session has ended that does not want to go on."""
_DEEP: Final = 10_000
RUBBISH: Final = {
    "no frame of any protocol": b"\x00\x01rubbish{]",
    "nothing": b"",
    "JSON that is no object": b"[1, 2, null]",
    "an object of nothing": b"{}",
    "JSON that is nested too deep": b'{"op":' + b"[" * _DEEP + b"]" * _DEEP + b"}",
    "what is no UTF-8": b'{"text": "\xff\xfe\xc3("}',
    "numbers that are none": b'{"id": 1e999, "seq": -0, "n": NaN}',
    "a frame of five megabytes": b'{"text": "' + b"x" * 5 * 2**20 + b'"}',
}
"""What is put on the wire as one frame, and what it is."""


async def redelivers(trial: Trial) -> None:
    """See `Case.REDELIVERS`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        said = [await lab.says(f"message {number}") for number in range(4)]
        await trial.is_handled(*(each.text for each in said))
        for each in said[-3:]:
            await lab.tells(each)
        await _pause_and_look(trial)
        lab.cut()
        await lab.until(lambda: not lab.is_up, SOON)
        away = await lab.says("said while nobody was there")
        await trial.is_up()
        for each in said[-2:]:
            await lab.tells(each)
        await _pause_and_look(trial)
        if trial.caps.resumes:
            await trial.is_handled(away.text)
        else:
            trial.must(
                away.text not in lab.handled,
                "what was said while it was away was told again, and caps.resumes says that nothing is",
            )
        if trial.caps.resumes:
            await _cut_before_it_is_kept(trial)
        await trial.talks("still there")


async def _pause_and_look(trial: Trial) -> None:
    await trio.sleep(SOON)
    trial.handles_once()


async def _cut_before_it_is_kept(trial: Trial) -> None:
    """What was read and is not yet journalled when the line breaks is told again."""
    lab = trial.lab
    lab.house.disk.hold()
    said = await lab.says("in the worst moment")
    await trio.sleep(1)
    lab.cut()
    await trio.sleep(1)
    lab.house.disk.release()
    await lab.until(lambda: not lab.is_up, SOON)
    await trial.is_up()
    await trial.is_handled(said.text)
    await _pause_and_look(trial)


async def reorders(trial: Trial) -> None:
    """See `Case.REORDERS`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        await lab.says("begin")
        await trial.is_handled("begin")
        thought = [lab.thinks(f"message {number}") for number in range(4)]
        for index in (1, 0, 3, 2):
            await lab.tells(thought[index])
        await trial.is_handled(*(each.text for each in thought))
        await trial.talks("in order")


async def gap(trial: Trial) -> None:
    """See `Case.GAP`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        await lab.says("begin")
        missing = lab.thinks("late")
        after = [lab.thinks(f"after {number}") for number in range(3)]
        for each in after:
            await lab.tells(each)
        await trial.is_handled("begin", *(each.text for each in after))
        await lab.tells(missing)
        await trial.is_handled(missing.text)
        await trial.talks("whole")


async def too_many(trial: Trial) -> None:
    """See `Case.TOO_MANY`."""
    for after in (20.0, None):
        async with trial.open() as lab:
            await trial.is_up(SOON)
            lab.is_too_much(after)
            await lab.says("say hello")
            await lab.until(lambda: lab.texts, PATIENCE)
            trial.must(
                lab.refused_at is not None,
                f"the peer did not refuse when told to: `serve` must ask `refusal()` before `hears` (people have heard {lab.texts})",
            )
            await trial.is_heard("hello", within=PATIENCE)
            waited = lab.heard[0].at - (lab.refused_at or 0.0)
            trial.must(
                waited >= (after or 0.0),
                f"it was said again after {waited:.2f} s, and the server had said {after}",
            )
            await trial.talks("again")


async def bad_token(trial: Trial) -> None:
    """See `Case.BAD_TOKEN`."""
    if trial.visited:
        await _wrong_visitor(trial)
        return
    async with trial.open(token=WRONG_TOKEN, shown=TOKEN) as lab:
        await lab.until(lambda: lab.state.phase is Phase.NEEDS_OPERATOR, 2 * SOON)
        trial.must(
            lab.state.phase is Phase.NEEDS_OPERATOR,
            f"{2 * SOON:g} s later it is {lab.state}; raise NeedsOperator(why)",
        )
        before = len(lab.network.dials)
        await trio.sleep(HOUR)
        again = len(lab.network.dials) - before
        trial.must(not again, f"it has dialled {again} times since a person is needed")


async def _wrong_visitor(trial: Trial) -> None:
    async with trial.open(away=True) as lab:
        # Behind a door of many it is up whoever comes: that says nothing then.
        alone = await lab.until(lambda: lab.is_up, SOON)
    async with trial.open(shown=WRONG_TOKEN) as lab:
        await lab.until(lambda: lab.network.listens, SOON)
        await trio.sleep(SOON)
        await lab.says("let me in")
        await trio.sleep(SOON)
        up = lab.is_up and not alone
        trial.must(not up, "a peer with a wrong token was let in")
        trial.must(not lab.handled, "what it has said was handled")


def _has_heard(lab: Lab, text: str) -> bool:
    return text in lab.texts


async def rubbish(trial: Trial) -> None:
    """See `Case.RUBBISH`."""
    async with trial.open() as lab:
        for number, (what, raw) in enumerate(RUBBISH.items()):
            await trial.is_up()
            lab.note(f"the peer sends {what}")
            await lab.shouts(raw)
            await trio.sleep(GOODBYE)
            up = await lab.until(lambda: lab.is_up, 2 * HOUR)
            trial.must(up, f"two hours after {what} it is {lab.state}")
            await lab.says(f"say {number}")
            done = await lab.until(partial(_has_heard, lab, f"{number}"), PATIENCE)
            trial.must(done, f"after {what} nothing is handled any more")
        await trial.is_clean()
