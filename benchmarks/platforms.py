"""What platforms cost: a frame through each codec, and hundreds of idle accounts.

The accounts are of four kinds, as many as a machine may have: peers that dial a OneBot
listener, WebSockets and IRC lines that the host dials, long polls of Telegram. Their far
ends are `benchmarks.crowd`, in a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select
from typing import Any

from benchmarks.codecs import compare
from benchmarks.host import TICKS, free_port
from platforms.base.gate import SPACING_SECONDS

DIALLING, DIALLED, LINES, POLLS = 200, 100, 100, 100
STORM = 500
STORM_BEATS_SECONDS = 5.0
IDLE_BEATS_SECONDS = 30.0
"""What implementations of OneBot do unless told otherwise."""
GOAL_KB = 150
WITHIN_SECONDS = 120.0

HOST = """
[host]
data = "{data}"
[ingress]
listen = "127.0.0.1:{ingress}"
[platforms.qq]
type = "onebot11"
mode = "reverse"
listen = "127.0.0.1:{port}"
"""
FORWARD = """
[platforms.forward{0}]
type = "onebot11"
mode = "forward"
url = "ws://127.0.0.1:{1}"
"""
IRC = """
[platforms.irc{0}]
type = "irc"
host = "127.0.0.1"
port = {1}
nick = "crowd{0}"
tls = false
"""
TELEGRAM = """
[platforms.tg{0}]
type = "telegram"
token = "{2}:ABCDEFGHIJKLMNOPQRSTUVWXYZ012345678"
base_url = "http://127.0.0.1:{1}"
"""


class Crowd:
    """The process of the far ends."""

    def __init__(self, beats_seconds: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crowd", str(beats_seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.ports = self._answer()

    def ask(self, line: str, host: Host) -> dict[str, Any]:
        asked, answers = self.process.stdin, self.process.stdout
        assert asked is not None
        assert answers is not None
        asked.write(f"{line}\n")
        asked.flush()
        # Whoever dials a host that is gone dials for ever.
        _until(host, lambda: bool(select([answers], [], [], 0)[0]))
        return self._answer()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told


class Host:
    """The process of the host."""

    def __init__(self, folder: Path, platforms: str = "") -> None:
        self.port = free_port()
        self.config = folder / "rookery.toml"
        self.log = folder / "log"
        text = HOST.format(data=folder / "data", port=self.port, ingress=free_port())
        self.config.write_text(text + platforms, encoding="utf-8")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "rookery", "run", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def check(self) -> None:
        """Leave with the host's own words if it has ended."""
        code = self.process.poll()
        if code is not None:
            words = self.log.read_text("utf-8").strip()
            raise SystemExit(f"the host ended with exit code {code}: {words}")

    def up(self) -> int:
        """Return how many accounts are up."""
        asked = subprocess.run(
            [
                sys.executable,
                "-m",
                "rookery",
                "platforms",
                "--json",
                "--config",
                str(self.config),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return asked.stdout.count('"state": "up"')

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_kb(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1])

    def said(self, event: str) -> int:
        return self.log.read_text("utf-8").count(event)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    yield from compare()
    yield from _idle()
    yield from _storm()


def _idle() -> Iterator[object]:
    """Hundreds of accounts that say nothing: how soon they are up, and what they cost."""
    with _host() as alone:
        time.sleep(5)
        before = alone.resident_kb()
    crowd = Crowd(IDLE_BEATS_SECONDS)
    try:
        ports = crowd.ports
        platforms = [
            *(FORWARD.format(n, ports["websocket"]) for n in range(DIALLED)),
            *(IRC.format(n, ports["irc"]) for n in range(LINES)),
            *(TELEGRAM.format(n, ports["telegram"], 1000 + n) for n in range(POLLS)),
        ]
        everybody = len(platforms) + DIALLING
        with _host("".join(platforms)) as host:
            began = time.monotonic()
            _until(host, lambda: host.said("listener.opened") > 0)
            crowd.ask(f"dial {host.port} {DIALLING}", host)
            _until(host, lambda: host.up() >= everybody)
            taken = time.monotonic() - began
            gate = len(platforms) * SPACING_SECONDS
            yield (
                f"     {everybody} accounts up {taken:.1f} s after the start of the host; "
                f"{gate:.1f} s of them is the gate that spaces its dials"
            )
            time.sleep(10)
            began, cpu = time.monotonic(), host.cpu_seconds()
            time.sleep(20)
            idle = (host.cpu_seconds() - cpu) / (time.monotonic() - began)
            each = (host.resident_kb() - before) / everybody
            mark = "ok  " if each <= GOAL_KB else "MISS"
            yield f"     idle with {everybody} accounts: {idle:.1%} of one core"
            yield f"{mark} {each:.0f} kB resident for an idle account  goal <= {GOAL_KB} kB"
    finally:
        crowd.stop()


def _storm() -> Iterator[object]:
    """All lines are cut at once, and all dial again at once."""
    crowd = Crowd(STORM_BEATS_SECONDS)
    try:
        with _host() as host:
            _until(host, lambda: host.said("listener.opened") > 0)
            first = crowd.ask(f"dial {host.port} {STORM}", host)["seconds"]
            time.sleep(2 * STORM_BEATS_SECONDS)
            crowd.ask("tell", host)
            back = crowd.ask("cut", host)["seconds"]
            time.sleep(4 * STORM_BEATS_SECONDS)
            seen = crowd.ask("tell", host)
            up = host.up()
            good = up == STORM and seen["answered"] > 0
            mark = "ok  " if good and not host.said("silen") else "MISS"
            yield (
                f"{mark} {STORM} peers that dial at once: {first:.2f} s; all cut, and all back "
                f"{back:.2f} s later; the slowest answer to a frame came after "
                f"{seen['slowest'] * 1e3:.0f} ms (of {seen['answered']:.0f}); {up} are up, "
                f"{seen['refused']:.0f} had to dial twice"
            )
    finally:
        crowd.stop()


@contextmanager
def _host(platforms: str = "") -> Iterator[Host]:
    with tempfile.TemporaryDirectory() as folder:
        host = Host(Path(folder), platforms)
        try:
            yield host
        finally:
            host.stop()


def _until(host: Host, holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + WITHIN_SECONDS
    while not holds():
        host.check()
        if time.monotonic() > ends:
            raise SystemExit(f"not within {WITHIN_SECONDS:g} s")
        time.sleep(0.1)
