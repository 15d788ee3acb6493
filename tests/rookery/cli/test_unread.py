"""What a command prints, and nobody or nothing can take."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[3]


def printed_into(fd: int, *, buffered: bool) -> tuple[int, str]:
    """Run a command whose output goes to *fd*; return its exit code and what it said."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    if not buffered:
        env["PYTHONUNBUFFERED"] = "1"
    ran = subprocess.run(
        [sys.executable, "-m", "rookery", "platforms", "--types"],
        stdout=fd,
        stderr=subprocess.PIPE,
        text=True,
        env={**env, "PYTHONPATH": str(HOME)},
        check=False,
    )
    return ran.returncode, ran.stderr


@pytest.mark.parametrize("buffered", [True, False])
def test_whoever_reads_no_further_hears_no_complaint(*, buffered: bool) -> None:
    """As `rookery journal export | head` does."""
    read, write = os.pipe()
    os.close(read)
    try:
        assert printed_into(write, buffered=buffered) == (1, "")
    finally:
        os.close(write)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("buffered", [True, False])
def test_a_full_disk_is_said_in_a_line(*, buffered: bool) -> None:
    """As `rookery journal export > journal.jsonl` meets it."""
    with Path("/dev/full").open("w") as full:
        code, said = printed_into(full.fileno(), buffered=buffered)
    assert (code, said) == (1, "cannot write: No space left on device\n")
