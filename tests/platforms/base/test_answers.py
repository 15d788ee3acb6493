"""Answers find their requests, and only on their own socket."""

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from platforms.base import Answer, OutcomeUnknown
from platforms.base.answers import REMEMBERED_LATE, Answers, Reply


def ask(
    answers: Answers[int], ref: str, deadline: float, late: list[int] | None = None
) -> Reply[int]:
    """Enter a request for a task that waits."""
    reply: Reply[int] = Reply()
    answers.open(ref, deadline, reply.told, None if late is None else late.append)
    return reply


@given(st.permutations(range(8)), st.sets(st.integers(0, 7)))
def test_answers_out_of_order_find_their_requests(
    order: list[int], silent: set[int]
) -> None:
    async def main() -> None:
        answers: Answers[int] = Answers()
        pending = {n: ask(answers, f"r{n}", 10.0) for n in range(8)}
        for n in order:
            if n not in silent:
                assert answers.settle(Answer(f"r{n}", n))
        for n in set(range(8)) - silent:
            assert await pending[n].wait() == n
        assert len(answers) == len(silent)
        assert answers.lose("the line was cut") == len(silent)
        for n in silent:
            with pytest.raises(OutcomeUnknown, match="cut"):
                await pending[n].wait()

    trio.run(main)


async def test_an_answer_nobody_asked_for_is_nobodys() -> None:
    answers: Answers[int] = Answers()
    assert not answers.settle(Answer("r", 1))
    pending = ask(answers, "r", 1.0)
    assert answers.settle(Answer("r", 1))
    assert not answers.settle(Answer("r", 2)), "answered twice"
    assert await pending.wait() == 1


async def test_a_late_answer_is_told_once() -> None:
    """E05: matched, late, or nobody's."""
    late: list[int] = []
    answers: Answers[int] = Answers()
    pending = ask(answers, "r", 5.0, late)
    assert answers.expire(4.9) == 0
    assert answers.expire(5.0) == 1
    with pytest.raises(OutcomeUnknown, match="in time"):
        await pending.wait()
    assert answers.settle(Answer("r", 1))
    assert not answers.settle(Answer("r", 1))
    assert late == [1]


async def test_a_waiter_that_left_hears_of_its_answer_late() -> None:
    late: list[int] = []
    answers: Answers[int] = Answers()
    told: list[int | OutcomeUnknown] = []
    pending = answers.open("r", 5.0, told.append, late.append)
    answers.forget(pending)
    assert answers.settle(Answer("r", 1))
    assert late == [1]
    [gone] = told
    assert isinstance(gone, OutcomeUnknown)


async def test_nobody_is_told_of_what_was_not_asked_after_all() -> None:
    told: list[int | OutcomeUnknown] = []
    late: list[int] = []
    answers: Answers[int] = Answers()
    answers.withdraw(answers.open("r", 5.0, told.append, late.append))
    assert not answers.settle(Answer("r", 1))
    assert answers.lose("gone") == 0
    assert told == late == []


async def test_after_the_loss_nothing_can_be_asked_or_answered() -> None:
    answers: Answers[int] = Answers()
    overdue = ask(answers, "old", 1.0)
    answers.expire(2.0)
    answers.lose("gone")
    assert not answers.settle(Answer("old", 1))
    with pytest.raises(OutcomeUnknown, match="gone"):
        await ask(answers, "new", 9.0).wait()
    with pytest.raises(OutcomeUnknown):
        await overdue.wait()


def test_overdue_requests_are_not_remembered_for_ever() -> None:
    answers: Answers[int] = Answers()
    for n in range(REMEMBERED_LATE + 10):
        ask(answers, f"r{n}", 0.0)
        answers.expire(1.0)
    assert not answers.settle(Answer("r9", 1))
    assert answers.settle(Answer("r10", 1))


def test_who_leaves_takes_nobody_along_that_asks_under_the_same_name() -> None:
    """What is unknown is repeated under its key at once, maybe before the first has left."""
    told: list[int | OutcomeUnknown] = []
    answers: Answers[int] = Answers()
    for leave in (answers.forget, answers.withdraw):
        first = answers.open("r", 5.0, lambda _: None)
        answers.expire(5.0)
        answers.open("r", 20.0, told.append)
        leave(first)
        assert answers.settle(Answer("r", 1))
    assert told == [1, 1]
