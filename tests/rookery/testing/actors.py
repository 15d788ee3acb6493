"""Actors for the tests of the kit."""

from __future__ import annotations

import trio
from attrs import frozen

from actors.kernel import Actor, ActorContext, Query
from supervision import Backoff, ChildSpec, Supervisor


@frozen
class Say:
    """Note this; `boom` is a crash."""

    text: str


@frozen
class Said(Query[list[str]]):
    """What was said to this incarnation?"""

    after: float = 0.0


class Parrot(Actor[Say | Said]):
    def __init__(self) -> None:
        self.said: list[str] = []

    async def start(self, ctx: ActorContext) -> None:
        ctx.every(30.0, Say("tick"))

    async def handle(self, ctx: ActorContext, message: Say | Said) -> None:
        match message:
            case Said(after):
                await trio.sleep(after)
                ctx.answer(message, self.said)
            case Say("boom"):
                raise ConnectionError
            case Say(text):
                self.said.append(text)


def perch(*names: str, **more: object) -> Supervisor:
    """A supervisor of parrots with backoff."""
    backoff = Backoff(first=0.5, give_up=3)
    return Supervisor(
        children=[
            ChildSpec(name, Parrot, backoff=backoff) for name in names or ("tg",)
        ],
        **more,  # type: ignore[arg-type]  # tests name the fields
    )
