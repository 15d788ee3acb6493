"""`rookery new platform`: what it writes is a platform that stands everything."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from rookery.cli import main
from rookery.cli.starters import Transport
from rookery.testing.lab import Case

ROOT = Path(__file__).parents[3]
TRANSPORTS = get_args(Transport)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*command: str, where: Path) -> str:
    """Return what a program has printed; it must have gone well."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=where,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_new_platform_proves_itself(
    transport: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "platform", "my-parrot", "--transport", transport]) == 0

    out = capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "my_parrot.md",
        "my_parrot.py",
        "my_parrot_peer.py",
        "test_my_parrot.py",
    ]
    table = out[out.index("[platforms") :]
    assert 'use = "my_parrot.py:MyParrot"' in table
    assert table.strip() in (tmp_path / "my_parrot.md").read_text()

    assert f"{sys.executable} -m pytest test_my_parrot.py" in out
    assert "pip install" not in out  # what it needs is there
    told = run("pytest", "-q", "-p", "no:cacheprovider", where=tmp_path)
    cases = f"{len(Case) + 1} passed"  # none skipped, and its own story
    assert cases in told


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_new_platform_is_clean_and_can_be_configured(
    transport: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["new", "platform", "parrot", "--transport", transport])
    out = capsys.readouterr().out
    config = tmp_path / "rookery.toml"
    config.write_text(out[out.index("[platforms") :].replace("{ env =", "{ secret ="))
    assert main(["check", "rookery.toml"]) in (0, 2)
    assert "parrot.py" not in capsys.readouterr().err

    settings = str(ROOT / "pyproject.toml")
    run("ruff", "format", "--check", "--config", settings, ".", where=tmp_path)
    run("ruff", "check", "--select", "E,F,I,B,ASYNC,RUF", ".", where=tmp_path)
    run("mypy", "--strict", ".", where=tmp_path)
    for file in tmp_path.glob("*parrot*"):
        assert "mychat" not in file.read_text().lower(), file.name


def test_where_pytest_is_not_there_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pytest", None)

    assert main(["new", "platform", "parrot", "--transport", "tcp"]) == 0

    python = f"    {sys.executable} -m"
    assert [
        line for line in capsys.readouterr().out.splitlines() if python in line
    ] == [
        f"{python} pip install 'rookery[testing]'",
        f"{python} pytest test_parrot.py",
    ]


def test_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "parrot_peer.py").write_text("mine")

    assert main(["new", "platform", "parrot", "--transport", "tcp"]) == 2

    assert "parrot_peer.py exists already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["parrot_peer.py"]


def test_all_or_nothing_where_it_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_parrot.py").symlink_to(tmp_path / "nowhere" / "test_parrot.py")

    assert main(["new", "platform", "parrot", "--transport", "tcp"]) == 2

    assert "cannot be written" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["test_parrot.py"]


@pytest.mark.parametrize(
    "name", ["Parrot", "1st", "a b", "../x", "class", "", "é", "json", "pytest", "a--b"]
)
def test_a_name_that_can_be_none(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "platform", name, "--transport", "tcp"]) == 2

    assert "a platform's name must" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["none", "true", "sent", "text", "answer", "mapping", "peer", "conformance"]
)
def test_a_class_must_not_take_the_name_of_another(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What would be written could not even be imported, or would call itself."""
    assert main(["new", "platform", name, "--transport", "poll"]) == 2

    assert f"the class {name.capitalize()}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_holds_the_name_of_the_example(tmp_path: Path) -> None:
    assert main(["new", "platform", "mychat2", "--transport", "tcp"]) == 0

    assert 'name = "mychat2"' in (tmp_path / "mychat2.py").read_text()
    assert "[platforms.mychat2]" in (tmp_path / "mychat2.md").read_text()
    for file in tmp_path.iterdir():
        assert "mychat22" not in file.read_text(), file.name


def test_a_transport_must_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "platform", "parrot"]) == 2
    assert "transport" in capsys.readouterr().err.lower()

    assert main(["new", "platform", "parrot", "--transport", "pigeon"]) == 2
    assert "tcp" in capsys.readouterr().err
