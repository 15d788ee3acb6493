"""The life of a host in this process: it starts, is asked, is told to stop."""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from actors.kernel import Blocked, Watchdog
from rookery.control import Platforms, Refused, Reload, Send, Tree, ask
from rookery.host import run_host
from rookery.host.process import STOPPED, USAGE


@pytest.fixture(autouse=True)
def _as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A host configures logs and freezes the collector for its whole process."""
    before, level = structlog.get_config(), logging.getLogger().level
    handlers = list(logging.getLogger().handlers)
    monkeypatch.chdir(tmp_path)
    yield
    gc.unfreeze()
    structlog.configure(**before)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)
    logging.captureWarnings(capture=False)


def in_a_thread_meanwhile(work: Callable[[], None]) -> None:
    """Run *work* beside the host, then tell the host to stop."""

    def run() -> None:
        try:
            work()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=run).start()


def until_it_answers(data: Path) -> None:
    for _ in range(500):
        try:
            ask(data, Tree())
        except Exception:
            time.sleep(0.02)
        else:
            return


def test_it_runs_is_asked_and_stops(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rookery.toml").write_text('[bots.demo]\nuse = "rookery.demo:bot"\n')
    data = tmp_path / "rookery-data"
    seen: dict[str, object] = {}

    def work() -> None:
        until_it_answers(data)
        seen["platforms"] = ask(data, Platforms())
        seen["reload"] = ask(data, Reload())
        try:
            ask(data, Send("qq/1/group:2", "hello"))
        except Refused as refused:
            seen["send"] = str(refused)

    in_a_thread_meanwhile(work)
    code = run_host(None, data=None, verbose=True)

    assert code == STOPPED
    assert seen["platforms"] == {"platforms": []}
    assert seen["send"] == "there is no platform 'qq' here (there is: none)"
    reload = seen["reload"]
    assert isinstance(reload, dict)
    assert reload["bots"]["reloaded"] == ["demo"]
    logged = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    events = [line["event"] for line in logged]
    for event in ("host.started", "config.applied", "host.drained", "host.stopped"):
        assert event in events


def test_a_hangup_that_comes_before_the_manager_ends_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Nor does one behind it, while the tree stops."""

    def too_early(report: Callable[[Blocked], None]) -> Watchdog:
        os.kill(os.getpid(), signal.SIGHUP)
        return Watchdog(report)

    monkeypatch.setattr("rookery.host.process.Watchdog", too_early)
    (tmp_path / "rookery.toml").write_text('[bots.demo]\nuse = "rookery.demo:bot"\n')
    in_a_thread_meanwhile(lambda: until_it_answers(tmp_path / "rookery-data"))

    assert run_host(None, data=None, verbose=False) == STOPPED

    assert "config.reload_skipped" in capfd.readouterr().err


def test_a_folder_that_cannot_be_used_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rookery-data").touch()

    assert run_host(None, data=None, verbose=False) == USAGE

    assert "cannot be used" in capsys.readouterr().err
