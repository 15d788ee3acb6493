"""The sender: one pump for each account that is connected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import copy_context
from typing import TypeAlias, assert_never

import structlog
import trio
from attrs import frozen

from actors.buffer import Outbox
from actors.journal import AccountKey, Claim, Journal
from actors.kernel import Actor, ActorContext, ExitReason, Query
from actors.sender.line import Line
from actors.sender.lines import Lines
from actors.sender.pump import Pump

log = structlog.get_logger()


@frozen
class TryAgain:
    """To itself: a time has come that something of this account waited for."""

    account: AccountKey


@frozen
class DrainSends(Query[int]):
    """Begin nothing new and wait for the answers to what is on the wire.

    The answer is how many were still missing after *within* seconds; they are unknown.
    """

    within: float


SenderMessage: TypeAlias = TryAgain | DrainSends


class Sender(Actor[SenderMessage]):
    """Lives at `/core/sender`. A new incarnation frees what its predecessor had claimed.

    Work is pulled: the journal rings the account's pump, which claims at once; a worker
    takes what is committed. No message goes through this actor's mailbox on the way.
    """

    def __init__(self, journal: Journal, outbox: Outbox, lines: Lines) -> None:
        self._journal = journal
        self._outbox = outbox
        self._lines = lines
        self._pumps: dict[AccountKey, Pump] = {}
        self._draining = False
        self._quiet: trio.Event | None = None
        self._make_pump: Callable[[AccountKey], Pump] | None = None

    async def start(self, ctx: ActorContext) -> None:
        claim = Claim(ctx.path, ctx.incarnation)
        await self._outbox.release(claim)
        nursery = await ctx.enter(trio.open_nursery())

        # Lines are connected in the task of a connection; a pump is made in our context.
        own = copy_context()

        def make_pump(account: AccountKey) -> Pump:
            return own.run(
                Pump,
                nursery,
                account,
                claim=claim,
                outbox=self._outbox,
                lines=self._lines,
                clock=ctx.system.clock,
                # The pump may be rung in the task of a speaker: without this context our
                # timer would carry that one's trace.
                later=lambda seconds: own.run(ctx.after, seconds, TryAgain(account)),
                settled=self._hush,
                paused=self._draining,
            )

        self._make_pump = make_pump
        await ctx.enter(self._listening())
        for account in self._lines.accounts():
            self._changed(account, None)

    async def handle(self, ctx: ActorContext, message: SenderMessage) -> None:
        match message:
            case TryAgain(account):
                pump = self._pumps.get(account)
                if pump is not None:
                    pump.look_again()
            case DrainSends(within):
                ctx.answer(message, await self._drain(within))
            case _:
                assert_never(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        self._draining = True
        self._pause()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        """Listen to journal and lines as long as this incarnation lives."""
        # Kept: a bound method is a new object each time it is looked up, and listeners are
        # compared by identity.
        ring = self._ring
        changed = self._changed
        self._journal.on_outbound(ring)
        self._lines.on_change(changed)
        try:
            yield
        finally:
            self._journal.off_outbound(ring)
            self._lines.off_change(changed)
            for pump in self._pumps.values():
                pump.end()  # what has not left is given back

    def _ring(self, account: AccountKey) -> None:
        pump = self._pumps.get(account)
        if pump is None or self._draining:
            return
        try:
            pump.ring()
        except Exception:  # the one who rings is a speaker, and not to blame
            log.exception(
                "sender.claim_failed", platform=account[0], account=account[1]
            )

    def _changed(self, account: AccountKey, lost: Line | None) -> None:
        pump = self._pumps.get(account)
        if pump is not None and lost is not None:
            pump.lose(lost)
        terms = self._lines.terms(account)
        if terms is None:
            self._outbox.connected(account, 0.0)
        else:
            self._outbox.connected(account, terms.idempotent_for, terms.keys_since)
        if terms is None:
            if pump is not None:
                pump.dismiss()
                del self._pumps[account]
            return
        if pump is None and self._make_pump is not None:
            pump = self._pumps[account] = self._make_pump(account)
        if pump is not None:
            pump.ring()

    async def _drain(self, within: float) -> int:
        self._draining = True
        self._pause()
        with trio.move_on_after(within):
            while self._on_the_wire():
                self._quiet = trio.Event()
                await self._quiet.wait()
        missing = self._on_the_wire()
        if missing:
            for pump in self._pumps.values():
                pump.abandon()
            log.warning(
                "sender.answers_missing", deliveries=missing, within_seconds=within
            )
        return missing

    def _pause(self) -> None:
        for pump in self._pumps.values():
            pump.pause()

    def _on_the_wire(self) -> int:
        return sum(pump.on_the_wire for pump in self._pumps.values())

    def _hush(self) -> None:
        if self._quiet is not None:
            self._quiet.set()
            self._quiet = None
