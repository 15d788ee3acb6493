"""A codec that hangs is found, and a machine that is busy with others is no finding."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.fuzz.hanging import Hangs, processor_time, within


def _spins(_: bytes) -> None:
    while True:
        with suppress(Exception):
            pass


def _backtracks(_: bytes) -> None:
    re.match(r"(a*)*b", "a" * 1000)


@pytest.mark.parametrize("hangs", [_spins, _backtracks])
def test_what_hangs_is_found(hangs: Callable[[bytes], None]) -> None:
    with pytest.raises(Hangs, match=r"within 0\.05 s"):
        within(0.05, hangs)(b"")


def test_who_only_waits_for_the_processor_does_not_hang() -> None:
    with processor_time(0.2):
        time.sleep(0.4)


def test_nothing_is_watched_any_more_once_it_has_ended() -> None:
    within(0.05, lambda _: None)(b"")
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
