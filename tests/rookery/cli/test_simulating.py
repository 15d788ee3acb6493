"""`rookery chaos --simulate`: what is typed, before any world begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from rookery.cli import main


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["plan.toml"], "leave the plan out"),
        (["--hours", "0"], "--hours must be above 0"),
        (["--hours", "nan"], "--hours must be above 0"),
        (["--seeds", "3"], "--seeds must be FIRST..LAST"),
        (["--seeds", "1..2", "--seed", "1"], "give one of them"),
        (["--seeds", "3..1"], "--seeds must not end before it begins"),
        (["--seeds", f"0..{'9' * 5_000}"], "--seeds must be FIRST..LAST"),
        (["--log", "/nowhere/at/all"], "/all cannot be written: No such file"),
        (["--log", "/"], "--log: / cannot be written: Is a directory"),
        (["--for", "3s"], "--simulate takes --hours"),
        (["--json"], "leave them out"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_2(
    typed: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["chaos", "--simulate", *typed]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert len(told.err.splitlines()) == 1


def test_worlds_are_lived_through_and_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "world.log"
    typed = ["--seeds", "1..2", "--hours", "0.05", "--log", str(log)]
    assert main(["chaos", "--simulate", *typed]) == 0
    said = capsys.readouterr().out
    assert "seed 1: the laws hold" in said
    assert "seed 2: the laws hold" in said
    assert "lost 0, doubled 0" in said
    assert "process 1 begins" in log.read_text("utf-8")
