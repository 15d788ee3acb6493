"""A host leaves in the time that was promised, also past a handler that does not."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from actors.journal.sqlite.tempo import CLOSE_IN_TROUBLE_SECONDS
from actors.kernel import system
from rookery.host import leaving
from rookery.host.leash import CUT_OFF, LEAVE_SECONDS, Leash

RUN = """\
import sys
from functools import partial
from rookery.cli import main
from rookery.host import process
process.Leash = partial(process.Leash, seconds=1.0)
sys.exit(main(["run"]))
"""
BOT = """\
import os, signal, time, trio
from rookery import Bot, Context
bot = Bot("b")

@bot.every("1s")
async def holds_on(ctx: Context) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    {holds}
"""


def test_what_does_not_end_is_named_and_cut_off() -> None:
    codes: list[int] = []
    cut = threading.Event()

    def leave(code: int) -> None:
        codes.append(code)
        cut.set()

    with capture_logs() as logs:
        leash = Leash(lambda: "/bots/x does not end", 0.01, leave)
        with leash.held():
            assert not cut.wait(0.05), "nobody has asked to leave"
            leash.begin()
            assert cut.wait(10)
    assert codes == [CUT_OFF]
    assert [line["why"] for line in logs] == ["/bots/x does not end"]


def test_it_is_cut_off_also_where_nobody_can_say_what_it_is() -> None:
    """Others run on while they are looked at, and may be gone in the next moment."""
    cut = threading.Event()

    def who() -> str:
        msg = "that task is over"
        raise RuntimeError(msg)

    with capture_logs() as logs:
        leash = Leash(who, 0.01, lambda _: cut.set())
        with leash.held():
            leash.begin()
            assert cut.wait(10)
    assert [line["why"] for line in logs] == ["RuntimeError: that task is over"]


def test_who_leaves_in_time_is_let_off() -> None:
    codes: list[int] = []
    leash = Leash(lambda: "", 0.05, codes.append)
    with leash.held():
        leash.begin()
    with leash.held():
        pass
    for thread in threading.enumerate():
        if thread.name == "leash":
            thread.join(10)
    assert codes == []


def test_there_is_time_for_all_that_leaving_may_take() -> None:
    in_order = leaving.DRAIN_SECONDS + system.STOP_WITHIN_SECONDS
    assert in_order + system.KILL_WAIT_SECONDS < LEAVE_SECONDS < 20, "systemd's unit"
    assert in_order + CLOSE_IN_TROUBLE_SECONDS < LEAVE_SECONDS


@pytest.mark.parametrize(
    "holds",
    [
        "time.sleep(60)",
        "\n    with trio.CancelScope(shield=True): await trio.sleep(60)",
    ],
)
def test_a_handler_that_holds_on_does_not_hold_the_process(
    tmp_path: Path, holds: str
) -> None:
    (tmp_path / "b.py").write_text(BOT.format(holds=holds))
    (tmp_path / "rookery.toml").write_text('[bots.b]\nuse = "b.py:bot"\n')

    done = subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=50,
        check=False,
    )

    assert done.returncode == CUT_OFF
    last = json.loads(done.stderr.splitlines()[-1])
    assert last["event"] == "host.cut_off"
    line = 7 + holds.count("\n") + 1
    assert last["why"] == f"{tmp_path}/b.py:{line} does not end"
