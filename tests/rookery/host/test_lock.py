"""One host per data directory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.host.lock import DataTaken, DataUnusable, locked

HOLD = """
import sys
from pathlib import Path
from rookery.host.lock import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_host_is_told_who_the_first_is(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(data)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == b"held\n"

        with pytest.raises(DataTaken, match=f"pid {first.pid};"), locked(data):
            raise AssertionError("two hosts")

        first.kill()
        first.wait()
        with locked(data):
            assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_the_same_process_may_come_back(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(DataUnusable, match="cannot be used"), locked(tmp_path / "data"):
        pass
