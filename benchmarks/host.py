"""The host over real sockets, beside the floor, in turn; processor time of each server.

A round drives the floor, then the host, with the same load from a third process. What is
compared is the processor time per event that the server's process used (from the kernel's
books), which another job on the machine cannot stretch as it stretches wall time.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from attrs import frozen

from benchmarks.measure import cost

ROUNDS = 5
SECONDS = 3.0
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """
[host]
data = "{data}"
durability = "{durability}"
[bots.load]
use = "{bot}:bot"
[platforms.qq]
type = "onebot11"
mode = "reverse"
listen = "127.0.0.1:{port}"
"""

BOT = """
from rookery import Bot, Context

bot = Bot("load")


@bot.command("ping")
async def ping(ctx: Context) -> None:
    await ctx.reply("pong")
"""


@frozen
class Load:
    name: str
    connections: int
    outstanding: int

    @property
    def compared(self) -> tuple[str, ...]:
        """What of it: how long one takes says something only where it is alone."""
        return ("cpu_us", "p50") if self.outstanding == 1 else ("cpu_us",)


MANY = Load("1 connection, 64 in flight", 1, 64)
WIDE = Load("50 connections, 100 outstanding", 50, 100)
ALONE = Load("1 connection, one at a time", 1, 1)
LOADS = (MANY, WIDE, ALONE)
FIGURES = {"cpu_us": "CPU per event", "p50": "p50"}

# How many times the floor, which keeps nothing. Of a disk that has to be waited for
# (`power`) only the work is ours.
GOALS: dict[str, dict[tuple[Load, str], float]] = {
    "memory": {(MANY, "cpu_us"): 1.6, (WIDE, "cpu_us"): 1.6, (ALONE, "p50"): 1.5},
    "process": {
        (MANY, "cpu_us"): 2.2,
        (WIDE, "cpu_us"): 2.2,
        (ALONE, "cpu_us"): 2.6,
        (ALONE, "p50"): 2.5,
    },
    "power": {(MANY, "cpu_us"): 2.2, (WIDE, "cpu_us"): 2.2, (ALONE, "cpu_us"): 2.6},
}


class Server:
    """A process that serves on a port of its own."""

    def __init__(self, *command: str, port: int) -> None:
        began = time.perf_counter()
        self.port = port
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        while not listening(port):
            if self.process.poll() is not None:
                raise SystemExit(f"{command} ended with {self.process.returncode}")
            time.sleep(0.005)
        self.seconds_to_listen = time.perf_counter() - began

    def cpu_seconds(self) -> float:
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        assert found is not None
        return int(found[1]) / 1000

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def drive(server: Server, load: Load) -> dict[str, float]:
    """Put *load* on *server*; what the load saw, and the server's CPU per event in us."""
    before = server.cpu_seconds()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "benchmarks.load",
            str(server.port),
            str(load.connections),
            str(load.outstanding),
            str(SECONDS),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    seen: dict[str, float] = json.loads(done.stdout)
    seen["cpu_us"] = (server.cpu_seconds() - before) / max(1, seen["events"]) * 1e6
    return seen


def compare(host: Server, floor: Server, durability: str) -> Iterator[object]:
    for load in LOADS:
        pairs = [(drive(floor, load), drive(host, load)) for _ in range(ROUNDS)]
        for key in load.compared:
            yield cost(
                f"{FIGURES[key]}, {load.name}",
                [pair[0][key] for pair in pairs],
                [pair[1][key] for pair in pairs],
                GOALS[durability].get((load, key)),
            )
        shown = {
            name: [
                median(side[name] for side in sides)
                for sides in zip(*pairs, strict=True)
            ]
            for name in ("cpu_us", "p50", "p99", "busy")
        }
        rates = [
            median(side["events"] / side["seconds"] for side in sides)
            for sides in zip(*pairs, strict=True)
        ]
        yield (
            f"       floor / host: {rates[0]:.0f} / {rates[1]:.0f} events/s, "
            f"{shown['cpu_us'][0]:.0f} / {shown['cpu_us'][1]:.0f} us CPU, "
            f"p50 {shown['p50'][0] * 1e3:.2f} / {shown['p50'][1] * 1e3:.2f} ms, "
            f"p99 {shown['p99'][0] * 1e3:.2f} / {shown['p99'][1] * 1e3:.2f} ms; "
            f"the load itself was busy {shown['busy'][0]:.0%} / {shown['busy'][1]:.0%}"
        )


def reported(host: Server) -> Iterator[object]:
    before, began = host.cpu_seconds(), time.perf_counter()
    time.sleep(10)
    idle = (host.cpu_seconds() - before) / (time.perf_counter() - began)
    yield f"     idle: {idle:.2%} of one core, {host.resident_mb():.1f} MB resident after the load"
    yield f"     from start to listening: {host.seconds_to_listen * 1e3:.0f} ms"
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "rookery", "--version"],
            check=True,
            capture_output=True,
        )
        times.append(time.perf_counter() - began)
    yield f"     rookery --version: {median(times) * 1e3:.0f} ms"


def run(durability: str = "process") -> Iterator[object]:
    """Yield one line for each figure, as it is measured; *durability* is the journal's."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        bot = Path(folder, "load_bot.py")
        bot.write_text(BOT, encoding="utf-8")
        config = Path(folder, "rookery.toml")
        config.write_text(
            CONFIG.format(
                data=Path(folder, "data"), durability=durability, bot=bot, port=port
            ),
            encoding="utf-8",
        )
        host = Server(sys.executable, "-m", "rookery", "run", str(config), port=port)
        floor_port = free_port()
        floor = Server(
            sys.executable, "-m", "benchmarks.floor", str(floor_port), port=floor_port
        )
        try:
            yield f"     fresh host: {host.resident_mb():.1f} MB resident"
            yield from compare(host, floor, durability)
            yield from reported(host)
        finally:
            host.stop()
            floor.process.kill()
            floor.process.wait()
