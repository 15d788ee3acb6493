"""Start, replace and remove bots: each below a supervisor of its own.

    /bots/<id>       its supervisor: when that gives up, this bot needs an operator
    └─ v<n>          the bot itself, one actor for each load of its code

A new version is started beside the old one and takes over the desk when it is ready;
only then is the old one stopped.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
import trio
from attrs import frozen

from actors.bots import Bot, BotActor, BotDesk, BotNotLoaded, Ready
from actors.kernel import ActorContext, ActorError
from rookery.host.estate import RunningBot
from rookery.host.loading import Load
from rookery.host.parts import Parts
from supervision import (
    Backoff,
    ChildSpec,
    StartRefused,
    Supervisor,
    SupervisorActor,
    Up,
    delete_child,
    start_child,
    terminate_child,
    which_children,
)

if TYPE_CHECKING:
    from actors.kernel import Address
    from supervision import SupervisorMessage

BOTS = "/bots"
READY_SECONDS = 20.0
"""So long a new version may take until it serves: it opens what its handlers need, and waits
at most 5 s for what the old one has in hand."""
_BACKOFF = Backoff(first=0.5, cap=60.0, reset_after=60.0, give_up=8)

log = structlog.get_logger()


@frozen
class Loaded:
    """What became of loading a bot."""

    bot_id: str
    bot: Bot | BotNotLoaded


class NotStarted(Exception):
    """A bot was loaded and did not come up; one sentence."""


class BotKeeper:
    """What the manager does with bots. Each call may be repeated."""

    def __init__(self, ctx: ActorContext, parts: Parts, load: Load) -> None:
        self._ctx = ctx
        self._estate = parts.estate
        self._desks = parts.desks
        self._timetable = parts.timetable
        self._services = parts.for_bots()
        self._load = load

    def expect(self, bot_id: str) -> None:
        """Let events for this bot wait, from now on, until it is there."""
        if bot_id not in self._estate.bots:
            self._desks.expect(bot_id)

    def expect_no_more(self, bot_id: str) -> None:
        """Let nobody wait for it any more; what runs under that name runs on."""
        if bot_id not in self._estate.bots:
            self._desks.forget(bot_id)

    async def load(
        self,
        bot_id: str,
        use: str,
        folder: Path,
        send: trio.MemorySendChannel[Loaded],
    ) -> None:
        """Load a bot's code and tell *send* what became of it."""
        try:
            bot: Bot | BotNotLoaded = await self._load(use, folder)
        except BotNotLoaded as error:
            bot = error
        await send.send(Loaded(bot_id, bot))

    async def bring(self, loaded: Loaded) -> bool:
        """Let a loaded bot run, in the place of the version that runs now, if one does.

        Returns:
            Whether there was one.

        Raises:
            BotNotLoaded: its code could not be loaded.
            NotStarted: it was loaded and did not come up. Either way, what ran runs on.
        """
        bot_id, bot = loaded.bot_id, loaded.bot
        if isinstance(bot, BotNotLoaded):
            raise bot
        running = self._estate.bots.get(bot_id)
        if running is not None and not running.needs_operator:
            await self._replace(bot_id, running, bot)
            return True
        if running is not None:
            await self._take_down(bot_id, "it was loaded again")
        await self._begin(bot_id, bot)
        return running is not None

    async def remove(self, bot_id: str, why: str) -> None:
        """Stop a bot, after what it has in hand; what waits for it is failed."""
        await self._take_down(bot_id, why)
        self._timetable.withdraw(bot_id)

    async def _take_down(self, bot_id: str, why: str) -> None:
        running = self._estate.bots.pop(bot_id)
        await self._drop(self._bots(), bot_id)
        running.desk.close(why)
        self._desks.forget(bot_id)

    async def restore(self, bot_id: str, running: RunningBot) -> None:
        """Start again what is missing of a bot, after a supervisor above it was restarted."""
        await start_child(self._bots(), _supervisor_of(bot_id))
        supervisor = self._supervisor(bot_id)
        rows = await which_children(supervisor)
        if [row.id for row in rows] == [running.child]:
            return
        # None; or two, if a manager was interrupted while it replaced one by the other.
        for row in rows:
            await self._drop(supervisor, row.id)
        await start_child(supervisor, self._version(running))

    def give_up(self, bot_id: str, running: RunningBot, why: str) -> None:
        """Only a person can help this bot: take no more events for it."""
        running.needs_operator = why
        self._timetable.pause(bot_id)
        running.desk.close(f"the bot needs an operator: {why}")
        self._desks.forget(bot_id)
        log.error("bot.given_up", bot=bot_id, why=why)

    async def _begin(self, bot_id: str, bot: Bot) -> None:
        running = RunningBot(bot, BotDesk(bot_id, bot))
        await start_child(self._bots(), _supervisor_of(bot_id))
        up = await start_child(self._supervisor(bot_id), self._version(running))
        if not isinstance(up, Up):
            await self._drop(self._bots(), bot_id)
            raise NotStarted(_why(up))
        self._estate.bots[bot_id] = running
        self._desks.connect(running.desk)
        self._timetable.declare(bot_id, bot.schedules)

    async def _replace(self, bot_id: str, running: RunningBot, bot: Bot) -> None:
        supervisor = self._supervisor(bot_id)
        new = RunningBot(bot, running.desk, running.version + 1)
        up = await start_child(supervisor, self._version(new))
        if not isinstance(up, Up):
            raise NotStarted(_why(up))
        try:
            address = self._ctx.find(f"{BOTS}/{bot_id}/{new.child}", BotActor)
            await address.ask(Ready(), within=READY_SECONDS)
        except ActorError as error:
            await self._drop(supervisor, new.child)
            msg = f"it was not ready within {READY_SECONDS:g} s: {error}"
            raise NotStarted(msg) from error
        self._estate.bots[bot_id] = new
        self._timetable.declare(bot_id, bot.schedules)
        await self._drop(supervisor, running.child)

    def _version(self, running: RunningBot) -> ChildSpec:
        actor = partial(BotActor, running.bot, running.desk, self._services)
        return ChildSpec(running.child, actor, backoff=_BACKOFF)

    async def _drop(self, supervisor: Address[SupervisorMessage], child: str) -> None:
        await terminate_child(supervisor, child)
        await delete_child(supervisor, child)

    def _bots(self) -> Address[SupervisorMessage]:
        return self._ctx.find(BOTS, SupervisorActor)

    def _supervisor(self, bot_id: str) -> Address[SupervisorMessage]:
        return self._ctx.find(f"{BOTS}/{bot_id}", SupervisorActor)


def _supervisor_of(bot_id: str) -> ChildSpec:
    # One that gave up stays down and is shown with the reason, instead of being restarted
    # by the supervisor of all bots, whose own window it would trip.
    return ChildSpec(bot_id, Supervisor(max_restarts=10, needs_operator=True))


def _why(answer: object) -> str:
    if isinstance(answer, StartRefused):
        return str(answer.exception) or type(answer.exception).__name__
    return str(answer)
