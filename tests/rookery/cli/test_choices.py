"""Words that the command line writes out a second time."""

from __future__ import annotations

from typing import get_args

from rookery import control
from rookery.cli import choices


def test_they_are_those_of_the_socket() -> None:
    assert get_args(choices.State) == get_args(control.State)
    assert get_args(choices.LetterKind) == get_args(control.LetterKind)
