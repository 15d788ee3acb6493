"""Which addresses of the net may be spoken to on behalf of a message. Pure.

A bot may be told to show a picture by whoever writes to it. What it fetches is fetched
from inside the operator's network, so only what the whole world can reach anyway is
allowed: no private, loopback, link-local, multicast or reserved address, and none that
hides an IPv4 address inside (mapped, NAT64, 6to4, Teredo).

Sources: the IANA registries of special-purpose IPv4 and IPv6 addresses (RFC 6890).
Spelled out here, because `ipaddress` judges some of them otherwise from one release of
Python to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

Network: TypeAlias = IPv4Network | IPv6Network

_SPECIAL_V4 = tuple(
    (IPv4Network(net), why)
    for net, why in (
        ("0.0.0.0/8", "this host itself"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a provider"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.31.196.0/24", "reserved"),
        ("192.52.193.0/24", "reserved"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "reserved"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_SPECIAL_V6 = tuple(
    (IPv6Network(net), why)
    for net, why in (
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "an IPv4 address in disguise"),
        ("64:ff9b::/96", "an IPv4 address in disguise (NAT64)"),
        ("64:ff9b:1::/48", "an IPv4 address in disguise (NAT64)"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("fc00::/7", "private"),
        ("ff00::/8", "multicast"),
        ("2001::/23", "reserved, or a tunnel (Teredo)"),
        ("2001:db8::/32", "for documentation"),
        ("2002::/16", "an IPv4 address in disguise (6to4)"),
        ("2620:4f:8000::/48", "reserved"),
        ("3fff::/20", "for documentation"),
    )
)
_GLOBAL_V6 = IPv6Network("2000::/3")


def why_not(address: str, allowed: Iterable[Network] = ()) -> str:
    """Say why *address* must not be spoken to; empty if it may.

    Args:
        address: An IPv4 or IPv6 address as the system writes it.
        allowed: Networks of the operator's own that may be spoken to all the same.
    """
    if "%" in address:
        return f"{address} belongs to one link (it has a zone)"
    try:
        ip = ip_address(address)
    except ValueError:
        return f"{address!r} is no address"
    if any(ip.version == net.version and ip in net for net in allowed):
        return ""
    kind = _special(ip)
    return f"{address} is {kind}, not a public address" if kind else ""


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return networks as values. Raises ValueError for the first that is none."""
    return tuple(ip_network(text) for text in texts)


def _special(ip: IPv4Address | IPv6Address) -> str:
    if isinstance(ip, IPv4Address):
        return next((why for net, why in _SPECIAL_V4 if ip in net), "")
    found = next((why for net, why in _SPECIAL_V6 if ip in net), "")
    return found or ("" if ip in _GLOBAL_V6 else "reserved")
