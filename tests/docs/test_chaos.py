"""Every plan of the documentation can be read, and the reference is complete."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from rookery.chaos import read_plan
from rookery.chaos.report import Events, Messages, Report
from rookery.chaos.tables import EFFECTS, KEYS, PLAN_KEYS
from rookery.cli.rendering import chaos_text
from supervision.chaos import POINTS, POSSIBLE
from tests.docs.pages import ROOT, Block, blocks, every, rows, words

PAGE = ROOT / "docs/reference/chaos.md"
HOW_TO = ROOT / "docs/how-to/break-it-on-purpose.md"
SAMPLES = sorted((ROOT / "docs/how-to/plans").glob("*.toml"))
BLOCKS = [block for block in every("toml") if block.mark == "plan"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_a_sample_is_a_plan_that_ends(sample: Path) -> None:
    plan = read_plan(sample.read_text("utf-8"), name=sample.name)
    assert plan.faults
    assert plan.duration <= 120
    assert f"plans/{sample.name}" in HOW_TO.read_text("utf-8")


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_plan_on_a_page_can_be_read(block: Block) -> None:
    assert read_plan(block.text, name="").faults


def test_there_are_some() -> None:
    assert BLOCKS
    assert len(SAMPLES) >= 3


def test_every_key_is_listed_and_no_other() -> None:
    plan = {row[0].strip("`") for row in rows(PAGE, "key of `[plan]`")}
    assert plan == set(PLAN_KEYS)
    listed = {
        key
        for row in rows(PAGE, "key of `[[fault]]`")
        for key in re.findall(r"`(\w+)`", row[0])
    }
    assert listed | set(EFFECTS) == set(KEYS)


def test_points_and_effects_are_those_of_the_code() -> None:
    assert {row[0].strip("`") for row in rows(PAGE, "point")} == {
        point.value for point in POINTS
    }
    table = {
        row[0].strip("`").split()[0]: set(re.findall(r"`(\w+)`", row[1]))
        for row in rows(PAGE, "effect")
    }
    assert table == {
        effect.name: {point.value for point in points}
        for effect, points in POSSIBLE.items()
    }


def test_an_effect_is_written_as_the_page_says() -> None:
    for row in rows(PAGE, "effect"):
        at = re.findall(r"`(\w+)`", row[1])[0]
        text = f'[[fault]]\nat = "{at}"\n{row[0].strip("`")}'
        assert read_plan(text, name="").faults


def test_every_word_of_the_report_is_explained() -> None:
    explained = {word.strip("`") for row in rows(PAGE, "word") for word in [row[0]]}
    explained |= set(words(PAGE))
    for kind in (Events, Messages):
        for name in (each.name for each in attrs.fields(kind)):
            if name != "ended":
                assert name.replace("_", " ") in explained, name
    [shown] = blocks(HOW_TO, "text")
    said = chaos_text(Report(id="1", phase="done", seconds=1.0).as_json())
    heads = re.compile(r"^  ([a-z ]{12})", re.MULTILINE)
    assert heads.findall(shown.text) == heads.findall(said)
