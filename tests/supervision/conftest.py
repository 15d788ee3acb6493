"""What the tests of the running supervisor share."""

from __future__ import annotations

import pytest

from tests.supervision.actors import Diary


@pytest.fixture
def diary() -> Diary:
    """A fresh page for what happens."""
    return Diary()
