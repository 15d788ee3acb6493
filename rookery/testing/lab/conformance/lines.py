"""Cases of the line: it comes about, breaks, goes silent and ends."""

from __future__ import annotations

from functools import partial

import trio

from actors.messages import OutboundState
from rookery.testing import portal
from rookery.testing.lab.conformance.trial import BACK, SOON, Trial
from rookery.testing.lab.network import Line

LONG = 1800.0
"""Seconds in which a delay that grows has reached its cap."""
MOST_DIALS = 40
"""In so long: 15 of them come of an exponential delay up to 300 s, and a few by chance."""
SOME_DIALS = 4
MARGIN = 10.0
"""Seconds: the rule of silence is looked at every few seconds, and a goodbye takes some."""
ROOMS = (1, 2, 3)
"""Where something is said at once, so that several answers are under way."""
SLOW = 6.0
"""Seconds that a handshake may take; most give it ten."""
SETTLED = 120.0
"""Seconds after which a message whose answer was lost is repeated, or never."""


async def talks(trial: Trial) -> None:
    """See `Case.TALKS`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        await lab.says("hello")
        await trial.is_handled("hello")
        for word in ("one", "two"):
            await trial.talks(word)
        async with trio.open_nursery() as nursery:
            lab.house.disk.hold()
            for room in ROOMS:
                nursery.start_soon(lab.says, f"say room {room}", room)
            await trio.sleep(1)
            lab.house.disk.release()
        await trial.is_heard(*(f"room {room}" for room in ROOMS))
        receipts = lab.people.receipts
        await lab.until(lambda: all(each.settled for each in receipts), SOON)
        states = sorted({each.state.value for each in receipts})
        good = {OutboundState.SENT.value, OutboundState.DEGRADED.value}
        trial.must(set(states) <= good, f"what was said is {', '.join(states)}")
        again = len(lab.attempts) - len(lab.heard)
        trial.must(
            not again,
            f"nothing was lost, and {again} of them went out again: each answer must settle what it answers",
        )


async def refused(trial: Trial) -> None:
    """See `Case.REFUSED`."""
    async with trial.open(away=True) as lab:
        listens = trial.visited and await lab.until(lambda: lab.network.listens, SOON)
        if listens:
            await _short_visits(trial)
        else:  # who is told to by a server of his own listens later
            dials = not trial.visited or lab.network.dials
            trial.must(dials, f"no port was open after {SOON:g} s")
            lab.network.dials.clear()
            await trio.sleep(LONG)
            _slower(trial)
            trial.must(not lab.is_up, "it is up, and nobody is there")
        lab.network.away = False
        await trial.is_up()
        await trial.talks("at last")


async def _short_visits(trial: Trial) -> None:
    for _ in range(5):
        trial.lab.network.visit().theirs.cut()
        await trio.sleep(1)


async def thrown_out(trial: Trial) -> None:
    """See `Case.THROWN_OUT`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        if trial.visited:
            for _ in range(5):
                lab.cut()
                await lab.until(lambda: not lab.is_up, SOON)
                await trial.is_up(SOON)  # who comes is let in at once
        else:
            lab.network.dials.clear()
            lab.network.slam = True
            lab.cut()
            await trio.sleep(LONG)
            _slower(trial)
            lab.network.dials.clear()
            lab.network.slam = False
            await _let_in_and_out(trial)
            _slower(trial)
        await trial.is_up()
        await trial.talks("at last")


async def _let_in_and_out(trial: Trial) -> None:
    """Cut the line as soon as it is up, again and again."""
    with trio.move_on_after(LONG):
        while True:
            await trial.is_up()
            trial.lab.cut()
            await trial.lab.until(lambda: not trial.lab.is_up, SOON)


def _slower(trial: Trial) -> None:
    """The dials so far must be those of a delay that grows, and does not end."""
    dials = trial.lab.network.dials
    count = f"it has dialled {len(dials)} times in {LONG:g} s"
    trial.must(
        len(dials) >= SOME_DIALS, f"{count}: at least {SOME_DIALS} must be tried"
    )
    trial.must(
        len(dials) <= MOST_DIALS,
        f"{count}: a delay that doubles comes to {MOST_DIALS} at most",
    )


async def let_in(trial: Trial) -> None:
    """See `Case.LET_IN`."""
    async with trial.open(away=trial.visited):
        if trial.visited:
            await _nobody_in_yet(trial)
        await trial.is_up()
        if trial.peer.serves():
            await _not_early(trial)
        await trial.talks("let in")


async def _nobody_in_yet(trial: Trial) -> None:
    """Somebody comes to its port, and does not say a word."""
    lab = trial.lab
    # Behind a door of many it is up whoever comes: that says nothing then.
    alone = await lab.until(lambda: lab.is_up, SOON)
    if lab.network.listens:
        lab.network.visit()
        early = await lab.until(lambda: lab.is_up, SOON) and not alone
        trial.must(not early, "it is up, and has let in nobody yet")
    lab.network.away = False


async def _not_early(trial: Trial) -> None:
    """Whom it dials takes the connection, and time; then he begins, and takes time."""
    lab = trial.lab
    lab.network.silent = True
    lab.network.dials.clear()
    await _begin_anew(trial)
    await lab.until(lambda: lab.network.dials, BACK)
    early = await lab.until(lambda: lab.is_up, SLOW)
    trial.must(not early, "it is up, and who took its connection has not said a word")
    lab.network.silent = False
    await trial.is_up()
    lab.slow = SLOW
    await _begin_anew(trial)
    if await lab.until(lambda: lab.waits, BACK):
        early = await lab.until(lambda: lab.is_up, SLOW / 2)
        trial.must(not early, "it is up, and the server has not let it in yet")
    lab.slow = 0.0
    await trial.is_up()


async def _begin_anew(trial: Trial) -> None:
    """Let a session end; one that outlives its lines is ended."""
    lab = trial.lab
    lab.cut()
    if not await lab.until(lambda: not lab.is_up, SOON):
        lab.cancel()
        await lab.until(lambda: not lab.is_up, SOON)


async def half_open(trial: Trial) -> None:
    """See `Case.HALF_OPEN`."""
    await _half_open_from_the_first(trial)
    promised = trial.peer.silence_seconds
    for frames in (0, 1, 3):
        async with trial.open() as lab:
            await trial.is_up(SOON)
            for number in range(frames):
                await lab.says(f"before {number}")
            await trial.is_handled(*(f"before {number}" for number in range(frames)))
            stalled = lab.stall()
            noticed = await lab.until(partial(_left, stalled), promised + MARGIN)
            trial.must(
                noticed,
                f"{promised + MARGIN:g} s after nothing arrived any more ({frames} messages before) it has not left the connection; {trial.peer.__name__}.silence_seconds promises {promised:g}",
            )
            await trial.is_up()
            await trial.talks("back")


def _left(lines: list[Line]) -> bool:
    """Has the host closed its end of all of them?"""
    return all(line.ours.closed for line in lines)


async def _half_open_from_the_first(trial: Trial) -> None:
    """Somebody takes the connection, and not even shakes hands."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        if trial.visited:
            lab.network.visit().theirs.stall()
            await trio.sleep(LONG)
        else:
            lab.network.dials.clear()
            lab.network.silent = True
            lab.cut()
            await trio.sleep(LONG)
            count = len(lab.network.dials)
            trial.must(
                count >= SOME_DIALS,
                f"it has dialled {count} times in {LONG:g} s, while whoever took the connection said nothing: it waits for ever",
            )
            lab.network.silent = False
        await trial.is_up()
        await trial.talks("at last")


async def cut(trial: Trial) -> None:
    """See `Case.CUT`."""
    repeats = trial.caps.repeats_for > 0
    async with trial.open() as lab:
        await trial.is_up(SOON)
        lab.cut_when_heard()
        await lab.says("say hello")
        await trial.is_heard("hello")
        await trio.sleep(SETTLED)
        keys = [each.key for each in lab.attempts]
        if repeats:
            trial.must(
                None not in keys,
                "caps.idempotent_for promises that a key is known again, and the peer was told no key in `hears`",
            )
            trial.must(
                len(keys) > 1, f"{SETTLED:g} s later it was not repeated with its key"
            )
            trial.must(
                len(set(keys)) == 1,
                f"it was repeated with another key: {', '.join(map(str, keys))}",
            )
        else:
            trial.must(
                keys == [None] * len(keys),
                "the peer was told a key in `hears`, and caps.idempotent_for says that it knows none",
            )
            trial.must(
                len(keys) == 1,
                f"it was said {len(keys)} times, and people have seen it as often",
            )
        [receipt] = lab.people.receipts
        wanted = {OutboundState.SENT, OutboundState.DEGRADED}
        wanted |= set() if repeats else {OutboundState.UNKNOWN}
        trial.must(receipt.state in wanted, f"it is {receipt.state.value}")
        await trial.is_up()
        await trial.talks("again")


async def lost(trial: Trial) -> None:
    """See `Case.LOST`."""
    async with trial.open() as lab:
        await trial.is_up(SOON)
        lab.lose()
        await lab.says("say hello")
        said = await lab.until(lambda: lab.lost, SOON)
        trial.must(said, "the peer was never told what was to be said")
        await trio.sleep(SETTLED)
        [receipt] = lab.people.receipts
        sent = receipt.state in {OutboundState.SENT, OutboundState.DEGRADED}
        trial.must(
            lab.texts or not sent,
            f"it is {receipt.state.value}, and nobody has heard it",
        )
        if trial.caps.repeats_for > 0:
            trial.must(
                lab.texts,
                f"{SETTLED:g} s later it was not said again, and its key is known: it is {receipt.state.value}",
            )
        trial.must(
            sent or receipt.state is OutboundState.UNKNOWN,
            f"it is {receipt.state.value}, and nobody can know",
        )
        await trial.is_up()
        await trial.talks("again")


async def leaves(trial: Trial) -> None:
    """See `Case.LEAVES`."""
    async with trial.open():  # in the middle of everything
        pass
    async with trial.open() as lab:  # while a message waits for its answer
        await trial.is_up(SOON)
        lab.mute = True
        await lab.says("say hello")
        await lab.until(lambda: lab.attempts, SOON)
    async with trial.open() as lab:  # while it waits for its next attempt
        await trial.is_up(SOON)
        lab.network.away = True
        lab.cut()
        await lab.until(lambda: not lab.is_up, SOON)
        await portal.settle()
        # A line that is used now and then is found dead when it is used.
        await trial.is_clean(within=trial.peer.silence_seconds)
        await trio.sleep(BACK / 10)
