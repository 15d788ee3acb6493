"""`rookery chaos` against a host that answers as the test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rookery.chaos import Report
from rookery.cli import chaos
from rookery.cli.client import NotDone
from rookery.cli.places import Which
from rookery.control import BeginChaos, HealChaos, LookAtChaos, Request

PLAN = '[[fault]]\nat = "tick"\nkills = true\n'


def answers(phase: str) -> dict[str, object]:
    return Report(id="1", phase=phase, seconds=1.0, healed="asked to").as_json()


class Host:
    """Answers in turn; what is an exception is raised."""

    def __init__(self, *turns: dict[str, object] | BaseException) -> None:
        self.turns = list(turns)
        self.asked: list[Request] = []
        self.now = 0.0

    def ask(self, _: Which, request: Request) -> dict[str, object]:
        self.asked.append(request)
        turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        if isinstance(turn, BaseException):
            raise turn
        return turn

    def sleep(self, seconds: float) -> None:
        self.now += seconds


Run = Callable[[Host], int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    file = tmp_path / "plan.toml"
    file.write_text(PLAN)

    def run(host: Host) -> int:
        monkeypatch.setattr(chaos, "answer_to", host.ask)
        monkeypatch.setattr("rookery.cli.chaos.time.sleep", host.sleep)
        monkeypatch.setattr("rookery.cli.chaos.time.monotonic", lambda: host.now)
        return chaos.run_chaos(file, "30s", Which())

    return run


NO_HOST = NotDone(kind="no_host", message="no host is running", code=2)


def test_it_looks_until_it_is_done(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    host = Host(answers("running"), answers("healing"), answers("done"))

    assert run(host) == 0
    begin, *looks = host.asked
    assert isinstance(begin, BeginChaos)
    assert (begin.plan, begin.seconds) == (PLAN, 30.0)
    assert looks == [LookAtChaos(begin.campaign)] * 2
    assert "1.0 s of chaos" in capsys.readouterr().out


def test_it_is_patient_with_a_socket_that_was_hit_too(run: Run) -> None:
    host = Host(answers("running"), NO_HOST, NO_HOST, answers("done"))

    assert run(host) == 0


def test_a_host_that_is_gone_is_said_to_be_gone(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(Host(answers("running"), NO_HOST)) == 1
    assert "the host is gone" in capsys.readouterr().err


def test_none_that_was_there_is_no_reason_to_wait(run: Run) -> None:
    host = Host(NO_HOST)

    assert run(host) == 2
    assert len(host.asked) == 1


def test_ctrl_c_heals_even_while_it_begins(run: Run) -> None:
    host = Host(KeyboardInterrupt(), answers("healing"), answers("done"))

    assert run(host) == 0
    begin, heal, look = host.asked
    assert isinstance(begin, BeginChaos)
    assert heal == HealChaos(begin.campaign)
    assert look == LookAtChaos(begin.campaign)


def test_a_second_ctrl_c_leaves(run: Run) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Host(answers("running"), KeyboardInterrupt()))


def test_a_second_ctrl_c_leaves_while_it_recovers(run: Run) -> None:
    host = Host(
        answers("running"),
        KeyboardInterrupt(),
        answers("healing"),
        KeyboardInterrupt(),
        answers("done"),
    )

    with pytest.raises(KeyboardInterrupt):
        run(host)


def test_what_was_not_sound_is_not_done(run: Run) -> None:
    report = answers("done") | {"sound": False}

    assert run(Host(report)) == 1
