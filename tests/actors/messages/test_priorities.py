"""Which event is how urgent."""

from __future__ import annotations

import pytest

from actors.messages import Inbound, Priority, priority_of
from actors.messages.priorities import LATE_SECONDS

URGENT, NORMAL, BULK = Priority


@pytest.mark.parametrize(
    ("name", "priority"),
    [
        ("message", NORMAL),
        ("contact.requested", NORMAL),
        ("schedule.due", NORMAL),
        ("platform.needs_operator", URGENT),
        ("message.edited", BULK),
        ("member.joined", BULK),
        ("onebot11.notice.poke", BULK),
    ],
)
def test_an_event_is_as_urgent_as_its_kind(name: str, priority: Priority) -> None:
    """B30: one type for it everywhere."""
    assert priority_of(Inbound("1", event=name)) is priority


def test_an_operator_comes_first_with_messages_only() -> None:
    assert priority_of(Inbound("1"), operator=True) is URGENT
    assert priority_of(Inbound("1", event="message.reacted"), operator=True) is BULK


def test_who_is_waited_for_comes_first_however_late() -> None:
    late = priority_of(Inbound("1"), awaited=True, age_seconds=1e6)
    assert late is URGENT


def test_a_backlog_that_is_caught_up_with_is_bulk() -> None:
    assert priority_of(Inbound("1"), age_seconds=LATE_SECONDS) is NORMAL
    assert priority_of(Inbound("1"), age_seconds=LATE_SECONDS + 1) is BULK
    assert priority_of(Inbound("1"), age_seconds=1e6, operator=True) is BULK


def test_our_own_words_wait_for_everybody_else() -> None:
    assert priority_of(Inbound("1", from_self=True), operator=True) is BULK


def test_a_platform_may_know_better() -> None:
    poke = Inbound("1", event="x.poke", priority=URGENT)
    assert priority_of(poke) is URGENT
    assert priority_of(Inbound("1", priority=BULK)) is BULK
    assert priority_of(Inbound("1", priority=BULK), operator=True) is URGENT
