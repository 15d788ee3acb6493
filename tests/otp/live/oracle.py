"""Asking the real Erlang/OTP what its supervisors do in a scenario."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Generator, Iterable
from pathlib import Path

from tests.otp.terms import Json, Script

ORACLE = Path(__file__).with_name("oracle.escript")
AT_ONCE = 40
"""Scenarios that play side by side there: most of their time they wait."""
HOW_TO_INSTALL = (
    "no `escript`: install Erlang/OTP (Debian and Ubuntu: apt-get install erlang-base, "
    "or run tests/otp/setup.sh) to compare with the real one"
)


class OracleFailed(Exception):
    """Erlang ran and broke; the text is what it said."""


def is_installed() -> bool:
    return shutil.which("escript") is not None


def answers(scenarios: Iterable[Script]) -> Generator[Json]:
    """Yield `{"name", "trace"}` or `{"name", "failure"}` for each, in order.

    Close the iterator to end Erlang early.

    Raises:
        OracleFailed: it is not there, or ended before it had answered all.
    """
    if not is_installed():
        raise OracleFailed(HOW_TO_INSTALL)
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as complaints:
        for scenario in scenarios:
            asked.write(json.dumps(scenario).encode() + b"\n")
        asked.seek(0)
        # A group of its own: a Ctrl-C at the terminal is for us, who then end it.
        erlang = subprocess.Popen(
            ["escript", str(ORACLE), "--jobs", str(AT_ONCE)],
            stdin=asked,
            stdout=subprocess.PIPE,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            assert erlang.stdout is not None
            yield from map(json.loads, erlang.stdout)
            if erlang.wait():
                complaints.seek(0)
                raise OracleFailed(complaints.read().decode(errors="replace")[-2000:])
        finally:
            if erlang.poll() is None:
                os.killpg(erlang.pid, signal.SIGKILL)
                erlang.wait()
            assert erlang.stdout is not None
            erlang.stdout.close()
