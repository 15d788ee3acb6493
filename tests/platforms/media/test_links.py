"""Which URLs may be fetched, and where a redirect may lead."""

from __future__ import annotations

from ipaddress import IPv4Address
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.media.errors import MediaRefused
from platforms.media.links import link_of, redirected

REFUSED = [
    "",
    "rook.png",
    "//example.org/x",
    "file:///etc/passwd",
    "ftp://example.org/x",
    "gopher://example.org/x",
    "javascript:alert(1)",
    "data:image/png;base64,AAAA",
    "http:///x",
    "http://",
    "https://@example.org/",
    "http://user@example.org/",
    "http://example.org@127.0.0.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://127.0.0.1.0/",
    "http://1.2.3.256/",
    "http://example.0x7f/",
    "http://[::1%25eth0]/",
    "http://[::1%eth0]/",
    "http://[::g]/",
    "http://[127.0.0.1]/",
    "http://example.org:0/",
    "http://example.org:/",
    "http://example.org:99999/",
    "http://example.org:x/",
    "http://exa mple.org/",
    "http://example.org/a b",
    "http://example.org\\@127.0.0.1/",
    "http://example.org/\r\nHost: x",
    "http://example.org\x00/",
    "http://-example.org/",
    "http://example..org/",
    "http://example.org../",
    "http://%31%32%37.0.0.1/",
    "http://１２７.０.０.１/",
    "http://１２７.1/",
    "http://" + "a" * 300 + ".org/",
    "http://example.org/" + "a" * 5000,
]


@pytest.mark.parametrize("url", REFUSED)
def test_what_has_two_meanings_or_none_is_refused(url: str) -> None:
    with pytest.raises(MediaRefused):
        link_of(url)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@example.org/a?token=b", "https://example.org/a"),
        ("https://secret@example.org", "https://example.org"),
        ("ftp://me:secret@example.org/@you", "ftp://example.org/@you"),
    ],
)
def test_a_refusal_tells_nobody_a_password(url: str, shown: str) -> None:
    """It goes into the receipt, from there to the log and to whoever is shown it."""
    with pytest.raises(MediaRefused) as refused:
        link_of(url)
    assert refused.value.source == shown
    with pytest.raises(MediaRefused) as moved:
        redirected(link_of("https://example.org/"), url)
    assert moved.value.source == shown


def test_a_url_is_taken_apart_in_one_way() -> None:
    link = link_of("HTTPS://Pics.Example.ORG.:8443/a/ü%20b.png?q=ä&k=1#part")
    assert (link.scheme, link.host, link.port) == ("https", "pics.example.org", 8443)
    assert link.target == "/a/%C3%BC%20b.png?q=%C3%A4&k=1"
    assert link.authority == "pics.example.org:8443"
    assert link.file_name == "ü b.png"
    assert "q=" not in link.shown, "a query may be secret"
    assert link_of("http://example.org").target == "/"
    assert link_of("http://[2606:4700::1]:80/").authority == "[2606:4700::1]"
    assert link_of("http://例え.jp/").host == "xn--r8jz45g.jp"


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda s: f"http://{s}"))
def test_any_text_is_a_link_or_refused(text: str) -> None:
    try:
        link = link_of(text)
    except MediaRefused:
        return
    assert link.scheme in ("http", "https")
    assert 1 <= link.port <= 65535
    for sent in (link.host, link.target, link.authority):
        assert sent.isascii()
        assert sent.isprintable()
        assert " " not in sent
    assert link.target.startswith("/")


@given(st.ip_addresses(v=4))
def test_an_address_has_one_spelling(ip: IPv4Address) -> None:
    assert link_of(f"http://{ip}/").host == str(ip)
    for odd in (str(int(ip)), hex(int(ip)), f"0{ip}", f"{ip}.1"):
        with pytest.raises(MediaRefused):
            link_of(f"http://{odd}/")


def test_a_redirect_is_checked_like_any_other_url() -> None:
    here = link_of("https://example.org/a/b?x")
    assert redirected(here, "../c").target == "/c"
    assert redirected(here, "//other.org/").host == "other.org"
    assert redirected(here, "/ü b").target == "/%C3%BC%20b"
    for bad in ("file:///etc/passwd", "http://u@x.org/", "http://127.1/", "http://[::"):
        with pytest.raises(MediaRefused):
            redirected(here, bad)
    with pytest.raises(MediaRefused, match="from https to http"):
        redirected(here, "http://example.org/")
    assert redirected(link_of("http://x.org/"), "https://x.org/").scheme == "https"


@given(st.text(max_size=60))
def test_any_location_leads_somewhere_or_is_refused(location: str) -> None:
    here = link_of("http://example.org/a")
    try:
        there = redirected(here, location)
    except MediaRefused:
        return
    assert urlsplit(f"{there.scheme}://{there.authority}{there.target}").hostname
