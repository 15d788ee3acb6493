"""Fresh scenarios, different in each run, against the real Erlang/OTP.

Skipped where Erlang is not installed, a failure in CI. To see a failing run again, set
the seed it names: `ROOKERY_OTP_SEED=... pytest tests/otp/test_live.py`, or give it to
`python -m tests.otp.live --seed ...`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.otp.live.__main__ import main
from tests.otp.live.confront import Verdict, confront
from tests.otp.live.oracle import HOW_TO_INSTALL, OracleFailed, answers, is_installed
from tests.otp.live.scenarios import KINDS, scenario_of, scenarios
from tests.otp.records import CORPUS, recorded
from tests.otp.replay import main as replay

COUNT = 200
"""Most of about ten seconds Erlang waits for real windows to pass."""
ROOT = Path(__file__).parents[2]


@pytest.fixture
def erlang() -> None:
    if is_installed():
        return
    if os.environ.get("CI"):
        pytest.fail(HOW_TO_INSTALL)
    pytest.skip(HOW_TO_INSTALL)


@pytest.mark.peer
@pytest.mark.usefixtures("erlang")
def test_the_real_one_does_what_ours_do() -> None:
    seed = os.environ.get("ROOKERY_OTP_SEED") or secrets.token_hex(4)

    played = list(confront(list(scenarios(seed, COUNT))))

    again = f"again: python -m tests.otp.live --seed {seed} --count {COUNT}"
    differ = {p.record["name"]: p.why for p in played if p.verdict is Verdict.DIFFER}
    assert differ == {}, again
    aside = {p.record["name"]: p.why for p in played if p.verdict is Verdict.ASIDE}
    assert len(aside) <= COUNT / 20, f"{aside}; {again}"


@pytest.mark.peer
@pytest.mark.usefixtures("erlang")
def test_it_still_does_what_was_recorded() -> None:
    """The oracle that is kept here is the one that the corpus was recorded with."""
    # Those that wait for real seconds are left out: a machine that stalls is no news.
    timed = [r for r in recorded(CORPUS) if not r["name"].endswith("expiry")]
    records = timed[::20]

    told = answers([record["scenario"] for record in records])

    assert [answer["trace"] for answer in told] == [r["trace"] for r in records]


@pytest.mark.peer
@pytest.mark.usefixtures("erlang")
def test_a_difference_is_told_and_kept(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.otp.terms.Told.__init__", Exception.__init__)
    monkeypatch.setattr("tests.otp.terms.Told.term", "nonsense", raising=False)
    kept = tmp_path / "kept.jsonl"

    assert main(["--seed", "told", "--count", "8", "--keep", str(kept)]) == 1

    first, *differences, last = capsys.readouterr().out.splitlines()
    assert first == "seed told, 8 scenarios"
    assert len(differences) == int(last.split()[2]) > 0
    assert re.match(r"told-000\d-\w+: differ: core: step \d+ ", differences[0])
    assert replay(["--pure", str(kept)]) == 1
    monkeypatch.undo()
    assert replay(["--pure", str(kept)]) == 0


@pytest.mark.peer
@pytest.mark.usefixtures("erlang")
def test_a_run_can_be_stopped_by_hand() -> None:
    command = [sys.executable, "-m", "tests.otp.live", "--count", "100000"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline().endswith(", 100000 scenarios\n")
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)

    assert run.returncode == 130
    stopped, last = out.splitlines()
    assert re.fullmatch(r"stopped after \d+ of 100000", stopped)
    assert last.endswith(" passed, 0 failed")
    assert err == ""


@pytest.mark.skipif(is_installed(), reason="Erlang is installed")
def test_without_erlang_it_says_what_to_install(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([]) == 2
    assert "erlang-base" in capsys.readouterr().err


def test_an_oracle_that_breaks_is_no_agreement(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escript = tmp_path / "escript"
    escript.write_text("#!/bin/sh\necho no such module >&2\nexit 127\n")
    escript.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    with pytest.raises(OracleFailed, match="no such module"):
        list(answers(scenarios("s", 3)))
    assert main(["--count", "3"]) == 2
    assert "no such module" in capsys.readouterr().err


@pytest.mark.parametrize("count", ["0", "-1", "many"])
def test_a_count_that_is_none_is_refused(
    count: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--count", count])

    assert left.value.code == 2
    assert f"must be a whole number from 1 (got {count!r})" in capsys.readouterr().err


def test_a_seed_always_gives_the_same_scenarios_and_another_one_others() -> None:
    assert list(scenarios("s", 30)) == list(scenarios("s", 30))
    names = [scenario["name"] for scenario in scenarios("s", 300)]
    assert len(set(names)) == 300
    assert {name.split("-")[-1] for name in names} == {kind for _, kind in KINDS}
    one, other = (dict(scenario_of(seed, 0)) for seed in "st")
    assert json.dumps(one) != json.dumps(other)
