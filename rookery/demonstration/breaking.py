"""What breaks the demo's host every few seconds, and looks at it every second.

Its parts are killed by a chaos plan through the control socket, as `rookery chaos` does
it; the line to the scripted peer is cut from the peer's end.
"""

from __future__ import annotations

from secrets import token_hex

import trio
from attrs import define, field

from rookery.control import (
    MAX_LISTED,
    BeginChaos,
    HealChaos,
    ListOutbox,
    LookAtChaos,
    Request,
    Tree,
)
from rookery.demonstration.books import Books
from rookery.demonstration.host import DemoHost
from rookery.demonstration.peer import ScriptedPeer
from rookery.demonstration.settings import PLAN

LOOK_SECONDS = 1.0
CUT_FIRST_SECONDS, CUT_EVERY_SECONDS = 4.0, 11.0
A_YEAR = 365 * 86_400.0
"""A plan must have an end, and this one is healed when the demo ends."""


@define
class Breaker:
    """Breaks the host; `looks` and `cuts` are two tasks that run until they are cancelled."""

    _host: DemoHost
    _peer: ScriptedPeer
    _books: Books
    _calm: bool = field(kw_only=True)
    heals: bool = field(default=False, init=False)
    """Set by whoever wants to end: nothing more is broken then."""
    done: bool = field(init=False)
    """Whether nothing is broken any more, and everybody is back."""
    _campaign: str = field(factory=lambda: token_hex(8), init=False)
    _begun: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self.done = self._calm

    async def looks(self) -> None:
        unknown = ListOutbox(states=("unknown",), limit=MAX_LISTED)
        while True:
            if self._peer.connected or self._begun:
                self._books.note_tree(await self._host.asked(Tree()))
                self._books.note_unknown(await self._host.asked(unknown))
                if not self._calm:
                    await self._break()
                    self._books.note_faults(self._host)
            await trio.sleep(LOOK_SECONDS)

    async def _break(self) -> None:
        report = await self._host.asked(self._request())
        if report is None:
            return
        self._begun = True
        self._books.note_restarts(report)
        self.done = report["phase"] == "done"

    def _request(self) -> Request:
        if not self._begun:
            return BeginChaos(self._campaign, PLAN, A_YEAR)
        if self.heals:
            return HealChaos(self._campaign)
        return LookAtChaos(self._campaign)

    async def cuts(self) -> None:
        seconds = CUT_FIRST_SECONDS
        while not self._calm:
            await trio.sleep(seconds)
            if self.heals:
                return
            if self._peer.connected:
                self._peer.cut()
                self._books.broke("cut the line to the OneBot peer")
            seconds = CUT_EVERY_SECONDS
