"""`rookery tree` as somebody at a terminal has it: a real one, and a host that answers."""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rookery.cli import main
from rookery.cli.rendering import screenful, whole_tree_text
from rookery.cli.screen import Screen

PATIENCE = 30.0
"""Seconds until a test gives up; nothing here takes one in full."""


def node(name: str, *children: object, **facts: object) -> dict[str, object]:
    usual: dict[str, object] = {
        "phase": "running",
        "note": "",
        "seconds_left": None,
        "incarnation": 1,
        "in_hand": "",
        "waits_for": [],
        "depth": 0,
        "capacity": 64,
        "dropped": 0,
        "folded": {},
    }
    return {"name": name, "path": "/", **usual, "children": list(children), **facts}


class FakeHost:
    """Answers every request with what `answer` is by then."""

    def __init__(self, data: Path) -> None:
        data.mkdir()
        self.tree = node("root", node("first"))
        self.asked: list[dict[str, object]] = []
        self.refuses = False
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(data / "control.sock"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self.asked.append(json.loads(connection.makefile().readline()))
                answer: dict[str, object] = {
                    "ok": True,
                    "result": {"tree": self.tree, "problems": []},
                }
                if self.refuses:
                    error = {"kind": "no_actor", "message": "no actor at '/x'"}
                    answer = {"ok": False, "error": error}
                connection.sendall(json.dumps(answer).encode() + b"\n")

    def leave(self) -> None:
        # A thread in `accept` does not notice that its socket was closed.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHost]:
    monkeypatch.chdir(tmp_path)
    fake = FakeHost(tmp_path / "rookery-data")
    yield fake
    fake.leave()


class Terminal:
    """A terminal, and the command that runs in it."""

    def __init__(self, columns: int, lines: int, **env: str) -> None:
        self._master, slave = pty.openpty()
        self._slave = slave
        self.seen = ""
        self.resize(columns, lines)
        command = [sys.executable, "-m", "rookery", "tree", "--watch"]
        plain = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        home = str(Path(__file__).resolve().parents[3])
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            # Its own, beside ours: Ctrl-Z stops nobody who has no neighbour to wake him.
            process_group=0,
            env={**plain, "TERM": "xterm", "PYTHONPATH": home, **env},
        )

    def resize(self, columns: int, lines: int) -> None:
        size = struct.pack("HHHH", lines, columns, 0, 0)
        fcntl.ioctl(self._slave, termios.TIOCSWINSZ, size)

    def until(self, done: Callable[[], object]) -> None:
        """Read what is drawn until *done*."""
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < deadline, self.seen
            if select.select([self._master], [], [], 0.02)[0]:
                self.seen += os.read(self._master, 65536).decode()

    def frames(self) -> list[list[str]]:
        """Return the frames that are complete, as lines without what moves the cursor."""
        drawn = self.seen.partition("\x1b[?1049l")[0].split("\x1b[H")[1:]
        plain = (re.sub(r"\x1b\[[?0-9]*[A-Za-z]|\r", "", one) for one in drawn)
        return [one.split("\n") for one in plain]

    def stopped(self) -> bool:
        _, status = os.waitpid(self.process.pid, os.WUNTRACED | os.WNOHANG)
        return os.WIFSTOPPED(status)

    def left_with(self) -> int:
        self.until(lambda: self.process.poll() is not None)
        self.until(lambda: not select.select([self._master], [], [], 0)[0])
        return self.process.returncode

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._slave)
        os.close(self._master)


@pytest.fixture
def terminal(host: FakeHost) -> Iterator[Terminal]:
    one = Terminal(60, 10)
    yield one
    one.close()


def test_watching_draws_in_place_until_ctrl_c(
    host: FakeHost, terminal: Terminal
) -> None:
    terminal.until(lambda: "first" in terminal.seen)
    host.tree = node("root", node("second", phase="waiting", seconds_left=3.0))
    terminal.until(lambda: "next try in 3.0 s" in terminal.seen)
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.left_with() == 0
    assert terminal.frames()[-1] == [
        "root       running",
        "└─ second  waiting  next try in 3.0 s",
    ]
    assert terminal.seen.startswith("\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[H")
    assert terminal.seen.endswith("\x1b[?7h\x1b[?25h\x1b[?1049l")


def test_a_resized_terminal_is_never_overfull(
    host: FakeHost, terminal: Terminal
) -> None:
    host.tree = node("root", *(node(f"number{n:04}") for n in range(40)))
    terminal.until(lambda: "32 more lines" in terminal.seen)

    terminal.resize(12, 4)
    terminal.process.send_signal(signal.SIGWINCH)
    terminal.until(lambda: "38 more" in terminal.seen)
    terminal.process.send_signal(signal.SIGINT)

    assert terminal.left_with() == 0
    assert max(map(len, terminal.frames()[-1])) == 12


def test_a_resized_terminal_need_not_wait_for_the_next_second() -> None:
    with Screen(io.StringIO()) as screen:
        signal.raise_signal(signal.SIGWINCH)
        screen.wait(3600)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_the_terminal_as_it_was(
    terminal: Terminal, number: signal.Signals
) -> None:
    terminal.until(lambda: "first" in terminal.seen)
    terminal.process.send_signal(number)

    assert terminal.left_with() == 128 + number
    assert terminal.seen.endswith("\x1b[?1049l")


def test_resting_gives_the_terminal_back(terminal: Terminal) -> None:
    terminal.until(lambda: "first" in terminal.seen)
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.until(terminal.stopped)
    terminal.until(lambda: terminal.seen.endswith("\x1b[?1049l"))

    before = len(terminal.seen)
    terminal.process.send_signal(signal.SIGCONT)
    terminal.until(lambda: "first" in terminal.seen[before:])

    assert terminal.seen[before:].startswith("\x1b[?1049h")


def test_what_goes_wrong_later_is_said_on_the_terminal_as_it_was(
    host: FakeHost, terminal: Terminal
) -> None:
    terminal.until(lambda: "first" in terminal.seen)
    host.refuses = True

    assert terminal.left_with() == 1
    assert terminal.seen.endswith("\x1b[?1049lno actor at '/x'\r\n")


def test_what_is_refused_at_once_does_not_touch_the_screen(
    host: FakeHost, tmp_path: Path
) -> None:
    host.refuses = True
    terminal = Terminal(60, 10)
    try:
        assert terminal.left_with() == 1
        assert terminal.seen == "no actor at '/x'\r\n"
    finally:
        terminal.close()


def test_a_terminal_that_cannot_be_drawn_over_is_not(host: FakeHost) -> None:
    terminal = Terminal(60, 10, TERM="dumb")
    try:
        assert terminal.left_with() == 2
        assert terminal.seen.startswith("--watch needs a terminal")
    finally:
        terminal.close()


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_watching_needs_a_terminal(
    host: FakeHost, capsys: pytest.CaptureFixture[str], more: list[str]
) -> None:
    assert main(["tree", "--watch", *more]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "needs a terminal" in err
    assert host.asked == []


def test_a_part_and_everybody_can_be_asked_for(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["tree", "bots/demo", "--all"]) == 0
    assert main(["tree", "--json"]) == 0

    *text, values = capsys.readouterr().out.splitlines()
    assert text == ["root      running", "└─ first  running"]
    assert json.loads(values) == {"tree": host.tree, "problems": []}
    assert host.asked == [
        {"op": "tree", "path": "bots/demo", "all": True},
        {"op": "tree", "path": "/", "all": False},
    ]


def test_a_part_that_is_not_there(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    host.refuses = True

    assert main(["tree", "x", "--json"]) == 1

    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["kind"] == "no_actor"
    assert err == "no actor at '/x'\n"


def test_what_does_not_run_stands_below_the_tree() -> None:
    problem = "bots.x: x.py:bot: no such\nfile"
    result = {"tree": node("root"), "problems": [problem]}

    assert whole_tree_text(result).splitlines() == [
        "root  running",
        r"bots.x: x.py:bot: no such\nfile",
    ]
    assert whole_tree_text(result, 20).splitlines() == [
        "root  running",
        "bots.x: x.py:bot: no",
        r" such\nfile",
    ]


def test_what_does_not_fit_on_the_screen_is_counted() -> None:
    assert screenful("a\nb\nc", 80, 3) == ["a", "b", "c"]
    assert screenful("a\nb\nc\nd", 20, 3) == ["a", "b", "... 2 more lines: `…"]
    assert screenful("a\nb", 20, 1) == ["... 2 more lines: `…"]
