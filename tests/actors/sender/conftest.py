"""Every test of the sender is run with both kinds of lines."""

from __future__ import annotations

import pytest

from tests.actors.sender.offices import FakeLine


@pytest.fixture(autouse=True, params=[False, True], ids=["waited for", "begun"])
def prompt(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that have to be waited for, or that begin in a plain call."""
    monkeypatch.setattr(FakeLine, "prompt", request.param)
