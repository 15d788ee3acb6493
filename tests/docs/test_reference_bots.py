"""The reference of bots names what the code has: no more, no less."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from actors.bots import Bot, Context
from actors.bots.gate import REFUSAL_SECONDS
from actors.bots.handlers import EVENTS
from actors.bots.threads import THREADS
from actors.schedule import MISSED_CAP
from actors.schedule.timetable import LATERS_PER_BOT, LATERS_PER_CHAT

_WHAT_IT_IS_FOR = {
    "name",
    "aliases",
    "event",
    "what",
    "period",
    "expression",
    "tz",
}
PAGE = (Path(__file__).parents[2] / "docs/reference/bots.md").read_text()


def test_every_event_is_named() -> None:
    paragraph = PAGE.split("Events: ")[1].split("\n\n")[0].split("; and")[0]
    assert set(re.findall(r"`([\w.]+)`", paragraph)) == EVENTS


@pytest.mark.parametrize(
    "declare", [Bot.command, Bot.match, Bot.on, Bot.every, Bot.cron, Bot.later]
)
def test_every_option_is_named_with_its_default(declare: object) -> None:
    assert callable(declare)
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    for name, parameter in inspect.signature(declare).parameters.items():
        if name in {"self", *_WHAT_IT_IS_FOR}:
            continue
        shown = parameter.default
        if shown is None:
            assert rows[name] == "none"
        elif isinstance(shown, float):
            assert f"{shown:g}" in re.findall(r"\d+", rows[name])
        else:
            assert str(shown) in rows[name]


def test_everything_of_a_context_is_named() -> None:
    public = [name for name in dir(Context) if not name.startswith("_")]
    assert [name for name in public if f"ctx.{name}" not in PAGE] == []


def test_numbers_are_those_of_the_code() -> None:
    assert f"once in {REFUSAL_SECONDS / 60:.0f} minutes" in PAGE
    assert f"at most {THREADS} per bot" in PAGE
    assert f"the latest {MISSED_CAP})" in PAGE
    assert f"At most {LATERS_PER_CHAT} wait in one chat" in PAGE
    assert f"and {LATERS_PER_BOT:,} for a bot" in PAGE
