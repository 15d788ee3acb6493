"""The pytest plugin, as others use it: a run of pytest of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
from actors.kernel import Actor
from supervision import Backoff, ChildSpec, Supervisor

class Bird(Actor[str]):
    pass

tree = Supervisor(children=[ChildSpec("bird", Bird, backoff=Backoff())])
"""
PASSING = (
    TESTS
    + """
def test_one(kit, rookery_seed):
    k = kit(tree)
    k.crash("/bird", OSError())
    k.advance(3600)
    assert k.children == {"/bird": "running"}
    print("delay", k.delays("/bird"), "seed", rookery_seed)
"""
)
FAILING = (
    TESTS
    + """
def test_one(kit):
    k = kit(tree)
    k.kill("/bird")
    assert k.children == {"/bird": "flying"}
"""
)
STRANGER = """
import sys

def test_of_somebody_else():
    assert "rookery.testing.plugin" in sys.modules
    for name in ("trio", "hypothesis", "actors", "supervision", "rookery.testing.kit"):
        assert name not in sys.modules, name
"""


def pytest_run(folder: Path, text: str, *args: str) -> tuple[int, str]:
    """Run *text* as somebody's test file; `trio` comes only with us, not with pytest-trio."""
    (folder / "test_theirs.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider"]
    others = ["-p", "no:trio", "-p", "no:hypothesispytest", "-p", "no:anyio"]
    done = subprocess.run(
        [*command, *others, *args, "test_theirs.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_the_fixture_runs_a_tree_from_the_same_seed_each_time(tmp_path: Path) -> None:
    runs = [pytest_run(tmp_path, PASSING, "-s") for _ in range(2)]
    said = [
        [line for line in out.splitlines() if "delay" in line] for code, out in runs
    ]
    assert [code for code, _ in runs] == [0, 0], runs
    assert said[0] == said[1] != []


def test_the_seed_may_be_given(tmp_path: Path) -> None:
    code, out = pytest_run(tmp_path, PASSING, "-s", "--rookery-seed", "12")
    assert (code, "seed 12" in out) == (0, True)


def test_a_failure_tells_its_seed_and_the_story(tmp_path: Path) -> None:
    code, out = pytest_run(tmp_path, FAILING, "--rookery-seed", "12")
    assert code == 1
    assert "test_theirs.py::test_one' --rookery-seed 12" in out
    assert "bird sleeps" in out
    assert "/bird#1 ends: killed" in out


def test_who_does_not_use_it_pays_nothing(tmp_path: Path) -> None:
    code, out = pytest_run(tmp_path, STRANGER)
    assert code == 0, out


def test_without_hypothesis_it_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = (
        "import sys; sys.modules['hypothesis'] = None\n"
        "import rookery.testing.kit\n"
        "import rookery.testing.strategies"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "pip install 'rookery[testing]'" in done.stderr.splitlines()[-1]


CONFORMING = """
from rookery.testing.lab import Conformance
from tests.fakes.tinychat.peer import TinyPeer

class TestTiny(Conformance):
    peer = TinyPeer
"""


def test_a_platform_is_proved_without_a_plugin_for_asynchronous_tests(
    tmp_path: Path,
) -> None:
    """Whoever writes a platform may use trio's plugin, asyncio's, or none."""
    (tmp_path / "test_it.py").write_text(CONFORMING)
    root = Path(__file__).parents[3]
    options = ["-p", "no:trio", "-p", "no:cacheprovider", "-k", "talks or too_many"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-rs", "--rootdir", tmp_path, *options],
        cwd=tmp_path,
        env={"PYTHONPATH": str(root), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "1 passed, 1 skipped" in done.stdout, done.stdout
    assert "the protocol cannot: TinyChat has no word for it" in done.stdout
