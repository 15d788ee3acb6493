"""Random worlds from seeds: the laws hold, the same seed is the same world, and it bites."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from math import inf

import pytest

from actors.kernel import Cell, System
from actors.kernel.life import Life
from rookery.testing import simulation
from rookery.testing.simulation import Outcome
from rookery.testing.simulation.audit import boxes
from rookery.testing.simulation.clock import JumpingClock, StoodStill
from supervision import Backoff, ChildSpec, Supervisor, decide, transitions
from supervision.state import Core, Job, Turn, Window
from tests.rookery.testing.actors import perch

QUARTER = 0.25
"""Hours: enough for a few hundred faults."""


@pytest.mark.parametrize("seed", range(24))
def test_the_laws_hold_in_every_world(seed: int) -> None:
    outcome = simulation.survived(seed, hours=QUARTER)
    assert outcome.broken == (), simulation.report(outcome)
    assert len(outcome.log) > 100


def test_the_same_seed_is_the_same_world_and_another_is_another() -> None:
    one, again, other = (simulation.simulate(seed, hours=QUARTER) for seed in (5, 5, 6))
    assert one.log == again.log
    assert one.digest != other.digest


def command(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rookery.testing", "simulate", *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_same_seed_is_the_same_log_in_any_process() -> None:
    """Whatever the hashes of strings are."""
    runs = [
        command("--seed", "3", "--hours", "0.2", PYTHONHASHSEED=number)
        for number in ("0", "4711")
    ]
    assert [run.returncode for run in runs] == [0, 0], runs
    assert runs[0].stdout == runs[1].stdout
    assert simulation.simulate(3, hours=0.2).digest in runs[0].stdout


def test_a_log_holds_nothing_of_this_process() -> None:
    for line in simulation.simulate(8, hours=QUARTER).log:
        assert not re.search(r"0x[0-9a-f]{4,}|\bat 0x|/work/|\.py:", line)
        assert re.match(r" *\d+\.\d{6}  ", line)


def test_a_tree_of_somebody_else() -> None:
    tree = Supervisor(children=[ChildSpec("birds", perch("a", "b"))])
    outcome = simulation.simulate(1, hours=QUARTER, tree=tree, name="mine:tree")
    assert outcome.broken == ()
    assert any("/birds/a" in line for line in outcome.log)
    assert simulation.replay_command(outcome).endswith("--tree mine:tree")


# --- it bites ---------------------------------------------------------------------------


def failures(seeds: range) -> list[Outcome]:
    return simulation.sweep(seeds, hours=QUARTER, say=lambda _: None)


def ignores_the_window(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Window, "admits", lambda *_: True)


def restarts_only_the_one(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Core, "reach", lambda _, child: [child])


def stops_in_start_order(patch: pytest.MonkeyPatch) -> None:
    begin = transitions.begin

    def reversing(turn: Turn, job: Job) -> None:
        job.halts.reverse()
        begin(turn, job)

    patch.setattr(transitions, "begin", reversing)


def sleeps_too_long(patch: pytest.MonkeyPatch) -> None:
    delay = Backoff.delay
    patch.setattr(Backoff, "delay", lambda *args: 1.0 + delay(*args))


def restarts_temporaries(patch: pytest.MonkeyPatch) -> None:
    def always(*_: object) -> bool:
        return True

    patch.setattr(decide, "is_restarted", always)


def loses_mail_at_an_end(patch: pytest.MonkeyPatch) -> None:
    finish = Life.finish

    def forgetful(self: Life, reason: object) -> None:
        if self.cell.depth and not self.cell.ordered:
            self.cell.take_user()
        finish(self, reason)  # type: ignore[arg-type]  # as it came

    patch.setattr(Life, "finish", forgetful)


def keeps_slots(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Cell, "release", lambda _: None)


BREAKAGES: list[tuple[Callable[[pytest.MonkeyPatch], None], str]] = [
    (ignores_the_window, "the_window_is_never_exceeded"),
    (restarts_only_the_one, "siblings_are_left_alone"),
    (stops_in_start_order, "stops_go_in_reverse"),
    (sleeps_too_long, "delays_are_in_bounds"),
    (restarts_temporaries, "restarts_are_those_of_the_type"),
    (loses_mail_at_an_end, "no_message_vanishes"),
    (keeps_slots, "nothing_is_kept"),
]


@pytest.mark.parametrize(("breaks", "law"), BREAKAGES)
def test_what_is_broken_on_purpose_is_found(
    breaks: Callable[[pytest.MonkeyPatch], None],
    law: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    breaks(monkeypatch)
    found = {b.law for outcome in failures(range(4)) for b in outcome.broken}
    assert law in found


def test_a_world_that_would_go_on_for_ever_is_noticed() -> None:
    clock = JumpingClock(limit=100.0)
    assert clock.deadline_to_sleep_time(60.0) == 0.0
    assert clock.current_time() == 60.0
    with pytest.raises(StoodStill, match="everybody waits"):
        clock.deadline_to_sleep_time(inf)
    with pytest.raises(StoodStill, match="it has not ended"):
        clock.deadline_to_sleep_time(101.0)
    clock.over = True
    assert clock.deadline_to_sleep_time(inf) == inf


# --- the command ------------------------------------------------------------------------


def test_a_failing_seed_tells_how_to_see_it_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ignores_the_window(monkeypatch)
    said: list[str] = []
    [first, *_] = simulation.sweep(range(4), hours=QUARTER, say=said.append)
    replay = f"python -m rookery.testing simulate --seed {first.seed} --hours 0.25"
    assert replay in said[0].splitlines()[-1]
    again = simulation.simulate(first.seed, hours=QUARTER)
    assert again.broken == first.broken


def test_the_command_to_see_it_again_says_the_hours_exactly() -> None:
    outcome = Outcome(1, 1 / 3, 0, 0, (), ())
    assert simulation.replay_command(outcome).endswith(f"--hours {1 / 3}")


def test_a_run_that_crashes_is_a_failure_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object, **__: object) -> Outcome:
        raise RuntimeError("internal error")

    monkeypatch.setattr("rookery.testing.simulation.sweeping.simulate", crash)
    [outcome] = simulation.sweep([1], hours=QUARTER, say=lambda _: None)
    assert outcome.broken[0].law == "nothing_ends_the_run"
    assert "internal error" in simulation.report(outcome)


def test_an_interrupt_says_what_was_found_so_far() -> None:
    def seeds() -> Iterator[int]:
        signal.raise_signal(signal.SIGINT)
        yield from range(3)

    said: list[str] = []
    assert simulation.sweep(seeds(), hours=0.05, say=said.append) == []
    assert said[0] == "interrupted"
    assert said[1].startswith("1 worlds of 0.05 h")


def test_an_interrupt_inside_a_world_is_no_fault_of_that_world(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It may hit any task: an actor that died of it left a world that stood still."""

    def interrupted(system: System) -> Iterator[str]:
        if not sent:
            sent.append(True)
            signal.raise_signal(signal.SIGINT)
        return boxes(system)

    sent: list[bool] = []
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr("rookery.testing.simulation.run.boxes", interrupted)
    said: list[str] = []
    assert simulation.sweep(range(3), hours=0.05, say=said.append) == []
    assert said[0] == "interrupted"
    assert said[1].startswith("1 worlds of 0.05 h")
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("--seeds", "1-3"), "--seeds must be FIRST..LAST"),
        (("--seeds", "5..1"), "--seeds must be FIRST..LAST"),
        (("--seeds", "²..³"), "--seeds must be FIRST..LAST"),
        (("--seed", "1", "--seeds", "1..2"), "--seed or --seeds, not both"),
        (("--log", "x.log"), "--log needs --seed"),
        (
            ("--seed", "1", "--log", "/nowhere/x.log"),
            "/nowhere/x.log cannot be written",
        ),
        (("--hours", "0"), "--hours must be above 0"),
        (("--hours", "nan"), "--hours must be above 0"),
        (("--hours", "inf"), "--hours must be above 0"),
        (("--tree", "nowhere"), "--tree must be MODULE:NAME"),
        (("--tree", "supervision:Supervisor"), "--tree must name a Supervisor"),
    ],
)
def test_a_wrong_option_is_one_sentence(args: tuple[str, ...], sentence: str) -> None:
    done = command(*args)
    assert done.returncode == 2
    assert sentence in done.stderr
