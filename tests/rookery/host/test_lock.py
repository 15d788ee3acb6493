"""One host per data directory."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from actors.journal import Trouble, TroubleKind
from rookery.host.journals import _connected
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


def test_a_lock_that_somebody_removed_is_taken_anew(tmp_path: Path) -> None:
    """Law 14: with its folder, say, while the host waits for that to come back."""
    with locked(tmp_path) as lock:
        (tmp_path / "lock").unlink()
        lock.keep()
        with pytest.raises(DataTaken, match=f"pid {os.getpid()};"), locked(tmp_path):
            raise AssertionError("two hosts")


def test_the_journal_is_not_opened_beside_whoever_came_meanwhile(
    tmp_path: Path,
) -> None:
    with locked(tmp_path) as lock:
        (tmp_path / "lock").unlink()
        with locked(tmp_path), pytest.raises(Trouble, match="in use by the host") as at:
            _connected(lock, tmp_path / "journal.sqlite")
        assert at.value.kind is TroubleKind.LOCKED
        _connected(lock, tmp_path / "journal.sqlite").close()


READ_ONLY = """
import os, sys
from pathlib import Path
from rookery.host.lock import locked

data = Path(sys.argv[1])
if os.geteuid() == 0:
    os.setuid(65534)
with locked(data):
    pass
data.chmod(0o500)
with locked(data):
    print("held")
"""


def test_a_folder_that_nobody_may_write_to_is_said_at_once() -> None:
    """Not when a part of the tree finds out: the lock of an earlier host lies there."""
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, 65534, -1)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, folder],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.stderr.endswith(f"{folder} cannot be used: Permission denied\n")
    assert done.stdout == ""


def test_a_full_disk_costs_the_note_of_the_pid_and_no_more(tmp_path: Path) -> None:
    """A host that starts on a full disk waits for room like one that runs."""
    no_room = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
    with subprocess.Popen(
        [sys.executable, "-c", no_room + HOLD, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as first:
        assert first.stdout is not None
        assert first.stdin is not None
        assert first.stdout.readline() == b"held\n"

        with pytest.raises(DataTaken, match="another host;"), locked(tmp_path):
            raise AssertionError("two hosts")
