"""The command that replays a corpus: what it reads, what it says, how it exits."""

from __future__ import annotations

import gzip
import io
import json
from itertools import islice
from pathlib import Path

import pytest

from supervision import Supervisor
from tests.otp.records import CORPUS, recorded
from tests.otp.replay import main
from tests.otp.terms import Script

FIRST, SECOND = islice(recorded(CORPUS), 2)
GOOD = json.dumps(FIRST)


def broken() -> Script:
    """A record with an event that never was."""
    record: Script = json.loads(json.dumps(SECOND))
    record["trace"][-1]["events"].append(["start", "nobody", 1])
    return record


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.jsonl"
    path.write_text(GOOD + "\n\n" + json.dumps(broken()) + "\n")
    return path


@pytest.mark.parametrize("how", [["--pure"], []])
def test_it_counts_says_what_differs_and_exits_with_1(
    how: list[str], path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*how, str(path)]) == 1

    difference, last = capsys.readouterr().out.splitlines()
    assert difference.startswith(f"{SECOND['name']}: step ")
    assert "nobody" in difference
    assert last == "1 passed, 1 failed"


def test_a_zipped_file_is_read_whatever_it_is_called(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_bytes(gzip.compress(GOOD.encode()))

    assert main(["--pure", str(path), str(path)]) == 0
    assert capsys.readouterr().out == "2 passed, 0 failed\n"


@pytest.mark.parametrize("zipped", [False, True])
def test_standard_input_is_a_dash(
    zipped: bool,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = gzip.compress(GOOD.encode()) if zipped else GOOD.encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))

    assert main(["--pure", "-"]) == 0
    assert capsys.readouterr().out == "1 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("{", "must be a JSON object (Expecting property name"),
        ("\xff", "must be a JSON object ("),
        ("[1]", "must hold name, scenario (root, steps) and trace (got [1])"),
        ('{"name": "x"}', "trace (got name)"),
        (
            json.dumps({**FIRST, "trace": []}),
            f"{FIRST['name']}: trace must have {len(FIRST['trace'])} entries",
        ),
    ],
)
def test_a_line_that_is_no_record_is_named(
    line: str, what: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.write_text(f"{GOOD}\n{line}\n", encoding="latin-1")

    assert main(["--pure", str(path)]) == 2

    told = capsys.readouterr().err
    assert told.startswith(f"{path}:2: ")
    assert what in told


def test_a_file_that_cannot_be_read_is_named(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "nowhere")]) == 2
    assert capsys.readouterr().err.endswith(
        "nowhere: cannot be read: No such file or directory\n"
    )
    assert main([str(tmp_path)]) == 2
    assert "cannot be read: Is a directory" in capsys.readouterr().err
    path.write_bytes(gzip.compress(GOOD.encode())[:100])
    assert main([str(path)]) == 2
    assert f"{path}: cannot be read: " in capsys.readouterr().err


def test_what_raises_on_our_side_is_a_scenario_that_failed(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def actor(self: Supervisor) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("tests.otp.terms.ScriptedSupervisor.actor", actor)

    assert main([str(path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 2 failed"


def test_help_says_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])

    assert left.value.code == 0
    assert "N passed, N failed" in capsys.readouterr().out
