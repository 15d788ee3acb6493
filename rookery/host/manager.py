"""The runtime manager: makes what runs equal to what is configured, and keeps it so.

It keeps nothing that must survive it: what should run is the `Estate`, and a new manager
goes on with that. A supervisor that was restarted has forgotten the children that were
added to it at run time; the manager, which watches it, hears of its end (`Down`), waits a
little, and adds them again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, assert_never

import trio
from attrs import frozen

from actors.bots import BotNotLoaded
from actors.kernel import (
    Actor,
    ActorContext,
    ActorError,
    AddressNotFound,
    Down,
    Mailbox,
    Query,
)
from rookery.config import ConfigRefused, Configuration
from rookery.host.bots import BOTS, BotKeeper, Loaded, NotStarted
from rookery.host.changes import changes
from rookery.host.estate import Estate, Report, RunningBot
from rookery.host.loading import Reread
from rookery.host.platforms import PLATFORMS, PlatformKeeper, PlatformRefused
from supervision import ChildState, SupervisorActor, which_children

RESTORE_SECONDS = 1.0
"""So long after something ended the manager looks what is missing."""


@frozen
class Apply:
    """To itself: bring up what is configured, for the first time."""


@frozen
class Restore:
    """To itself: look what is missing, and bring it back."""


@frozen
class Reload(Query[Report]):
    """Read the configuration again, and apply it."""


@frozen
class HangUp:
    """A SIGHUP came: reload, and nobody waits for the report."""


ManagerMessage: TypeAlias = Apply | Restore | Reload | HangUp | Down

Keepers: TypeAlias = Callable[[ActorContext], tuple[BotKeeper, PlatformKeeper]]


class Manager(Actor[ManagerMessage]):
    """Lives at `/manager`."""

    mailbox = Mailbox(capacity=64)

    def __init__(self, estate: Estate, reread: Reread, keepers: Keepers) -> None:
        self._estate = estate
        self._reread = reread
        self._make_keepers = keepers
        self._restoring = False
        self._watched: set[str] = set()

    async def start(self, ctx: ActorContext) -> None:
        self._bots, self._platforms = self._make_keepers(ctx)
        ctx.after(0.0, Restore() if self._estate.settled.is_set() else Apply())

    async def handle(self, ctx: ActorContext, message: ManagerMessage) -> None:
        match message:
            case Apply():
                await self._apply(ctx, self._estate.configuration)
                self._estate.settled.set()
                await self._restore(ctx)
            case Restore():
                self._restoring = False
                await self._restore(ctx)
            case Reload():
                report = await self._reload(ctx)
                ctx.answer(message, report)
                await self._restore(ctx)
            case HangUp():
                await self._reload(ctx)
                await self._restore(ctx)
            case Down(address):
                self._watched.discard(address.path)
                self._restore_soon(ctx)
            case _:
                assert_never(message)

    # --- what is configured ------------------------------------------------------------

    async def _reload(self, ctx: ActorContext) -> Report:
        estate = self._estate
        try:
            found = await self._reread()
        except ConfigRefused as refused:
            return self._refuse(ctx, *map(str, refused.faults))
        if found.data != estate.configuration.data:
            fault = (
                f"host.data: expected {estate.configuration.data}, where this host runs, "
                f"got {found.data} (stop the host and start it again to move it)"
            )
            return self._refuse(ctx, fault)
        before, after = estate.configuration.settings.host, found.settings.host
        if after.durability != before.durability:
            fault = (
                f'host.durability: expected "{before.durability}", as this host runs, '
                f'got "{after.durability}" (stop the host and start it again to change it)'
            )
            return self._refuse(ctx, fault)
        report = await self._apply(ctx, found)
        ctx.log.info(
            "config.applied",
            bots=dict(report.bots),
            platforms=dict(report.platforms),
            faults=list(report.faults),
        )
        return report

    def _refuse(self, ctx: ActorContext, *faults: str) -> Report:
        ctx.log.warning("config.refused", faults=list(faults))
        return Report(faults=faults, refused=True)

    async def _apply(self, ctx: ActorContext, found: Configuration) -> Report:
        estate = self._estate
        estate.configuration = found
        estate.faults.clear()
        for bot_id in found.settings.bots:
            self._bots.expect(bot_id)
        # Platforms first: events are accepted while bots are still being loaded, and wait
        # for them at their desks.
        platforms = await self._apply_platforms(ctx, found)
        bots = await self._apply_bots(ctx, found)
        faults = tuple(f"{path}: {why}" for path, why in estate.faults.items())
        return Report(bots=bots, platforms=platforms, faults=faults)

    async def _apply_bots(
        self, ctx: ActorContext, found: Configuration
    ) -> dict[str, list[str]]:
        wanted = found.settings.bots
        done: dict[str, list[str]] = {"added": [], "reloaded": [], "removed": []}
        for bot_id in [each for each in self._estate.bots if each not in wanted]:
            await self._bots.remove(bot_id, "the bot was removed")
            done["removed"].append(bot_id)
        send, receive = trio.open_memory_channel[Loaded](len(wanted))
        async with trio.open_nursery() as nursery:
            for bot_id, settings in wanted.items():
                nursery.start_soon(
                    self._bots.load, bot_id, settings.use, found.folder, send
                )
            for _ in wanted:  # in the order in which they are ready: one may hang
                loaded = await receive.receive()
                use = wanted[loaded.bot_id].use
                try:
                    was_there = await self._bots.bring(loaded)
                except (BotNotLoaded, NotStarted, ActorError) as error:
                    why = error.why if isinstance(error, BotNotLoaded) else str(error)
                    self._fault(ctx, f"bots.{loaded.bot_id}", use, why)
                    self._bots.expect_no_more(loaded.bot_id)
                else:
                    kind = "reloaded" if was_there else "added"
                    done[kind].append(loaded.bot_id)
        return done

    async def _apply_platforms(
        self, ctx: ActorContext, found: Configuration
    ) -> dict[str, list[str]]:
        wanted = found.settings.platforms
        self._platforms.bind_ingress(found.settings)
        todo = changes(self._estate.platforms, wanted)
        adjusted = [
            each for each in todo.changed if self._platforms.adjust(each, wanted[each])
        ]
        changed = [each for each in todo.changed if each not in adjusted]
        for platform_id in (*todo.removed, *changed):
            await self._platforms.remove(platform_id)
        for platform_id in (*changed, *todo.added):
            try:
                await self._platforms.bring(platform_id, wanted[platform_id])
            except (PlatformRefused, ActorError) as error:
                self._fault(ctx, f"platforms.{platform_id}", "", str(error))
        return {
            "added": list(todo.added),
            "changed": changed,
            "adjusted": adjusted,
            "removed": list(todo.removed),
            "retried": await self._try_again(ctx, todo.kept),
        }

    async def _try_again(self, ctx: ActorContext, kept: Iterable[str]) -> list[str]:
        """Begin again those platforms that wait for an operator, and return their ids.

        Whoever asks for a reload may have mended what was wrong with them.
        """
        tried = []
        for platform_id in kept:
            try:
                if await self._platforms.try_again(platform_id):
                    tried.append(platform_id)
            except ActorError as error:
                self._fault(ctx, f"platforms.{platform_id}", "", str(error))
        return tried

    def _fault(self, ctx: ActorContext, path: str, use: str, why: str) -> None:
        self._estate.faults[path] = f"{use}: {why}" if use else why
        ctx.log.error("config.not_applied", path=path, use=use, why=why)

    # --- what should run ----------------------------------------------------------------

    def _restore_soon(self, ctx: ActorContext) -> None:
        if not self._restoring:
            self._restoring = True
            ctx.after(RESTORE_SECONDS, Restore())

    async def _restore(self, ctx: ActorContext) -> None:
        """Give restarted supervisors their children again, and watch what runs."""
        try:
            await self._restore_bots(ctx)
            await self._platforms.restore()
        except (PlatformRefused, ActorError) as error:
            # A supervisor is down itself at the moment, or busy with something slow; or
            # a stranger's platform could be made before and cannot now.
            ctx.log.warning("manager.restore_delayed", why=str(error))
            self._restore_soon(ctx)
        self._watch(ctx)

    async def _restore_bots(self, ctx: ActorContext) -> None:
        rows = {
            row.id: row for row in await which_children(ctx.find(BOTS, SupervisorActor))
        }
        for bot_id, running in self._estate.bots.items():
            if running.needs_operator:
                continue
            row = rows.get(bot_id)
            if row is not None and row.state is ChildState.NEEDS_OPERATOR:
                self._give_up(ctx, bot_id, running, row.why)
            else:
                await self._bots.restore(bot_id, running)
                await self._see_to(ctx, bot_id, running)

    async def _see_to(
        self, ctx: ActorContext, bot_id: str, running: RunningBot
    ) -> None:
        """Give the bot up if its actor says that only an operator can help."""
        supervisor = ctx.find(f"{BOTS}/{bot_id}", SupervisorActor)
        for row in await which_children(supervisor):
            if row.state is ChildState.NEEDS_OPERATOR:
                self._give_up(ctx, bot_id, running, row.why)

    def _give_up(
        self, ctx: ActorContext, bot_id: str, running: RunningBot, why: str
    ) -> None:
        self._bots.give_up(bot_id, running, why)
        self._estate.faults[f"bots.{bot_id}"] = f"needs an operator: {why}"
        # What its supervisor shows is that it is down; what a person wants to know is why.
        cell = ctx.find(f"{BOTS}/{bot_id}").cell
        cell.phase, cell.note = "needs_operator", why

    def _watch(self, ctx: ActorContext) -> None:
        paths = [BOTS, PLATFORMS]
        for bot_id, running in self._estate.bots.items():
            if not running.needs_operator:
                paths += [f"{BOTS}/{bot_id}", f"{BOTS}/{bot_id}/{running.child}"]
        for path in paths:
            if path not in self._watched:
                try:
                    ctx.watch(ctx.find(path))
                except AddressNotFound:
                    self._restore_soon(ctx)
                else:
                    self._watched.add(path)
