"""What the tests of the cast say and hear, and a tree to run its actors in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from actors.journal import (
    InboxLimits,
    MemoryJournal,
    OutgoingLimits,
)
from actors.kernel import Actor, ActorContext, AnyActor, ChildExited, System
from actors.messages import (
    Change,
    Chat,
    ChatAddress,
    ChatKind,
    Inbound,
    Outbound,
    OutboundKind,
    Text,
)


def chat(name: str = "42") -> Chat:
    return Chat(ChatKind.GROUP, name)


def event(
    id: str,  # noqa: A002 - the field's own name
    room: str = "42",
    *,
    text: str = "hi",
    edit: int = 0,
    from_self: bool = False,
    dedup_seconds: float = 86_400.0,
) -> Inbound:
    return Inbound(
        id,
        chat=chat(room),
        body=(Text(text),),
        edit=edit,
        from_self=from_self,
        dedup_seconds=dedup_seconds,
    )


def to(room: str = "42", account: str = "1", platform: str = "qq") -> ChatAddress:
    return ChatAddress(platform, account, chat(room))


def saying(
    key: str,
    room: str = "42",
    *,
    text: str = "pong",
    account: str = "1",
    kind: OutboundKind = OutboundKind.REPLY,
    change: Change | None = None,
) -> Outbound:
    return Outbound(
        key=key,
        to=to(room, account),
        body=(Text(text),) if text else (),
        kind=kind,
        trace=f"t-{key}",
        change=change,
    )


def journal(
    *,
    inbox: InboxLimits | None = None,
    outbox: OutgoingLimits | None = None,
    clock: Callable[[], float] = trio.current_time,
) -> MemoryJournal:
    return MemoryJournal(clock, id="test", inbox=inbox, outbox=outbox)


class Nest(Actor[ChildExited]):
    """A root that starts some children and does not care what becomes of them."""

    def __init__(self, children: dict[str, Callable[[], AnyActor]]) -> None:
        self._children = children

    async def start(self, ctx: ActorContext) -> None:
        for name, make in self._children.items():
            failed = await ctx.adopt(name).launch(make, shutdown=5.0).started()
            assert failed is None, failed

    async def handle(self, ctx: ActorContext, message: ChildExited) -> None:
        """Tests start the next incarnation themselves."""


@asynccontextmanager
async def nest(**children: Callable[[], AnyActor]) -> AsyncIterator[System]:
    """Run a system in which `/NAME` is one of *children*."""
    async with System(lambda: Nest(children)) as system:
        yield system


async def end_and_start_again(
    system: System, path: str, make: Callable[[], AnyActor]
) -> None:
    """Kill the actor at *path*, as a crash would, and give it its next incarnation."""
    cell = system.cells[path]
    incarnation = cell.incarnation
    assert incarnation is not None
    await incarnation.kill_and_fence()
    failed = await cell.launch(make, shutdown=5.0).started()
    assert failed is None, failed
