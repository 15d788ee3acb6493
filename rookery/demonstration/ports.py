"""Ports on the loopback that nobody has."""

from __future__ import annotations

import socket


def port_near(wanted: int) -> int:
    """Return *wanted*, or one that is free where somebody has it."""
    for port in (wanted, 0):
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            found: int = sock.getsockname()[1]
            return found
    msg = "no port is free on 127.0.0.1"
    raise OSError(msg)


def taken(port: int, wanted: int) -> str:
    """Say that it is not where it should be, if so."""
    return "" if port == wanted else f" ({wanted} is taken)"
