"""Tell systemd how we are, where it asked for it (`sd_notify`)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping

from attrs import frozen


@frozen
class Notifier:
    """Sends to `NOTIFY_SOCKET`; without one, it does nothing at all."""

    address: str = ""
    watchdog_seconds: float | None = None
    """How often at least systemd wants to hear `watchdog`."""

    @classmethod
    def of(cls, env: Mapping[str, str], pid: int) -> Notifier:
        """Read what systemd left in the environment for the process *pid*."""
        address = env.get("NOTIFY_SOCKET", "")
        microseconds = env.get("WATCHDOG_USEC", "")
        ours = env.get("WATCHDOG_PID", str(pid)) == str(pid)
        wanted = ours and microseconds.isdecimal() and int(microseconds) > 0
        return cls(address, int(microseconds) / 1e6 if wanted else None)

    def ready(self) -> None:
        self._send("READY=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def _send(self, state: str) -> None:
        if not self.address:
            return
        # An address that begins with @ is in the abstract namespace.
        address = (
            self.address.replace("@", "\0", 1)
            if self.address[0] == "@"
            else self.address
        )
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)
                sock.sendto(state.encode(), address)
        except OSError:
            return  # systemd is away; that is no reason for us to go


def from_environment() -> Notifier:
    """Return the notifier of this process."""
    return Notifier.of(os.environ, os.getpid())
