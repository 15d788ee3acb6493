"""Who lives in a random tree: actors that work, talk to each other, and end now and then.

What goes wrong with them is not their own doing, see `faults`.
"""

from __future__ import annotations

import random
from typing import TypeAlias

import trio
from attrs import field, frozen

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    ActorError,
    Down,
    Ignore,
    Mailbox,
    Overflow,
    Poison,
    Query,
)
from rookery.testing.simulation.audit import Mail


@frozen
class Job:
    """Some work, which may make more."""

    number: int
    """Under which the mail is accounted for."""
    hops: int = 0
    """How many more jobs it may lead to."""


@frozen
class Tick:
    """From a timer."""

    life: int
    """The incarnation that has set the timer; no other may get it, unless `again`."""
    again: bool
    """Whether the next incarnation gets the message that was in hand at a crash."""


@frozen
class Leave:
    """End in peace."""


@frozen
class Count(Query[int]):
    """How much have you done?"""


WorkerMessage: TypeAlias = Job | Tick | Leave | Count | Down


@frozen
class Society:
    """What all workers of a world share."""

    dice: random.Random
    mail: Mail
    paths: list[str] = field(factory=list)
    """Where there may be workers to talk to."""

    def new_job(self, hops: int) -> Job:
        return Job(self.mail.new_number(), hops)


class Worker(Actor[WorkerMessage]):
    """Works on jobs, hands some on, asks around, watches others."""

    def __init__(self, society: Society, ignores: float = 0.0) -> None:
        self.society = society
        self.dice = society.dice
        self.ignores = ignores
        self.done = 0

    async def start(self, ctx: ActorContext) -> Ignore | None:
        if self.dice.random() < self.ignores:
            return IGNORE
        if self.dice.random() < 0.3:
            await trio.sleep(self.dice.uniform(0, 2))
        if self.dice.random() < 0.5:
            ctx.every(self.dice.uniform(5, 120), self.tick(ctx))
        if self.dice.random() < 0.3:
            ctx.after(self.dice.uniform(1, 60), self.tick(ctx))
        self.watch(ctx)
        return None

    async def handle(self, ctx: ActorContext, message: WorkerMessage) -> None:
        match message:
            case Job(number, hops):
                await self.work(ctx, hops)
                self.society.mail.done(number)
            case Tick(life, again):
                assert again or life == ctx.incarnation, "a tick of an earlier life"
                await self.work(ctx, 1)
            case Leave():
                ctx.stop()
            case Count():
                if self.dice.random() < 0.95:
                    ctx.answer(message, self.done)
            case Down():
                self.watch(ctx)

    def tick(self, ctx: ActorContext) -> Tick:
        return Tick(ctx.incarnation, type(self).poison is not Poison.DROP)

    async def work(self, ctx: ActorContext, hops: int) -> None:
        self.done += 1
        if self.dice.random() < 0.3:
            await trio.sleep(self.dice.expovariate(5))
        if hops and self.society.paths:
            path = self.dice.choice(self.society.paths)
            try:
                await self.talk(ctx, path, hops - 1)
            except ActorError:
                self.done -= 1

    async def talk(self, ctx: ActorContext, path: str, hops: int) -> None:
        mail, job = self.society.mail, self.society.new_job(hops)
        address = ctx.find(path, Worker)
        if address.cell.supervisor:  # and down at the moment, so `find` cannot tell
            return
        match self.dice.randrange(4):
            case 0:
                await address.ask(Count(), within=self.dice.uniform(0.1, 3))
            case 1:
                await address.send(job, within=self.dice.uniform(0.1, 3))
                mail.told(path, job.number)
            case _:
                address.tell(job)
                mail.told(path, job.number)

    def watch(self, ctx: ActorContext) -> None:
        if self.society.paths and self.dice.random() < 0.3:
            try:
                # One that is down has its `Down` at once: not over and over.
                address = ctx.find(self.dice.choice(self.society.paths))
                if address.cell.incarnation is not None:
                    ctx.watch(address)
            except ActorError:
                pass

    async def stop(self, ctx: ActorContext, reason: object) -> None:
        if self.dice.random() < 0.1:
            await trio.sleep(self.dice.expovariate(0.3))


class Strict(Worker):
    mailbox = Mailbox(8, overflow=Overflow.REJECT)


class Forgetful(Worker):
    mailbox = Mailbox(4, overflow=Overflow.DROP_OLDEST)


class Deaf(Worker):
    mailbox = Mailbox(4, overflow=Overflow.DROP_NEWEST)


class Patient(Worker):
    """Tries a message again that it crashed over."""

    mailbox = Mailbox(2)
    poison = Poison.retry(2)


KINDS: tuple[type[Worker], ...] = (Worker, Worker, Strict, Forgetful, Deaf, Patient)
