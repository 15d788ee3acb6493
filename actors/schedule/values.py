"""How work that no message started is written down. Pure.

A *schedule* is run again and again (`@bot.every`, `@bot.cron`), a *later* once (`ctx.later`).

A schedule is an account of the platform `schedule`: `BOT/HANDLER`. Each of its runs is
an event of that account, and its cursor says up to which instant everything is dealt
with. The journal moves the cursor in the transaction that writes the event; so a run begins
once, even if the process dies in between.

A later is an event of the chat it was asked for in, and an event of `schedule` if that
was in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from math import isfinite
from zoneinfo import ZoneInfo

from attrs import field, frozen

from actors.messages import (
    DERIVED_ID_DEDUP_SECONDS,
    ChatAddress,
    Inbound,
    Sender,
)
from actors.schedule.missed import Missed
from actors.schedule.plans import Plan, moment

PLATFORM = "schedule"
"""The id of the platform that all runs without a chat come from."""
DUE = "schedule.due"
"""The name of the event that begins a run."""


@frozen
class Schedule:
    """A handler of a bot that is run again and again."""

    handler: str
    """Its name inside the bot: `cron:report`."""
    plan: Plan
    missed: Missed = Missed.ONCE


@frozen(kw_only=True)
class Later:
    """A handler that is to be run once."""

    id: str
    """A handler that is run again for the same event asks for the same id again."""
    bot: str
    handler: str
    due: float
    """Seconds since 1970, by the wall clock."""
    args: Mapping[str, object] = field(factory=dict)
    """What JSON can hold, by the names of the handler's parameters."""
    to: ChatAddress | None = None
    """The chat it was asked for in."""
    sender: Sender | None = None
    """Who asked for it."""
    trace: str = ""
    """Of the event that asked for it."""

    @property
    def platform(self) -> str:
        return PLATFORM if self.to is None else self.to.platform

    @property
    def account(self) -> str:
        if self.to is None:
            return account_of(self.bot, self.handler)
        return self.to.account


def account_of(bot: str, handler: str) -> str:
    """Return the account of a handler of a bot; a bot's id holds no slash."""
    return f"{bot}/{handler}"


def run_of(bot: str, schedule: Schedule, due: float, passed_over: int) -> Inbound:
    """Return the event that begins the run of *schedule* that is due at *due*."""
    facts = {
        "bot": bot,
        "handler": schedule.handler,
        "due": due,
        "tz": str(schedule.plan.zone),
        "passed_over": passed_over,
    }
    # Its cursor tells what was begun; a mark need not be kept for long.
    return Inbound(
        f"{due!r} {schedule.plan}",
        event=DUE,
        facts=facts,
        dedup_seconds=DERIVED_ID_DEDUP_SECONDS,
    )


def event_of(later: Later) -> Inbound:
    """Return the event that begins *later*."""
    facts = {
        "bot": later.bot,
        "handler": later.handler,
        "due": later.due,
        "tz": "UTC",
        "args": dict(later.args),
    }
    return Inbound(
        f"{DUE} {later.id}",
        event=DUE,
        chat=None if later.to is None else later.to.chat,
        sender=later.sender,
        facts=facts,
    )


def due_of(event: Inbound) -> datetime | None:
    """Return when the run that *event* begins was due; `None`: it begins none."""
    if event.event != DUE:
        return None
    due, tz = event.facts.get("due"), event.facts.get("tz")
    try:
        return moment(float(str(due)), ZoneInfo(str(tz)))
    except (LookupError, ValueError, OSError):
        return None


def is_for(event: Inbound, bot: str) -> bool:
    """Say whether *event* is none of another bot's runs; all other events are for all."""
    return event.event != DUE or event.facts.get("bot") == bot


def asked_for_once(event: Inbound) -> bool:
    """Say whether *event* begins a later. A run of a schedule has no arguments."""
    return event.event == DUE and "args" in event.facts


def cursor_of(until: float, plan: Plan) -> str:
    """Return the cursor that says: everything of *plan* up to *until* is dealt with."""
    return f"{until!r} {plan}"


def until_of(cursor: str | None, plan: Plan) -> float | None:
    """Return up to when everything is dealt with; `None` where *plan* is a new one."""
    until, _, told = (cursor or "").partition(" ")
    if told != str(plan):
        return None
    try:
        instant = float(until)
    except ValueError:
        return None
    return instant if isfinite(instant) else None
