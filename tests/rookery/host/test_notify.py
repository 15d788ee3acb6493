"""What systemd hears."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rookery.host.notify import Notifier


def test_systemd_hears_of_ready_and_stopping(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(5)
        notifier = Notifier.of({"NOTIFY_SOCKET": str(tmp_path / "notify")}, 1)

        notifier.ready()
        notifier.watchdog()
        notifier.stopping()

        heard = [systemd.recv(100) for _ in range(3)]
    assert heard == [b"READY=1", b"WATCHDOG=1", b"STOPPING=1"]


def test_an_address_may_be_abstract() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0rookery-test-{id(systemd)}")
        systemd.settimeout(5)

        Notifier(f"@rookery-test-{id(systemd)}").ready()

        assert systemd.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_nobody_to_tell_is_no_reason_to_fail(address: str) -> None:
    Notifier(address).ready()


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_meant_for_one_process(
    env: dict[str, str], seconds: float | None
) -> None:
    assert Notifier.of(env, 7).watchdog_seconds == seconds
