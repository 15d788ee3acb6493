"""What is asked before a handler runs: is it too late? may they? how often? do the words fit?

In this order, so that somebody who may not use a command spends nobody's allowance. Whoever
used a command is told what was wrong. What is not for an `on` or `match` handler is only
logged, because nobody asked for anything.
"""

from __future__ import annotations

from collections.abc import Hashable

import structlog
import trio

from actors.bots.context import Context
from actors.bots.handlers import Handler
from actors.bots.helping import refused, too_many, wrong_arguments
from actors.bots.matching import Match
from actors.bots.permissions import Permission, allowed
from actors.bots.rates import Windows
from actors.bots.turn import Turn
from actors.bots.voice import Voice
from actors.journal import InboundRow
from actors.messages import InboundState, Rate, Scope

REFUSAL_SECONDS = 600.0
"""Somebody who may not use a command is told so once in this time."""

log = structlog.get_logger()


class Gate:
    """Lets events through to handlers, and remembers who was told what."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._refusals = Windows(Rate(0, REFUSAL_SECONDS))
        self._windows = {
            handler: Windows(handler.rate)
            for handler in voice.bot.handlers
            if handler.rate is not None
        }

    async def admitted(self, turn: Turn) -> tuple[Match, ...]:
        """Return those matches of *turn* that may run, and tell people about the rest."""
        return tuple([match for match in turn.matches if await self._pass(match, turn)])

    async def _pass(self, match: Match, turn: Turn) -> bool:
        handler, now = match.handler, trio.current_time()
        return (
            self._in_time(handler, turn, now)
            and await self._permitted(handler, turn, now)
            and await self._within_rate(handler, turn, now)
            and await self._fitting(match, turn)
        )

    # Each of these says whether *handler* may run and, if not, sets why for the row.

    def _in_time(self, handler: Handler, turn: Turn, now: float) -> bool:
        age = now - turn.row.received_at
        if age <= handler.max_age:
            return True
        log.warning(
            "handler.event_expired", handler=handler.name, age_seconds=round(age, 1)
        )
        if len(turn.matches) == 1:
            turn.state = InboundState.EXPIRED
        turn.why = f"{age:.0f} s old, older than {handler.max_age:g} s"
        return False

    async def _permitted(self, handler: Handler, turn: Turn, now: float) -> bool:
        row = turn.row
        sender = row.event.sender
        operator = handler.permission is Permission.OPERATOR and (
            sender is not None
            and self._voice.services.is_operator(row.platform, sender.id)
        )
        if allowed(handler.permission, sender, operator=operator):
            return True
        turn.why = f"refused: {handler.name} is for {handler.permission.value}"
        who = (handler.name, row.platform, row.event.chat, sender and sender.id)
        refusal = self._refusals.take(who, now)
        if refusal is not None and refusal.first:
            log.info("handler.refused", handler=handler.name)
            await self._tell(turn, handler, "refused", refused(handler))
        return False

    async def _within_rate(self, handler: Handler, turn: Turn, now: float) -> bool:
        windows = self._windows.get(handler)
        if windows is None or handler.rate is None:
            return True
        beyond = windows.take(_sharing(handler.rate, turn.row), now)
        if beyond is None:
            return True
        turn.why = f"beyond {handler.rate}"
        if beyond.first:
            log.info("handler.rate_exceeded", handler=handler.name)
            await self._tell(turn, handler, "rate", too_many(handler, beyond))
        return False

    async def _fitting(self, match: Match, turn: Turn) -> bool:
        if match.wrong is None:
            return True
        turn.why = "wrong arguments"
        told = wrong_arguments(match.handler, match.wrong)
        await self._tell(turn, match.handler, "usage", told)
        return False

    async def _tell(self, turn: Turn, handler: Handler, mark: str, text: str) -> None:
        """Tell whoever used a command why it does not run."""
        if handler.is_command and turn.row.event.chat is not None:
            ctx = Context(self._voice, turn, turn.row, handler.name)
            # A mark of ours, so that it never takes the place of a reply of theirs.
            await ctx.reply(text, key=f"gate:{mark}")


def _sharing(rate: Rate, row: InboundRow) -> Hashable:
    """Return who shares the allowance that *row* spends."""
    match rate.per:
        case Scope.ALL:
            return ""
        case Scope.CHAT | Scope.GROUP:
            return (row.platform, row.account, row.event.chat)
        case Scope.USER:
            sender = row.event.sender
            return (row.platform, sender.id if sender is not None else "")
