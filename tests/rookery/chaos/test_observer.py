"""What counts as a restart, and when somebody is back."""

from __future__ import annotations

from actors.kernel import Killed, LifeBegan, LifeEnded, LifeUp
from rookery.chaos.observer import Observer


def test_a_child_of_a_restarted_supervisor_was_restarted_too() -> None:
    """Its place is a new one, so its count begins anew; its path is the same."""
    now = 0.0
    observer = Observer()
    observer.look(lambda: now)
    observer(LifeEnded("/bots/demo/v1", 1, Killed()))
    observer(LifeEnded("/bots/demo", 1, Killed()))
    now = 2.0
    observer(LifeBegan("/bots/demo", 2))
    observer(LifeBegan("/bots/demo/v1", 1))
    observer(LifeUp("/bots/demo/v1", 1))
    observer(LifeUp("/bots/demo", 2))

    assert observer.seen.restarts == 2
    assert list(observer.seen.recoveries) == [2.0, 2.0]
    assert observer.seen.down == {}


def test_who_is_new_was_not_restarted() -> None:
    observer = Observer()
    observer.look(lambda: 0.0)
    observer(LifeBegan("/bots/new", 1))
    observer(LifeUp("/bots/new", 1))
    assert observer.seen.restarts == 0


def test_who_slept_before_anybody_looked_was_restarted() -> None:
    observer = Observer()
    observer.look(lambda: 0.0)
    observer(LifeBegan("/platforms/qq/session", 3))
    assert observer.seen.restarts == 1
