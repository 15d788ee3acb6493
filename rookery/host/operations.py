"""What can be asked of a running host; `rookery.control` lets commands ask it.

A method for each operation. What they return becomes JSON; what cannot be done is
`Refused`, with a kind for programs and a sentence for people.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

import msgspec
import trio
from attrs import evolve
from msgspec.structs import asdict

from actors.buffer import notice_key
from actors.journal import FileJournal, Trouble
from actors.kernel import ActorError, AddressNotFound
from actors.messages import ChatAddress, Outbound, OutboundKind, Text
from actors.schedule import moment
from actors.tracker import Receipt
from rookery.chaos import CampaignRefused, Campaigns, read_plan
from rookery.config import ConfigRefused
from rookery.control import Refused, tree_of, whole_tree_of
from rookery.host.manager import Manager, Reload
from rookery.host.messages import MessageDesk
from rookery.host.parts import SHOWN_OF_A_CROWD, Parts, absolute

SEND_SECONDS = 10.0
"""So long `send` waits for what becomes of its message, where the account is connected."""
RELOAD_SECONDS = 80.0
COMPACT_SECONDS = 80.0
"""So long these two may take; the command itself waits a little longer."""
CHAOS_SECONDS = 60.0
"""How long a plan is in force that does not say so itself."""
LATERS_SHOWN = 1_000
"""So many of those that wait are listed, the earliest first; all are counted."""


class HostOperations:
    """The operations on one host. Whatever cannot be done is `Refused` in words."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.messages = MessageDesk(parts).perform

    async def tree(self, path: str, *, everybody: bool) -> Mapping[str, object]:
        """Return what is at *path* and below, and what of the configuration does not run.

        Args:
            path: Of an actor; `/` for all.
            everybody: All of a crowd, where else some are shown and the others counted.
        """
        system = self._parts.system
        top = absolute(path)
        try:
            if everybody:
                tree = await whole_tree_of(await system.survey(top))
            else:
                tree = tree_of(system.snapshot(top, at_most=SHOWN_OF_A_CROWD))
        except AddressNotFound as error:
            raise Refused(kind="no_actor", message=str(error)) from error
        faults = self._parts.estate.faults if top == "/" else {}
        problems = [f"{where}: {why}" for where, why in faults.items()]
        campaigns = self._parts.campaigns
        return {
            "tree": tree,
            "problems": problems,
            "chaos": "" if campaigns is None else campaigns.status(),
        }

    async def platforms(self) -> Mapping[str, object]:
        """Return each platform with its accounts and their states."""
        connections = self._parts.board.states()
        listed: list[dict[str, object]] = []
        for platform_id, settings in self._parts.estate.platforms.items():
            own = {
                account: str(state)
                for (platform, account), (state, _) in connections.items()
                if platform == platform_id
            }
            listed.append(
                {
                    "id": platform_id,
                    "type": settings.type,
                    "state": own.pop("", ""),
                    "accounts": [
                        {"account": account, "state": state}
                        for account, state in sorted(own.items())
                    ],
                }
            )
        return {"platforms": listed}

    async def schedules(self) -> Mapping[str, object]:
        """Return what is run again and again, and what is run once, the earliest first."""
        timetable = self._parts.timetable
        entries = sorted(timetable.entries, key=lambda entry: entry.due)
        laters = timetable.laters
        return {
            "schedules": [
                {
                    "bot": entry.bot,
                    "handler": entry.schedule.handler,
                    "plan": str(entry.schedule.plan),
                    "missed": entry.schedule.missed.value,
                    "due": _date(entry.due),
                }
                for entry in entries
            ],
            "laters": [
                {
                    "bot": later.bot,
                    "handler": later.handler,
                    "to": "" if later.to is None else str(later.to),
                    "due": _date(later.due),
                }
                for later in laters[:LATERS_SHOWN]
            ],
            "waiting": len(laters),
        }

    async def lanes(self) -> Mapping[str, object]:
        """Return what each platform has brought, and how much of it waits, by urgency."""
        counts = self._parts.journal.platforms()
        return {"platforms": msgspec.to_builtins(counts)}

    async def send(self, address: str, text: str) -> Mapping[str, object]:
        """Say *text* at *address*, and wait a while for what becomes of it.

        Raises:
            Refused: there is no such platform.
            ValueError: *address* is none.
        """
        to = ChatAddress.parse(address)
        known = self._parts.estate.platforms
        if to.platform not in known:
            names = ", ".join(known) or "none"
            msg = f"there is no platform {to.platform!r} here (there is: {names})"
            raise Refused(kind="no_platform", message=msg)
        health = self._parts.journal.health
        if health.state == "stalled":  # it would wait, and whoever asks leaves before
            msg = f"nothing was said: the journal is stalled: {health.why}"
            raise Refused(kind="stalled", message=msg)
        system = self._parts.system
        trace = system.new_id()
        out = Outbound(
            key=notice_key(system.new_id()),
            to=to,
            body=(Text(text),),
            kind=OutboundKind.NOTICE,
            trace=trace,
        )
        receipt = await self._parts.outbox.say(out)
        connected = self._parts.lines.of((to.platform, to.account)) is not None
        outcome = await receipt.outcome(within=SEND_SECONDS if connected else 0.0)
        return {
            "state": outcome.state.value,
            "detail": outcome.detail or _why(receipt, to, connected=connected),
            "message_id": outcome.message_id,
            "receipt": receipt.id,
            "trace": trace,
        }

    async def reload(self) -> Mapping[str, object]:
        """Read the configuration again, and apply it."""
        try:
            manager = self._parts.system.find("/manager", Manager)
            report = await manager.ask(Reload(), within=RELOAD_SECONDS)
        except ActorError as error:
            msg = f"the manager did not finish: {error}"
            raise Refused(kind="failed", message=msg) from error
        if report.refused:
            raise Refused(kind="bad_config", message="\n".join(report.faults))
        return {
            "bots": dict(report.bots),
            "platforms": dict(report.platforms),
            "faults": list(report.faults),
        }

    async def journal(self) -> Mapping[str, object]:
        """Return how the journal is, and how much it holds that is open."""
        journal = self._parts.journal
        health = journal.health
        return {
            "durability": self._parts.estate.configuration.settings.host.durability,
            "state": health.state,
            "kind": health.kind,
            "why": health.why,
            "counts": asdict(journal.counts()),
        }

    async def compact_journal(self) -> Mapping[str, object]:
        """Give the unused space of the journal's file back; whoever writes waits so long."""
        journal = self._parts.journal
        if not isinstance(journal, FileJournal):
            msg = "the journal of this host is in memory: there is no file"
            raise Refused(kind="no_file", message=msg)
        if journal.health.state != "open":
            msg = f"the journal is {journal.health.state}: {journal.health.why}"
            raise Refused(kind="stalled", message=msg)
        with trio.move_on_after(COMPACT_SECONDS):
            try:
                await journal.compact()
            except Trouble as trouble:
                raise Refused(kind="stalled", message=str(trouble)) from trouble
            return {}
        msg = f"it takes longer than {COMPACT_SECONDS:g} s, and goes on"
        raise Refused(kind="busy", message=msg)

    # --- chaos --------------------------------------------------------------------------

    async def begin_chaos(
        self, campaign: str, plan: str, seconds: float | None
    ) -> Mapping[str, object]:
        """Break this host by *plan* (TOML) for so many *seconds*, if it allows it.

        *campaign* is the name under which the other two ask for it.
        """
        campaigns = self._campaigns()
        try:
            chaos = read_plan(plan, name="plan")
        except ConfigRefused as refused:
            raise Refused(kind="bad_config", message=str(refused)) from None
        if seconds is None:
            seconds = chaos.duration if chaos.duration < inf else CHAOS_SECONDS
        chaos = evolve(chaos, duration=seconds)
        try:
            parts = self._parts
            report = campaigns.begin(campaign, chaos, parts.system, parts.counted)
        except CampaignRefused as refused:
            raise Refused(kind="busy", message=str(refused)) from None
        return report.as_json()

    async def look_at_chaos(self, campaign: str) -> Mapping[str, object]:
        """Return how a campaign stands: its report so far."""
        try:
            return self._campaigns().look(campaign).as_json()
        except CampaignRefused as refused:
            raise Refused(kind="no_campaign", message=str(refused)) from None

    async def heal_chaos(self, campaign: str) -> Mapping[str, object]:
        """End a campaign now, and return its report."""
        try:
            return self._campaigns().heal(campaign).as_json()
        except CampaignRefused as refused:
            raise Refused(kind="no_campaign", message=str(refused)) from None

    def _campaigns(self) -> Campaigns:
        campaigns = self._parts.campaigns
        if campaigns is None:
            msg = (
                "this host does not let itself be broken; stop it and start it again "
                "with `rookery run --allow-chaos`"
            )
            raise Refused(kind="forbidden", message=msg)
        return campaigns


def _date(due: float) -> str | None:
    """Return an instant as people and programs write it; `None`: it is not known yet."""
    return moment(due).isoformat(timespec="seconds") if due < inf else None


def _why(receipt: Receipt, to: ChatAddress, *, connected: bool) -> str:
    """Say what it still waits for, if it does."""
    if receipt.settled:
        return ""
    return "no answer yet" if connected else f"it leaves when {to.account} is connected"
