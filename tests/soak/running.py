"""A real host under load, and how much memory it holds after so many messages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

from attrs import frozen

from benchmarks.load import Peer, drive
from tests.e2e.conftest import CONFIG, HostProcess, free_port

ACCOUNT = 10001
CHATS = 64
TURN_SECONDS = 5.0
"""How long the load runs between two looks."""
ALLOWED = 1.05
"""How much more than after the warming up is still flat."""
BOT = """\
from rookery import Bot, Context

bot = Bot("demo")


@bot.command("ping")
async def ping(ctx: Context) -> None:
    await ctx.reply("pong")
"""


@frozen
class Look:
    """What is seen after a turn of the load."""

    messages: int
    megabytes: float


@frozen
class Grown:
    """From the first look after the warming up to the highest later one."""

    warm: Look
    peak: Look

    @property
    def ratio(self) -> float:
        return self.peak.megabytes / self.warm.megabytes


def grown(looks: list[Look], warm_up: int) -> Grown:
    """Compare the looks after *warm_up* messages; there must be two of them at least."""
    later = [look for look in looks if look.messages >= warm_up]
    if len(later) < 2:
        msg = f"there must be two looks after {warm_up} messages (got {len(later)})"
        raise ValueError(msg)
    return Grown(later[0], max(later[1:], key=lambda look: look.megabytes))


def soak(
    folder: Path, messages: int, progress: Callable[[Look], None] = lambda _: None
) -> list[Look]:
    """Send *messages* through a host in *folder*, each answered; return all looks."""
    port = free_port()
    text = CONFIG.format(port=port).replace("rookery.demo:bot", "mine.py:bot")
    (folder / "rookery.toml").write_text(text)
    (folder / "mine.py").write_text(BOT)
    host = HostProcess(folder)
    try:
        looks: list[Look] = []
        with closing(_looks(host, port)) as seen:
            for look in seen:
                progress(look)
                looks.append(look)
                if look.messages >= messages:
                    break
        return looks
    finally:
        host.end()


def _looks(host: HostProcess, port: int) -> Generator[Look, None, None]:
    while not host.logged("host.started"):
        if host.process.poll() is not None:
            raise AssertionError(host.text())
        time.sleep(0.05)
    # One account for ever: another one would cost what an account costs.
    peer = Peer(port, ACCOUNT, CHATS)
    with peer.socket:
        peer.begin()
        done = 0
        while True:
            answered = int(drive([peer], TURN_SECONDS)["events"])
            assert answered, "the host answered nothing"
            done += answered
            yield Look(done, resident_megabytes(host.process.pid))


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process, as Linux counts it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found is not None
    return int(found[1]) / 1000
