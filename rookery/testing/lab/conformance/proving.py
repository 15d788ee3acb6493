"""How a case is run, and what a protocol may be declared unable to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeAlias

import trio
from trio.testing import MockClock

from actors.kernel import leaves
from rookery.testing.lab.conformance import ending, lines, load, protocol
from rookery.testing.lab.conformance.trial import NotConforming, Trial
from rookery.testing.lab.house import PLATFORM
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.values import PROTOCOL, Case
from rookery.testing.scheduling import seeded

Story: TypeAlias = Callable[[Trial], Awaitable[None]]

STORIES: Final[Mapping[Case, Story]] = {
    Case.TALKS: lines.talks,
    Case.REFUSED: lines.refused,
    Case.THROWN_OUT: lines.thrown_out,
    Case.LET_IN: lines.let_in,
    Case.HALF_OPEN: lines.half_open,
    Case.CUT: lines.cut,
    Case.LOST: lines.lost,
    Case.LEAVES: lines.leaves,
    Case.REDELIVERS: protocol.redelivers,
    Case.REORDERS: protocol.reorders,
    Case.GAP: protocol.gap,
    Case.TOO_MANY: protocol.too_many,
    Case.BAD_TOKEN: protocol.bad_token,
    Case.RUBBISH: protocol.rubbish,
    Case.BURST: load.burst,
    Case.BROKEN_OFF: ending.broken_off,
    Case.CANCELLED: ending.cancelled,
    Case.STOPPED: ending.stopped,
}


class WrongDeclaration(AssertionError):
    """What a peer declares in `cannot` does not fit what it, or its platform, does."""


def prove(peer: type[Peer], case: Case, *, seed: int = 0) -> str:
    """Put the platform of *peer* through *case*, in a run of trio of its own.

    Returns:
        Nothing; or, where the protocol cannot do it, why.

    Raises:
        NotConforming: the case does not hold.
        WrongDeclaration: `Peer.cannot` is wrong.
    """
    check_declarations(peer)
    trial = Trial(case, peer, seed)
    excuse = peer.cannot.get(case, "")
    try:
        with seeded(seed):
            trio.run(_lived, trial, clock=MockClock(autojump_threshold=0))
    except BaseExceptionGroup as group:
        # A nursery wraps what is raised in it; a test wants to read the one thing.
        failed = [leaf for leaf in leaves(group) if isinstance(leaf, AssertionError)]
        if not failed:
            raise
        if not (excuse and isinstance(failed[0], NotConforming)):
            raise failed[0] from None
    except NotConforming:
        if not excuse:
            raise
    else:
        if excuse:
            msg = f"{peer.__name__}.cannot says of {case.name}: {excuse!r}; but it holds: {case.value}. Take it out of `cannot`"
            raise WrongDeclaration(msg)
    return excuse


async def _lived(trial: Trial) -> None:
    await STORIES[trial.case](trial)
    if Case.REDELIVERS in trial.peer.cannot:
        cursor = await trial.lab.house.journal.cursor(PLATFORM, "")
        if cursor is not None:
            msg = f"{trial.peer.__name__}.cannot says that nothing is told again, but the platform keeps a cursor ({cursor!r}) to be told what it has missed"
            raise WrongDeclaration(msg)


def check_declarations(peer: type[Peer]) -> None:
    """Raise WrongDeclaration where `Peer.cannot` contradicts itself or the platform."""
    name = peer.__name__
    for case, why in peer.cannot.items():
        if case not in PROTOCOL:
            may = ", ".join(sorted(each.name for each in PROTOCOL))
            msg = f"{name}.cannot must name only what is a matter of the protocol: {may} (got {case.name})"
            raise WrongDeclaration(msg)
        if not why.strip():
            msg = f"{name}.cannot must say why it cannot {case.name}"
            raise WrongDeclaration(msg)
    if peer.kind.caps.resumes and Case.REDELIVERS in peer.cannot:
        msg = f"{name}.cannot says that nothing is told again, but {peer.kind.__name__}.caps says that it resumes"
        raise WrongDeclaration(msg)
