"""What may be spoken to: only what the whole world can reach anyway (A26)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.media.addresses import networks, why_not

REFUSED = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.251",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "4000::1",
    "not an address",
    "0x7f000001",
    "127.1",
    "",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "93.184.216.34", "2606:4700::1111"]


@pytest.mark.parametrize("address", REFUSED)
def test_nothing_of_our_own_net_is_spoken_to(address: str) -> None:
    assert why_not(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are(address: str) -> None:
    assert why_not(address) == ""


@given(st.ip_addresses())
def test_python_finds_nothing_private_among_what_we_let_through(
    ip: IPv4Address | IPv6Address,
) -> None:
    if why_not(str(ip)):
        return
    for kind in (
        "is_private",
        "is_loopback",
        "is_link_local",
        "is_multicast",
        "is_reserved",
        "is_unspecified",
    ):
        assert not getattr(ip, kind), kind
    if isinstance(ip, IPv6Address):
        assert ip.ipv4_mapped is None
        assert ip.sixtofour is None
        assert ip.teredo is None


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_hides_in_an_ipv6_one(ip: IPv4Address) -> None:
    number = int(ip)
    for hidden in (
        IPv6Address(number),
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address((0x64FF9B << 96) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ):
        assert why_not(str(hidden))


@given(st.ip_addresses())
def test_the_operator_may_open_a_network_of_his_own(
    ip: IPv4Address | IPv6Address,
) -> None:
    assert why_not(str(ip), networks([f"{ip}/{ip.max_prefixlen}"])) == ""
    other = ip_address(int(ip) ^ 1)
    assert why_not(str(other), networks([f"{ip}/{ip.max_prefixlen}"])) == why_not(
        str(other)
    )


def test_a_reason_says_what_the_address_is() -> None:
    assert why_not("10.0.0.1") == "10.0.0.1 is private, not a public address"
