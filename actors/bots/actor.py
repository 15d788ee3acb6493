"""A bot, alive: an actor that opens what its handlers need and serves its desk."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias, assert_never

from attrs import frozen

from actors.bots.bot import Bot
from actors.bots.desk import BotDesk
from actors.bots.errors import MissingDependency
from actors.bots.ports import Disk, Services
from actors.bots.providers import check_uses, opened
from actors.bots.runner import Runner
from actors.bots.voice import Voice
from actors.kernel import Actor, ActorContext, ExitReason, NeedsOperator, Query
from actors.lanes import open_lanes

LEAVE_SECONDS = 4.0
"""How long handlers in hand may go on when the bot is stopped; the stop itself has 5 s."""
WORKERS = 72
"""So many chats of one platform are served by one bot at the same time. 4 of these places
are that platform's own, whatever the others do; 4 are kept for what is urgent, and 4 more
are closed to bulk. See `actors.lanes`."""
PARKED = 1_000
"""Handlers of one bot that may wait in `ctx.ask` at the same time."""


@frozen
class Open:
    """To itself, first of all: open the providers, then take events."""


@frozen
class Ready(Query[bool]):
    """Answered with True once the bot takes events; a reload asks it of the new one."""


BotMessage: TypeAlias = Open | Ready


class BotActor(Actor[BotMessage]):
    """One incarnation of a bot.

    Providers are opened after the start, because they may talk to a network: a slow
    one delays this bot and nothing else, a failing one is a crash that is tried again.
    """

    def __init__(self, bot: Bot, desk: BotDesk, services: Services) -> None:
        self._bot = bot
        self._desk = desk
        self._services = services
        self._runner: Runner | None = None
        self._asked: list[Ready] = []

    async def start(self, ctx: ActorContext) -> None:
        """Check what can be checked without waiting.

        Raises:
            NeedsOperator: a handler uses what nobody provides.
        """
        bot, given = self._bot, self._services.provided
        try:
            check_uses(self._desk.bot, bot.handlers, {*bot.providers, *given})
        except MissingDependency as missing:
            raise NeedsOperator(str(missing)) from missing
        ctx.after(0.0, Open())

    async def handle(self, ctx: ActorContext, message: BotMessage) -> None:
        match message:
            case Open():
                await self._open(ctx)
            case Ready():
                if self._runner is None:
                    self._asked.append(message)
                else:
                    ctx.answer(message, True)
            case _:
                assert_never(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        """Let what is in hand end, for a while."""
        if self._runner is not None:
            await self._desk.release(self._runner, LEAVE_SECONDS)

    async def _open(self, ctx: ActorContext) -> None:
        bot, desk, disk = self._bot, self._desk, self._services.disk
        dependencies = await ctx.enter(opened(bot.providers, self._services.provided))
        runner = Runner(Voice(bot, desk.bot, self._services), desk, dependencies)
        await ctx.enter(desk.returning(runner))
        runner.lanes = await ctx.enter(
            open_lanes(
                runner.serve,
                runner.ended,
                workers=WORKERS,
                parked=PARKED,
                held=disk.in_trouble,
            )
        )
        await ctx.enter(_listening(disk, runner.lanes.go_on))
        await ctx.enter(desk.serving(runner))
        self._runner = runner
        ctx.log.info("bot.ready", bot=desk.bot, handlers=len(bot.handlers))
        for question in self._asked:
            ctx.answer(question, True)
        self._asked.clear()


@asynccontextmanager
async def _listening(disk: Disk, ring: Callable[[], None]) -> AsyncIterator[None]:
    """Have *ring* called while the block lasts."""
    disk.on_mended(ring)
    try:
        yield
    finally:
        disk.off_mended(ring)
