"""`rookery demo` as somebody sees it who types `make run`: real processes, real faults."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
import trio

from platforms.transport import dial
from tests.e2e.conftest import HOME, PATIENCE_SECONDS

DEMO = [sys.executable, "-m", "rookery", "demo"]
ENV = {**os.environ, "PYTHONPATH": str(HOME), "TERM": "xterm"}


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start demos that are gone after the test; their hosts go with them."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*DEMO, "--data", str(tmp_path / "kept"), *arguments],
            env=ENV,
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def count(report: str, word: str) -> int:
    [found] = re.findall(rf"^  {word} +([\d,]+)", report, re.MULTILINE)
    return int(found.replace(",", ""))


def logged(folder: Path, event: str) -> list[dict[str, object]]:
    try:
        lines = (folder / "kept" / "log.json").read_text().splitlines()
    except FileNotFoundError:
        return []
    found = [json.loads(line) for line in lines if line.endswith("}")]
    return [line for line in found if line["event"] == event]


def until(holds: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def is_sound(report: str, tmp_path: Path) -> None:
    through, said = re.search(r"messages +(\S+) of (\S+) came", report).groups()  # type: ignore[union-attr]
    assert count(report, "lost") == count(report, "doubled") == 0
    unknown = count(report, "unknown") if "  unknown " in report else 0
    assert int(through) + unknown == int(said) > 0
    [started], [stopped] = (
        logged(tmp_path, f"host.{word}") for word in ("started", "stopped")
    )
    assert started["pid"] == stopped["pid"]


def test_a_calm_one_ends_by_itself(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--for", "5s", "--calm")
    report, _ = process.communicate("hello from a pipe\n", timeout=60)
    assert process.returncode == 0, report
    assert re.search(
        r"^ +\d+ s: through \d+, .* lost 0, doubled 0$", report, re.MULTILINE
    )
    assert count(report, "faults") == count(report, "restarts") == 0
    is_sound(report, tmp_path)
    # What was typed has gone to both groups, and was said back by nobody.
    assert count(report, "messages") % 2 == 0


def test_a_broken_one_loses_nothing(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--for", "8s")
    report, _ = process.communicate("hello\n", timeout=90)
    assert process.returncode == 0, report
    killed = logged(tmp_path, "chaos.fault_fired")
    assert count(report, "faults") > len(killed) > 0
    assert count(report, "restarts") >= len(killed)
    is_sound(report, tmp_path)


def test_ctrl_c_leaves_in_order(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo()
    until(lambda: logged(tmp_path, "chaos.begun"), "it did not begin")
    assert process.stdout is not None
    # Something has come through: a line of progress says how much, every few seconds.
    while not re.search(r"through [1-9]", process.stdout.readline()):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    report, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, report
    assert logged(tmp_path, "chaos.healed")
    is_sound(report, tmp_path)


def test_a_host_leaves_with_its_demo(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--calm")
    until(lambda: logged(tmp_path, "host.started"), "it did not start")
    process.kill()
    process.wait()
    until(lambda: logged(tmp_path, "host.stopped"), "the host is left behind")


def test_a_page_is_in_the_room(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = demo("--calm")
    assert process.stdout is not None
    address = re.search(r"http://(\S+/web/)", process.stdout.readline())
    assert address is not None
    until(lambda: logged(tmp_path, "ingress.opened"), "no port")

    async def visit() -> list[str]:
        texts: list[str] = []
        async with dial(f"ws://{address[1]}ws") as ws:
            await ws.send('{"op": "hello", "token": "%s", "since": 0}' % ("k" * 43))
            body = [{"text": "hello from a page"}]
            await ws.send(json.dumps({"op": "say", "id": "page-0001", "body": body}))
            while len(texts) < 3:
                match json.loads(await ws.receive()):
                    case {"op": "event", "what": {"by": "bot", "body": [part]}}:
                        texts.append(part["text"])
                    case _:
                        pass
        return texts

    texts = trio.run(visit)
    assert all(re.match(r"\[qq\] (rook|crow): ", text) for text in texts)
    process.send_signal(signal.SIGINT)
    report, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, report
    is_sound(report, tmp_path)


def test_a_folder_with_something_in_it_is_refused(
    demo: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "mine").touch()
    process = demo("--for", "1s")
    said, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "--data must be a folder that is empty" in said


def test_on_a_terminal_it_draws_above_a_line_to_type_on() -> None:
    process, out = on_a_terminal(
        ["--calm"], [(" root", "hello\n"), ("> hello", ""), ("[qq] rook: ", "\x03")]
    )
    assert process == 0
    screen, _, after = out.rpartition("\x1b[?1049l")
    assert "\x1b[?1049h" in screen
    assert "[qq] rook: " in screen
    assert "came through" in after
    assert count(after.replace("\r", ""), "lost") == 0


_TAKES_TERMINAL = """\
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def on_a_terminal(
    arguments: Sequence[str], cues: Sequence[tuple[str, str]]
) -> tuple[int, str]:
    """Type each answer once its cue is seen; return the exit code and what was shown."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    process = subprocess.Popen(
        [sys.executable, "-c", _TAKES_TERMINAL, *DEMO, *arguments],
        env=ENV,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    shown, waiting = b"", list(cues)
    end = time.monotonic() + PATIENCE_SECONDS
    try:
        while True:
            ready, _, _ = select.select([ours], [], [], PATIENCE_SECONDS)
            assert ready, shown
            assert time.monotonic() < end, shown
            try:
                data = os.read(ours, 65536)
            except OSError:  # everybody has closed it
                break
            shown += data
            if waiting and waiting[0][0] in shown.decode("utf-8", "replace"):
                os.write(ours, waiting.pop(0)[1].encode())
        return process.wait(PATIENCE_SECONDS), shown.decode()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_make_run_is_the_demo() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", "run"],  # it may be asked by a make
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1].endswith("/rookery demo")
