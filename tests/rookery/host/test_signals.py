"""The first signal asks, the second one leaves, SIGHUP reloads."""

from __future__ import annotations

import os
import signal

import pytest
import trio
import trio.testing

from rookery.host.signals import Signals, signals_to, terminal_of_this_process


def kill(number: int) -> None:
    os.kill(os.getpid(), number)


async def test_the_first_asks_and_the_second_leaves() -> None:
    codes: list[int] = []
    signals = Signals(reload=lambda: None, leave_now=codes.append)
    with signals_to(signals):
        kill(signal.SIGTERM)
        with trio.fail_after(60):
            await signals.asked_to_leave.wait()
        assert signals.asked_by == "SIGTERM"
        assert codes == []

        kill(signal.SIGINT)
        assert codes == [1]


async def test_the_second_one_needs_no_loop() -> None:
    """A bot blocks the loop: nobody would look at an event, and yet it leaves."""
    codes: list[int] = []
    with signals_to(Signals(reload=lambda: None, leave_now=codes.append)):
        kill(signal.SIGTERM)
        kill(signal.SIGTERM)

        assert codes == [1]


async def test_hangup_reloads_as_often_as_it_comes() -> None:
    reloaded = trio.Event()
    count = 0

    def reload() -> None:
        nonlocal count
        count += 1
        reloaded.set()

    signals = Signals(reload=reload, leave_now=lambda _: None)
    with signals_to(signals):
        for nth in (1, 2):
            reloaded = trio.Event()
            kill(signal.SIGHUP)
            with trio.fail_after(60):
                await reloaded.wait()
            assert count == nth
    assert not signals.asked_to_leave.is_set()


async def test_hangup_of_a_closed_terminal_asks_to_leave() -> None:
    """Or the host would go on, with nobody who knows of it and its ports taken."""
    reloaded = trio.Event()
    person, terminal = os.openpty()
    codes: list[int] = []
    reloads: list[None] = []

    def reload() -> None:
        reloads.append(None)
        reloaded.set()

    signals = Signals(reload, leave_now=codes.append, terminal=terminal)
    try:
        with signals_to(signals), trio.fail_after(5):
            kill(signal.SIGHUP)
            await reloaded.wait()
            assert not signals.asked_to_leave.is_set()

            os.close(person)
            kill(signal.SIGHUP)
            await signals.asked_to_leave.wait()
            assert signals.asked_by == "SIGHUP"
            kill(signal.SIGHUP)  # by the kernel, and by the shell
            await trio.testing.wait_all_tasks_blocked()
            assert codes == []
            assert reloads == [None], "who leaves loads nothing any more"
    finally:
        os.close(terminal)


def test_who_was_told_to_ignore_hangups_leaves_at_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A `nohup` that takes no file away, as of macOS and BSD, or `trap '' HUP`."""
    monkeypatch.setattr(os, "isatty", lambda _: True)
    # Whoever runs the tests may have been told to ignore it.
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        assert terminal_of_this_process() == 0
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        assert terminal_of_this_process() is None
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_afterwards_signals_mean_what_they_meant() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with signals_to(Signals(reload=lambda: None)):
        assert signal.getsignal(signal.SIGTERM) != before

    assert signal.getsignal(signal.SIGTERM) == before
