"""A host that was started with standard input, output or error closed."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
import trio

from rookery.control import Platforms, ask
from tests.e2e.conftest import HOME, PATIENCE_SECONDS, eventually

TERMINAL = """\
[bots.demo]
use = "rookery.demo:bot"
[platforms.terminal]
type = "console"
"""


async def end_of_input(data: Path) -> None:
    """Wait until the host on *data* runs and its console has read everything."""
    await eventually((data / "control.sock").exists, "the control socket")
    with trio.fail_after(PATIENCE_SECONDS):
        while True:
            told = await trio.to_thread.run_sync(ask, data, Platforms())
            if "finished (end of input)" in json.dumps(told):
                return
            await trio.sleep(0.02)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
async def test_what_was_closed_is_not_taken_for_another_file(
    closed: str, tmp_path: Path
) -> None:
    """The first file a host opens is its lock: it must not get the replies."""
    (tmp_path / "rookery.toml").write_text(TERMINAL)
    (tmp_path / "in").write_text("/ping\n")
    data = tmp_path / "rookery-data"
    host = await trio.lowlevel.open_process(
        [
            "sh",
            "-c",
            f"exec {sys.executable} -m rookery run < in > out 2> log {closed}",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOME)},
    )
    try:
        await end_of_input(data)
        host.terminate()
        with trio.fail_after(PATIENCE_SECONDS):
            assert await host.wait() == 0
        assert (data / "lock").read_text() == f"{host.pid}\n"
        answered = "<" not in closed and ">&-" not in closed.split()
        assert (tmp_path / "out").read_text() == ("pong\n" if answered else "")
    finally:
        host.kill()
        await host.wait()
