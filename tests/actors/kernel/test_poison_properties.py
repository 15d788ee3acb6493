"""Poison policies against a model: any mail, any crashes. What is kept, lost, retried."""

from __future__ import annotations

import trio
import trio.testing
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import (
    ActorContext,
    ActorError,
    DeadLetter,
    HandlerCrashed,
    Poison,
    Query,
)
from tests.actors.kernel.keeper import Boom, Doer, Get, doer, house, settle


async def test_who_answered_and_then_crashed_may_answer_again() -> None:
    """The retry of an answered question has nobody to answer, and crashed over that."""
    attempts: list[int] = []

    def work(_: Doer, ctx: ActorContext) -> object:
        attempts.append(ctx.incarnation)
        ctx.answer(question, ctx.incarnation)
        if len(attempts) == 1:
            raise Boom
        return None

    question = Get(work)
    async with house() as home:
        actor = await home.keep("a", Sturdy)
        assert await actor.ask(question, within=1) == 1
        await settle()
        assert attempts == [1, 2]
        assert home.shelved() == []


class Sturdy(Doer):
    """Retries, and answers nothing by itself."""

    poison = Poison.retry(3)

    async def handle(self, ctx: ActorContext, message: object) -> None:
        assert isinstance(message, Get)
        message.work(self, ctx)


@frozen(eq=False)
class Job(Query[int]):
    """A message that makes its handler raise `crashes` times before it can be handled."""

    name: int
    crashes: int
    asked: bool
    answers_first: bool
    """Whether the answer comes before the crash."""


jobs = st.lists(
    st.tuples(st.sampled_from([0, 0, 0, 1, 2, 3, 4, 9]), st.booleans(), st.booleans()),
    max_size=20,
).map(lambda rows: [Job(n, *row) for n, row in enumerate(rows)])


@given(
    plan=jobs,
    retries=st.integers(0, 4),
    background=st.booleans(),
)
def test_each_message_is_handled_as_often_as_its_policy_says(
    plan: list[Job], retries: int, background: bool
) -> None:
    """K3: and everything else exactly once, in order; who asked is told as the docs say."""
    poison = Poison.retry(retries) if retries else Poison.DROP

    async def main() -> None:
        turns: list[Job] = []
        outcomes: dict[int, object] = {}

        class Worker(doer(poison=poison)):  # type: ignore[misc]  # made to order
            async def handle(self, ctx: ActorContext, job: Job) -> None:
                seen = turns.count(job)
                turns.append(job)
                if job.answers_first:
                    ctx.answer(job, seen)
                if seen < job.crashes:
                    if background:
                        await fail_beside(Boom(str(job.name)))
                    raise Boom(str(job.name))
                if not job.answers_first:
                    ctx.answer(job, seen)

        async def ask(job: Job) -> None:
            try:
                outcomes[job.name] = await actor.ask(job, within=60)
            except ActorError as error:
                outcomes[job.name] = error

        async with house() as home, trio.open_nursery() as nursery:
            actor = await home.keep("a", Worker)
            await home.system.suspend(actor)
            for job in plan:
                if job.asked:
                    nursery.start_soon(ask, job)
                    await settle()
                else:
                    actor.tell(job)
            home.system.resume(actor)
            await settle()
            shelf = home.system.dead_letters.newest(1000)[::-1]
            lives = home.cell("a").launched

        attempts = {job.name: min(job.crashes, retries) + 1 for job in plan}
        lost = [job for job in plan if job.crashes > retries]
        # Retried first: all attempts of a message come before the next message.
        assert turns == [job for job in plan for _ in range(attempts[job.name])]
        assert lives == 1 + sum(min(job.crashes, retries + 1) for job in plan)
        assert [letter.message for letter in shelf] == lost
        for letter in shelf:
            check_letter(letter, retries)
        for job in (job for job in plan if job.asked):
            got = outcomes[job.name]
            if job.answers_first:
                assert got == 0
            elif job.crashes <= retries:
                assert got == job.crashes
            else:
                assert isinstance(got, HandlerCrashed)
                assert isinstance(got.__cause__, Boom)
                assert got.__cause__.name == str(job.name)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


async def fail_beside(error: Exception) -> None:
    """Raise it in a task of the handler's own nursery: it comes out in a group."""

    async def fail() -> None:
        raise error

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail)
        await trio.sleep_forever()


def check_letter(letter: DeadLetter, retries: int) -> None:
    job = letter.message
    assert isinstance(job, Job)
    assert letter.why == ("quarantined" if retries else "crashed")
    assert letter.attempts == retries + 1
    assert letter.path == "/a"
    said = f"/a crashed while handling Job: Boom({str(job.name)!r})"
    assert letter.error == said
