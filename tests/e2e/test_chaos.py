"""`rookery chaos` against a real host: begun, interrupted, refused."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import trio

from tests.e2e.conftest import CONFIG, HOME, PATIENCE_SECONDS, Start, dialled, free_port

PLAN = """\
[[fault]]
at = "before_handle"
path = "/core/**"
every = 3
times = 4
kills = true
"""


async def test_a_host_is_broken_and_loses_nothing(start: Start, tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    (tmp_path / "plan.toml").write_text(PLAN)
    host = start("--allow-chaos")
    await host.until("host.started")
    assert host.logged("chaos.allowed")

    reports: list[subprocess.CompletedProcess[str]] = []

    async def break_it() -> None:
        command = ("chaos", "plan.toml", "--for", "3s", "--json")
        reports.append(await host.rookery(*command))

    async with dialled(port) as peer, trio.open_nursery() as nursery:
        nursery.start_soon(break_it)
        await host.until("chaos.begun")
        for number in range(10):
            await peer.event(f"/echo {number}", group=42)
            said = await peer.action()
            assert str(number) in json.dumps(said["params"])

    [ended] = reports
    report = json.loads(ended.stdout)
    assert ended.returncode == 0, ended
    assert report["sound"] is True
    assert report["faults"]["total"] >= 1
    assert report["restarts"] >= report["faults"]["total"]
    assert report["events"]["accepted"] >= 10
    assert len(host.logged("chaos.fault_fired")) == report["faults"]["total"]


def chaos(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "rookery", "chaos", "plan.toml", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HOME)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def test_ctrl_c_heals_and_still_says_what_it_cost(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text("")
    (tmp_path / "plan.toml").write_text(PLAN)
    host = start("--allow-chaos")
    await host.until("host.started")

    process = chaos(tmp_path, "--for", "1h")
    try:
        await host.until("chaos.begun")
        process.send_signal(signal.SIGINT)
        out, _ = await trio.to_thread.run_sync(
            lambda: process.communicate(timeout=PATIENCE_SECONDS)
        )
    finally:
        process.kill()
        process.wait()

    assert "healed because asked to" in out
    assert "faults       0" in out
    assert process.returncode == 0
    assert host.logged("chaos.healed")


async def test_a_host_that_is_told_to_stop_heals_first(
    start: Start, tmp_path: Path
) -> None:
    """Or what holds its organs up would hold its leaving up, and cut it short."""
    (tmp_path / "rookery.toml").write_text("")
    (tmp_path / "plan.toml").write_text(
        '[[fault]]\nat = "deliver"\npath = "/core/**"\ndelays = "1h"\n'
        '[[fault]]\nat = "stop"\nhangs = "forever"\n'
    )
    host = start("--allow-chaos")
    await host.until("host.started")

    process = chaos(tmp_path, "--for", "1h")
    try:
        await host.until("chaos.begun")
        assert await host.leave() == 0
    finally:
        process.kill()
        process.communicate()

    [healed] = host.logged("chaos.healed")
    assert healed["why"] == "the host was told to stop"
    assert not host.logged("host.drain_failed")


async def test_a_host_that_was_not_started_for_it_is_left_alone(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "rookery.toml").write_text("")
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "bad.toml").write_text(PLAN.replace("kills", "kill"))
    host = start()
    await host.until("host.started")

    refused = await host.rookery("chaos", "plan.toml")
    assert refused.returncode == 1
    assert "rookery run --allow-chaos" in refused.stderr
    bad = await host.rookery("chaos", "bad.toml", "--json")
    assert bad.returncode == 2
    assert "fault[0].kill" in json.loads(bad.stdout)["error"]["message"]
    gone = await host.rookery("chaos", "none.toml")
    assert gone.returncode == 2
    assert "none.toml cannot be read" in gone.stderr
    short = await host.rookery("chaos", "plan.toml", "--for", "soon")
    assert short.returncode == 2
    assert "--for: expected seconds" in short.stderr
