"""A lab: a whole host on a virtual clock, one platform, its peer, and somebody who asks.

async with lab.open(TinyPeer, bot) as chat:
    await chat.says("/weather 上海")
    chat.cut_when_heard()
    ...
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import ContextVar

import trio

from actors.kernel import ExitReason, LifeEnded
from actors.messages import OutboundState
from actors.monitor import ConnectionChanged, ConnectionState, Phase
from rookery.testing import portal
from rookery.testing.lab.house import PLATFORM, House, is_session
from rookery.testing.lab.network import LabNetwork, Line, NobodyListens
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.people import People
from rookery.testing.lab.values import Heard, Said, TooMany
from rookery.testing.lab.wires import Gone

REDIAL_SECONDS = 3.0
"""How long a peer that dials waits before it dials again (OneBot's default)."""
LOOK_SECONDS = 1.0

_AWAY = (Gone, NobodyListens, trio.BrokenResourceError, trio.ClosedResourceError)
"""What a peer raises whose platform is not there."""

_line: ContextVar[Line] = ContextVar("line")


class Lab:
    """What a test sees of the host and its platform, and does to them. Made by `open`."""

    def __init__(self, peer: Peer, tasks: trio.Nursery) -> None:
        self.peer = peer
        self.story: deque[str] = deque(maxlen=1000)
        """What happened, a line for each event."""
        self.network = LabNetwork(self._serve, tasks, self.note)
        self.people = People(self.note)
        self.attempts: list[Heard] = []
        """Everything that the peer was told to show, repetitions included."""
        self.heard: list[Heard] = []
        """What people have seen of us: what has the same key, once."""
        self.lost: list[str] = []
        """What was on its way when its line was cut, so that nobody has heard it."""
        self.refused_at: float | None = None
        """The instant at which the peer has refused something as too much."""
        self.mute = False
        """Whether the peer no longer answers what it hears."""
        self.slow = 0.0
        """How many seconds the peer takes before it lets the platform in."""
        self.waits = False
        """Whether a platform has had to wait because of `slow` since that was set."""
        self.ends: list[ExitReason] = []
        """Why each life of the session has ended."""
        self.house: House
        self._tasks = tasks
        self._numbers = 0
        self._cut_when_heard = 0
        self._lose = 0
        self._too_many: TooMany | None = None
        self._news = trio.Event()

    # --- what happens ---------------------------------------------------------------------

    def note(self, what: str) -> None:
        """Write into the story."""
        self.story.append(f"{trio.current_time():10.2f} s  {what}")
        self._news.set()
        self._news = trio.Event()

    @property
    def texts(self) -> list[str]:
        """What people have seen of us, in order."""
        return [heard.text for heard in self.heard]

    @property
    def handled(self) -> list[str]:
        """The texts that the bot has handled, in order."""
        return self.people.handled

    @property
    def state(self) -> ConnectionState:
        """How the connection of the platform stands."""
        states = self.house.parts.board.states()
        ours = [
            (at, account, state)
            for (platform, account), (state, at) in states.items()
            if platform == PLATFORM and (account or not self.peer.visits())
        ]
        if not ours:
            return ConnectionState(Phase.STARTING)
        return max(ours, key=lambda each: (each[0], each[1]))[2]

    @property
    def is_up(self) -> bool:
        """Whether something can be said through the platform now."""
        return any(
            platform == PLATFORM for platform, _ in self.house.parts.lines.accounts()
        )

    async def until(self, holds: Callable[[], object], within: float) -> bool:
        """Wait until *holds* is true, at most *within* virtual seconds; say whether it is."""
        with trio.move_on_after(within):
            while not holds():
                with trio.move_on_after(LOOK_SECONDS):
                    await self._news.wait()
            await portal.settle()
            return True
        return bool(holds())

    async def up(self, within: float = 900.0) -> None:
        """Wait until something can be said."""
        if not await self.until(lambda: self.is_up, within):
            msg = f"the connection must be up within {within:g} s (it is {self.state})"
            raise AssertionError(msg)

    # --- what people do -------------------------------------------------------------------

    def thinks(self, text: str, room: int = 1, person: int = 1) -> Said:
        """Return a message with the next number; the peer has told it to nobody yet."""
        self._numbers += 1
        return Said(self._numbers, text, room, person)

    async def says(self, text: str, room: int = 1, person: int = 1) -> Said:
        """Have a person say *text*; return once the peer has told every connection."""
        said = self.thinks(text, room, person)
        await self.tells(said)
        return said

    async def tells(self, said: Said) -> None:
        """Have the peer tell *said*, whether it was told before or not."""
        again = "again" if said in self.peer.told else "now"
        self.note(f"the peer tells {again}: #{said.number} {said.text!r}")
        if said not in self.peer.told:
            self.peer.told.append(said)
        with suppress(*_AWAY):
            await self.peer.says(said)

    async def shouts(self, raw: bytes) -> None:
        """Have the peer put *raw* on the wire, as one frame."""
        with suppress(*_AWAY):
            await self.peer.shouts(raw)

    @property
    def taken(self) -> int:
        """How many bytes of the peer's the host has read so far."""
        return sum(line.theirs.arrived for line in self.network.lines)

    # --- what is done to the line -----------------------------------------------------------

    def cut(self) -> None:
        """Cut every connection, without a goodbye."""
        self.note("every line is cut")
        for line in self.network.open_lines:
            line.theirs.cut()

    def stall(self) -> list[Line]:
        """Let nothing arrive any more on the connections that are open; return these."""
        self.note("nothing arrives any more")
        stalled = self.network.open_lines
        for line in stalled:
            line.theirs.stall()
        return stalled

    def cut_when_heard(self, times: int = 1) -> None:
        """Cut the line when something is heard the next time, before it is answered."""
        self._cut_when_heard = times

    def lose(self, times: int = 1) -> None:
        """Cut the line when something would be heard the next time: nobody hears it."""
        self._lose = times

    def is_too_much(self, after: float | None) -> None:
        """Have the peer refuse the next thing that it hears."""
        self._too_many = TooMany(after)

    def cancel(self) -> None:
        """Kill the session where it stands; its supervisor begins another one."""
        for life in self.house.sessions():
            life.kill()

    # --- what is left -----------------------------------------------------------------------

    def leftovers(self) -> list[str]:
        """Say what former sessions have left behind: connections, requests, tasks."""
        found = [
            f"a connection whose {'peer' if line.ours.left else 'session'} is gone is still open"
            for line in self.network.open_lines
            if line.ours.left
            or (line.life is not None and line.life < self.network.life)
        ]
        sending = self.house.journal.counts().sending
        if sending:
            found.append(f"{sending} messages still wait for an answer")
        found += [
            f"{path} would not end"
            for path, cell in self.house.system.cells.items()
            if cell.phase == "zombie"
        ]
        return found

    # --- the stage of the peer --------------------------------------------------------------

    async def hears(self, room: int, text: str, key: str | None) -> None:
        """See `Peer.hears`."""
        if self._lose:
            self._lose -= 1
            self.lost.append(text)
            self.note(f"{text!r} is lost: the line is cut before anybody hears it")
            _line.get().theirs.cut()
            raise Gone
        heard = Heard(room, text, key, trio.current_time())
        known = key is not None and any(key == each.key for each in self.heard)
        self.attempts.append(heard)
        if not known:
            self.heard.append(heard)
        self.note(f"the peer hears {'again ' if known else ''}{text!r} ({key})")
        if self._cut_when_heard:
            self._cut_when_heard -= 1
            self.note("... and the line is cut before it has answered")
            _line.get().theirs.cut()
        if self.mute:
            await trio.sleep_forever()
        await trio.lowlevel.checkpoint()

    def refusal(self) -> TooMany | None:
        """See `Peer.refusal`."""
        refusal, self._too_many = self._too_many, None
        if refusal is not None:
            self.refused_at = trio.current_time()
            self.note(f"the peer says that it is too much: {refusal.after}")
        return refusal

    async def lets_in(self) -> None:
        """See `Peer.lets_in`."""
        if self.slow:
            self.waits = True
            self.note("the peer has not let it in yet")
            await trio.sleep(self.slow)
        await trio.lowlevel.checkpoint()

    def dial(self) -> trio.abc.Stream:
        """See `Peer.dial`."""
        return self.network.visit().theirs

    async def _serve(self, line: Line) -> None:
        await self._converse(line, self.peer.serve)

    async def _converse(
        self, line: Line, live: Callable[[trio.abc.Stream], Awaitable[None]]
    ) -> None:
        _line.set(line)
        try:
            await live(line.theirs)
        except* _AWAY:  # in a group, where the peer has a nursery
            pass
        await line.theirs.aclose()
        self.note("the peer closes a connection")

    async def visits(self) -> None:
        """Have the peer dial, again and again."""
        while True:
            with suppress(NobodyListens):
                if not self.network.away:
                    await self._converse(self.network.visit(), self.peer.visit)
            await trio.sleep(REDIAL_SECONDS)

    # --- the host ---------------------------------------------------------------------------

    def witness(self, event: object) -> None:
        """Hear what the kernel tells of its lives."""
        if isinstance(event, LifeEnded) and is_session(event.path):
            self.network.life += 1
            self.ends.append(event.reason)
            self.note(f"a session has ended: {event.reason}")

    def changed(self, change: ConnectionChanged) -> None:
        """Hear how a connection stands."""
        if change.platform == PLATFORM:
            self.note(f"{change.account or 'the platform'} is {change.after}")

    @property
    def unknown(self) -> bool:
        """Whether the outcome of any message is unknown."""
        return any(r.state is OutboundState.UNKNOWN for r in self.people.receipts)
