"""The fake itself: what it says, and its memory of what it was asked."""

import json
import time
from collections.abc import Callable
from typing import Any, TypeAlias

import trio
from attrs import evolve

from tests.fakes.onebot.actions import Account, Action, Reply, usual_reply
from tests.fakes.onebot.events import (
    Event,
    Message,
    group_message,
    heartbeat,
    lifecycle,
    private_message,
)
from tests.fakes.onebot.sockets import API, Line, Sockets

Reaction: TypeAlias = Callable[[Action], Reply | None]
"""Decides what is answered; None answers never."""


class FakeOneBot(Sockets):
    """One account. Enter `dialling` or `serving`, then let it speak and listen."""

    def __init__(
        self,
        account: int = 10001,
        *,
        token: str | None = None,
        heartbeat_seconds: float | None = None,
        says_hello: bool = True,
        arrays: bool = True,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(token)
        self.account = Account(account)
        self.heartbeat_seconds = heartbeat_seconds
        """None is what the specification has as default: no heartbeat at all."""
        self.says_hello = says_hello
        self.arrays = arrays
        """Text goes out as an array of segments; else as a CQ string."""
        self.silent = False
        """Says nothing more, not even answers; its sockets stay open."""
        self.actions: list[Action] = []
        self.nonsense: list[str | bytes] = []
        """Frames that were no action."""
        self._wall_clock = wall_clock
        self._reactions: dict[str, Reaction] = {}
        self._unheard: list[Action] = []
        self._message_id = 1000

    # -- speaking --------------------------------------------------------------

    async def says(
        self,
        message: Message,
        *,
        user: int = 14,
        group: int | None = None,
        message_id: int | None = None,
        role: str = "member",
    ) -> Event:
        """Report that *user* says *message*; return the event, to `emit` it again.

        Waits for somebody to report it to; `emit` does not.
        """
        await self._until(lambda: any(line.role != API for line in self._lines))
        if isinstance(message, str) and self.arrays:
            message = [{"type": "text", "data": {"text": message}}]
        number = self._next_message_id() if message_id is None else message_id
        mine, now = self.account.id, self._wall_clock()
        if group is None:
            event = private_message(mine, user, message, message_id=number, at=now)
        else:
            event = group_message(
                mine, user, group, message, message_id=number, at=now, role=role
            )
        await self.emit(event)
        return event

    async def emit(self, event: Event) -> None:
        """Report *event* on every socket that carries events."""
        await self.emit_text(json.dumps(event, ensure_ascii=False))

    async def emit_text(self, text: str) -> None:
        """Put *text* on every socket that carries events, whatever it is."""
        if not self.silent:
            for line in [line for line in self._lines if line.role != API]:
                await line.send(text)

    async def beats(self) -> None:
        """Send one heartbeat now, in its own time or out of it."""
        await self.emit(
            heartbeat(
                self.account.id,
                interval_seconds=self.heartbeat_seconds or 15.0,
                at=self._wall_clock(),
                online=self.account.online,
            )
        )

    async def goes(self, *, online: bool) -> None:
        """Lose the account, or have it back; the line stays as it is."""
        self.account = evolve(self.account, online=online)
        await self.beats()

    # -- listening -------------------------------------------------------------

    def on(self, name: str, reaction: Reaction | Reply | None) -> None:
        """From now on answer the action *name* so; None answers never."""
        if callable(reaction):
            self._reactions[name] = reaction
        else:
            self._reactions[name] = lambda _: reaction

    async def hears(self, *names: str, within: float = 10.0) -> Action:
        """Return the next action that was not returned yet, of *names* if given."""
        found: list[Action] = []

        def look() -> bool:
            found[:] = [a for a in self._unheard if not names or a.name in names][:1]
            return bool(found)

        with trio.move_on_after(within) as patience:
            await self._until(look)
        if patience.cancelled_caught:
            wanted = " or ".join(names) or "any action"
            seen = [action.name for action in self.actions]
            msg = f"{wanted} did not come within {within:g} s; so far came {seen}"
            raise AssertionError(msg)
        self._unheard.remove(found[0])
        return found[0]

    async def answers(self, action: Action, reply: Reply) -> None:
        """Answer by hand what a reaction left unanswered, in any order."""
        for line in self._lines:
            if line.number == action.line and not self.silent:
                await line.send(json.dumps(reply.to(action), ensure_ascii=False))

    # -- how it works ----------------------------------------------------------

    def _take(self, line: Line, frame: str | bytes) -> None:
        try:
            said: dict[str, Any] = json.loads(frame)
            action = Action(
                said["action"],
                said.get("params") or {},
                said.get("echo"),
                "echo" in said,
                line.number,
            )
        except (ValueError, KeyError, TypeError):
            self.nonsense.append(frame)
            return
        self.actions.append(action)
        self._unheard.append(action)
        self._tell()
        if action.name in self._reactions:
            reply = self._reactions[action.name](action)
        else:
            reply = usual_reply(self.account, action, self._next_message_id())
        if reply is not None and self._nursery is not None:
            self._nursery.start_soon(self._reply, action, reply)

    async def _reply(self, action: Action, reply: Reply) -> None:
        await trio.sleep(reply.after)
        await self.answers(action, reply)

    def _self_id(self) -> str:
        return str(self.account.id)

    async def _greet(self, line: Line) -> None:
        if self.says_hello and line.role != API:
            hello = lifecycle(self.account.id, at=self._wall_clock())
            await line.send(json.dumps(hello))

    async def _beat(self) -> None:
        while self.heartbeat_seconds is not None:
            await trio.sleep(self.heartbeat_seconds)
            await self.beats()

    def _next_message_id(self) -> int:
        self._message_id += 1
        return self._message_id
