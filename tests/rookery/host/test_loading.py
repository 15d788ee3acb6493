"""`Loader`: a stranger's module that does not end costs its own bot, and says where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.bots import BotNotLoaded
from rookery.config import ConfigRefused, Configuration, Settings
from rookery.host import Loader, loading

FOR_EVER = """\
import pathlib, time
while not pathlib.Path({end!r}).exists():
    time.sleep(0.001)
"""


@pytest.fixture
def endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a module that does not end before the test does."""
    monkeypatch.setattr(loading, "LOAD_SECONDS", 0.2)
    end = tmp_path / "end"
    (tmp_path / "mine.py").write_text(FOR_EVER.format(end=str(end)))
    yield tmp_path
    end.touch()


async def test_a_bot_that_does_not_end_is_given_up_with_its_line(endless: Path) -> None:
    said = rf"more than 0\.2 s and was given up, at {endless}/mine\.py:[23]$"
    with pytest.raises(BotNotLoaded, match=said):
        await Loader().load("mine.py:bot", endless)


async def test_a_platform_that_does_not_end_refuses_the_file(endless: Path) -> None:
    def read() -> Configuration:
        exec(compile((endless / "mine.py").read_text(), endless / "mine.py", "exec"))
        return Configuration(settings=Settings(), source=None, folder=endless)

    said = rf"^platforms: expected .* given up, at {endless}/mine\.py:[23]$"
    with pytest.raises(ConfigRefused, match=said):
        await Loader().read(read, endless)
