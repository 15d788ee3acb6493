"""Whole hosts in worlds from seeds: the laws hold, a seed is one world, and they bite."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.testing import hostsim
from rookery.testing.hostsim.words import LISTENERS, Verb
from rookery.testing.hostsim.world import World
from tests.rookery.testing.hostsim.sabotage import WAYS, first_world

QUARTER = 0.25
"""Hours: some hundred events, and about one trouble a minute or two."""


@pytest.mark.parametrize("seed", range(1, 9))
def test_the_laws_hold_in_every_world(seed: int) -> None:
    outcome = hostsim.simulate(seed, hours=QUARTER)
    assert outcome.broken == (), hostsim.report(outcome, 1.0)
    assert outcome.lived > QUARTER
    assert outcome.counts["in done"] > 20
    assert outcome.counts["out sent"] > 20


def test_the_same_seed_is_the_same_world_and_another_is_another() -> None:
    one, again, other = (
        hostsim.simulate(seed, hours=0.1, keep=True) for seed in (5, 5, 6)
    )
    assert one.log == again.log
    assert one.digest != other.digest


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "rookery", "chaos", "--simulate", *args]


def test_the_same_seed_is_the_same_log_in_any_process(tmp_path: Path) -> None:
    """Whatever the hashes of strings are, and wherever objects lie."""
    logs = []
    for number in ("0", "4711"):
        log = tmp_path / number
        run = subprocess.run(
            command("--seed", "3", "--hours", "0.1", "--log", str(log)),
            env={**os.environ, "PYTHONHASHSEED": number},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert run.returncode == 0, run
        assert "the laws hold" in run.stdout
        logs.append(log.read_bytes())
    assert logs[0] == logs[1]
    assert len(logs[0].splitlines()) > 100


def test_a_log_holds_nothing_of_this_process() -> None:
    for line in hostsim.simulate(4, hours=0.1, keep=True).log:
        assert not re.search(r"0x[0-9a-f]{4,}|\bat 0x|/tmp/|\.py:", line)
        assert re.match(r" *\d+\.\d{6}  ", line)


def test_an_interrupt_ends_it_with_what_was_found_so_far() -> None:
    host = subprocess.Popen(
        command("--seed", "1", "--hours", "2000"), stdout=subprocess.PIPE, text=True
    )
    try:
        assert host.stdout is not None
        assert host.stdout.readline() == "seed 1: 2000 h begin\n"
        host.send_signal(signal.SIGINT)
        said, _ = host.communicate(timeout=60)
    finally:
        host.kill()
    assert "interrupted; no law was broken so far" in said
    assert host.returncode == 0


def test_a_broken_law_is_reported_with_the_command_that_shows_it_again() -> None:
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        WAYS["counts_its_keys"](patch)
        failed = hostsim.sweep(range(1, 3), hours=QUARTER, say=said.append)
    assert failed
    seed = failed[0].seed
    again = f"again with: rookery chaos --simulate --seed {seed} --hours 0.25"
    assert any(again in line for line in said)


def test_a_world_that_takes_the_run_down_is_news_of_its_seed() -> None:
    said: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "live", None)
        (failed,) = hostsim.sweep([7], hours=QUARTER, say=said.append)
    assert failed.broken[0].law == "nothing_ends_the_run"
    assert "--seed 7" in said[-1]


def test_every_verb_has_listeners_that_are_configured() -> None:
    assert set(LISTENERS) == set(Verb)


# --- it bites ---------------------------------------------------------------------------

QUICKLY = {
    "settles_before_it_handles",
    "counts_its_keys",
    "sends_before_the_commit",
    "says_again_what_nobody_knows",
    "puts_what_it_releases_last",
    "loses_what_it_noted",
    "runs_a_chat_side_by_side",
    "changes_another_message",
    "gives_up_what_is_fresh",
    "ignores_a_delay",
    "drops_too_early",
    "loses_the_trace",
    "cancels_at_will",
    "says_it_elsewhere",
    "says_something_else",
    "says_parts_backwards",
    "tells_bots_nothing",
    "tries_too_often",
    "forgets_deadlines",
    "takes_anybodys_answer",
    "rings_early",
}
"""Noticed in a third of all worlds of a quarter of an hour, or in more: of so many that
what happens to be in one of them makes no difference. The others take longer."""


@pytest.mark.parametrize("way", WAYS)
def test_a_host_that_is_broken_is_noticed(way: str) -> None:
    if way in QUICKLY:
        assert first_world(way, range(1, 31), QUARTER) is not None
    else:  # what it breaks is still there to be broken
        with pytest.MonkeyPatch.context() as patch:
            WAYS[way](patch)
