"""Where to listen, as a person writes it. Pure."""

from __future__ import annotations

from ipaddress import ip_address


def parse_listen(text: str, example: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; an IPv6 address stands in brackets.

    Raises:
        ValueError: it is no such place; the message says what one looks like.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if bracketed:
        host = host[1:-1]
    right = colon and host and port.isascii() and port.isdigit() and int(port) <= 65535
    if not right or (":" in host and not bracketed):
        msg = f"must be HOST:PORT with a port from 0 to 65535, such as {example} (got {text!r})"
        raise ValueError(msg)
    return host, int(port)


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach *host*."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def shown_place(host: str, port: int) -> str:
    """Return both as `parse_listen` reads them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
