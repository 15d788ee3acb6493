"""A bot in memory: events in, replies out, on whatever clock the test runs.

It stands in for journal, router and outbox with the least that obeys their promises:
rows in order, one settle each (checked against the table of lives), the same key is
the same message.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count

import trio
from attrs import define, field
from structlog.contextvars import get_contextvars
from structlog.typing import EventDict

from actors.bots import (
    Bot,
    BotActor,
    BotDesk,
    CallAction,
    HandlerFault,
    Ready,
    Services,
)
from actors.bots.calling import no_connections
from actors.journal import InboundRow
from actors.kernel import System, current_facts, current_trace
from actors.messages import (
    FINAL_INBOUND,
    Chat,
    ChatKind,
    Inbound,
    InboundState,
    Outbound,
    OutboundState,
    Outcome,
    Role,
    Segment,
    Sender,
    Text,
    check_inbound,
    plain_text,
)
from actors.schedule import Later, TooManyLaters, event_of, run_of
from actors.tracker import Receipt

ROOM = Chat(ChatKind.GROUP, "42")


def told() -> dict[str, object]:
    """Return what the host adds to a log line that is written here."""
    facts = {"trace": current_trace(), **current_facts()}
    return {**get_contextvars(), **facts}


def add_told(_: object, __: str, fields: EventDict) -> EventDict:
    """Add it, as `rookery.logs` does."""
    return {**told(), **fields}


@define(eq=False)
class Posted:
    """A row that was handed to the bot, and what became of it."""

    row: InboundRow
    states: list[InboundState] = field(factory=lambda: [InboundState.CLAIMED])
    why: str = ""
    bound: dict[str, object] = field(factory=dict)
    """What was bound for log lines where it was settled."""
    _settled: trio.Event = field(factory=trio.Event)

    @property
    def state(self) -> InboundState:
        return self.states[-1]

    def settle(self, state: InboundState, why: str) -> None:
        check_inbound(self.state, state)
        self.states.append(state)
        self.why = why
        self.bound = dict(get_contextvars())
        if state in FINAL_INBOUND:
            self._settled.set()

    async def settled(self) -> InboundState:
        await self._settled.wait()
        return self.state


class FakeOutbox:
    """Writes down what is said, once per key."""

    def __init__(self) -> None:
        self.said: dict[str, Outbound] = {}
        self.calls = 0
        self.withdrawn: list[str] = []
        self._heard = trio.Event()

    async def say(self, out: Outbound) -> Receipt:
        assert len(out.key) <= 25
        await trio.lowlevel.checkpoint()
        self.calls += 1
        self.said.setdefault(out.key, out)
        self._heard.set()
        self._heard = trio.Event()
        return Receipt(out.key, out.to, Outcome(OutboundState.QUEUED), out.change)

    def withdraw(self, key: str, why: str) -> bool:
        self.withdrawn.append(key)
        return True

    @property
    def texts(self) -> list[str]:
        return [plain_text(out.body) for out in self.said.values()]

    async def until(self, number: int) -> list[str]:
        while len(self.said) < number:
            await self._heard.wait()
        return self.texts


class FakeLaters:
    """Writes down what is to be run later; a test says when that is."""

    def __init__(self) -> None:
        self.kept: dict[str, Later] = {}
        self.full = False

    def now(self) -> float:
        return 1_000_000.0 + trio.current_time()

    async def keep(self, later: Later) -> None:
        if self.full:
            raise TooManyLaters(later.bot, str(later.to), 3)
        self.kept.setdefault(later.id, later)


class FakeDisk:
    """Is in trouble when a test says so."""

    def __init__(self) -> None:
        self.trouble = False
        self.rings: list[Callable[[], None]] = []

    def in_trouble(self) -> bool:
        return self.trouble

    def on_mended(self, ring: Callable[[], None]) -> None:
        self.rings.append(ring)

    def off_mended(self, ring: Callable[[], None]) -> None:
        self.rings.remove(ring)

    def mend(self) -> None:
        self.trouble = False
        for ring in tuple(self.rings):
            ring()


class Room:
    """The host, as far as a bot can tell."""

    def __init__(
        self,
        bot: Bot,
        *,
        operators: frozenset[tuple[str, str]] = frozenset(),
        provided: Mapping[str, object] | None = None,
        call: CallAction = no_connections,
    ) -> None:
        self.outbox = FakeOutbox()
        self.laters = FakeLaters()
        self.disk = FakeDisk()
        self.faults: list[HandlerFault] = []
        self.services = Services(
            outbox=self.outbox,
            laters=self.laters,
            journal=lambda: "j1",
            disk=self.disk,
            call=call,
            is_operator=lambda platform, user: (platform, user) in operators,
            on_fault=self.faults.append,
            provided=provided or {},
        )
        self.bot = bot
        self.desk = BotDesk(bot.name, bot)
        self._rows = count(1)

    @property
    def texts(self) -> list[str]:
        return self.outbox.texts

    def event(
        self, event: Inbound, *, platform: str = "qq", account: str = "10001"
    ) -> Posted:
        """Hand in any event, as the router would."""
        number = next(self._rows)
        now = trio.current_time()
        posted = Posted(InboundRow(number, platform, account, event, f"t{number}", now))
        if self.desk.wants(posted.row):
            self.desk.put(posted.row, posted.settle)
        else:
            posted.settle(InboundState.DONE, "not wanted")
        return posted

    def says(
        self,
        *body: str | Segment,
        user: str = "7",
        chat: Chat = ROOM,
        role: Role = Role.MEMBER,
        is_bot: bool = False,
        from_self: bool = False,
        platform: str = "qq",
    ) -> Posted:
        """Somebody says something."""
        parts = tuple(Text(part) if isinstance(part, str) else part for part in body)
        message = Inbound(
            f"m{trio.current_time()}",
            chat=chat,
            sender=Sender(user, role=role, is_bot=is_bot),
            body=parts,
            from_self=from_self,
        )
        return self.event(message, platform=platform)

    def comes_due(self, later: Later) -> Posted:
        """It is time for *later*."""
        return self.event(
            event_of(later), platform=later.platform, account=later.account
        )

    def runs(self, handler: str, due: float = 0.0) -> Posted:
        """It is time for a schedule of the bot."""
        [schedule] = [one for one in self.bot.schedules if one.handler == handler]
        event = run_of(self.desk.bot, schedule, due, 0)
        account = f"{self.desk.bot}/{handler}"
        return self.event(event, platform="schedule", account=account)

    async def hears(self, *body: str | Segment, user: str = "7") -> list[str]:
        """Somebody says something; return what was said once that is handled."""
        before = len(self.texts)
        await self.says(*body, user=user).settled()
        return self.texts[before:]


@asynccontextmanager
async def running(
    bot: Bot,
    *,
    operators: frozenset[tuple[str, str]] = frozenset(),
    provided: Mapping[str, object] | None = None,
    call: CallAction = no_connections,
) -> AsyncIterator[Room]:
    """Run *bot* as the root of a system of its own, until it is ready."""
    room = Room(bot, operators=operators, provided=provided, call=call)
    async with living(bot, room):
        yield room


@asynccontextmanager
async def living(bot: Bot, room: Room) -> AsyncIterator[System]:
    """Run one incarnation of *bot* at the desk of *room*."""
    async with System(lambda: BotActor(bot, room.desk, room.services)) as system:
        assert await system.find("/", BotActor).ask(Ready(), within=20)
        yield system
