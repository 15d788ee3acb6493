"""A reminder outlives the process that promised it, and comes once."""

from __future__ import annotations

import signal
from pathlib import Path

import trio

from tests.e2e.conftest import (
    CONFIG,
    HostProcess,
    Start,
    dialled,
    free_port,
    spoken,
)


async def next_host(start: Start, host: HostProcess) -> HostProcess:
    """Kill *host* with -9, and start the next."""
    count = len(host.logged("host.started")) + 1
    await host.leave(signal.SIGKILL)
    after = start()
    await after.until("host.started", count)
    return after


async def test_a_reminder_comes_once_whatever_is_killed(
    start: Start, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    host = start()
    await host.until("host.started")
    async with dialled(port) as peer:
        await peer.event("/remind 2s the tea", group=42)
        assert (await peer.hear()).startswith("I will, at ")
        told = await host.rookery("schedules")
        assert "later:ring" in told.stdout
        assert "qq/10001/group:42" in told.stdout
        host.process.send_signal(signal.SIGKILL)

    host = await next_host(start, host)
    async with dialled(port) as peer:
        assert await peer.hear() == "you asked me to remind you: the tea"

    host = await next_host(start, host)
    assert (await host.rookery("schedules")).stdout.strip() == "nothing is scheduled"
    async with dialled(port) as peer:
        with trio.move_on_after(0.5):
            said = spoken(await peer.action())
            raise AssertionError(said)
