"""URLs that may be fetched, and where a redirect leads. Pure.

Browsers and libraries read some spellings of a host in different ways (`0x7f.1`,
`2130706433`, `user@host`, a trailing dot). Only what has one meaning is let through: a
host is a name, or an address as everybody writes it.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

import idna
from attrs import field, frozen

from platforms.media.errors import MediaRefused

MAX_URL_CHARS = 4096
_PORTS = {"http": 80, "https": 443}
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_USER = re.compile(r"(?<=//)[^/?#]*@")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
# What may stand in a path as it is, `%` included: it was encoded before.
_SAFE = "!$%&'()*+,/:;=?@[]~"


@frozen
class Link:
    """One URL, taken apart and checked."""

    scheme: str
    host: str
    """A name in lower case without a trailing dot, or an address without brackets."""
    port: int
    target: str
    """Path and query, as they go into a request."""
    text: str = field(repr=False, eq=False)
    """The URL as it was given."""

    @property
    def authority(self) -> str:
        """What goes into the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """The URL without what may be secret in it: its query."""
        path = self.target.partition("?")[0]
        text = f"{self.scheme}://{self.authority}{path}"
        return text if len(text) <= 120 else f"{text[:117]}..."

    @property
    def file_name(self) -> str:
        """What the URL calls the file; not clean."""
        return unquote(self.target.partition("?")[0].rpartition("/")[2])


def link_of(url: str) -> Link:
    """Read *url*.

    Raises:
        MediaRefused: it is no URL, or none that may be fetched.
    """
    if len(url) > MAX_URL_CHARS:
        why = f"a URL must have at most {MAX_URL_CHARS} characters (got {len(url)})"
        raise _refused(url, why)
    if _FORBIDDEN.search(url):
        raise _refused(url, "a URL must have no blanks, backslashes or control signs")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _refused(url, str(error)) from error
    if parts.scheme not in _PORTS:
        raise _refused(url, f"only http and https are fetched (got {parts.scheme!r})")
    if "@" in parts.netloc:
        raise _refused(url, "a URL must hold no user name")
    if port == 0 or parts.netloc.endswith(":"):
        raise _refused(url, "a URL must name a port from 1 to 65535, or none")
    host = _host(url, parts)
    return Link(parts.scheme, host, port or _PORTS[parts.scheme], _target(parts), url)


def redirected(link: Link, location: str) -> Link:
    """Return where a redirect from *link* leads; it is checked like any other URL.

    Raises:
        MediaRefused: it leads to what may not be fetched.
    """
    try:
        url = urljoin(link.text, quote(location.strip(" \t"), safe=_SAFE + "#"))
    except ValueError as error:
        raise _refused(link.text, f"it redirects to nowhere: {error}") from error
    found = link_of(url)
    if link.scheme == "https" and found.scheme == "http":
        raise _refused(found.text, "a redirect must not lead from https to http")
    return found


def _host(url: str, parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if "%" in host:
        raise _refused(url, "a host must have no zone and nothing encoded in it")
    if parts.netloc.startswith("["):
        try:
            return str(IPv6Address(host))
        except ValueError as error:
            raise _refused(url, f"[{host}] is no IPv6 address") from error
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError as error:
            why = f"an address must be written as four numbers (got {host!r})"
            raise _refused(url, why) from error
    if not host.isascii():
        try:
            host = idna.encode(host, uts46=True).decode()
        except idna.IDNAError as error:
            raise _refused(url, f"{host!r} is no name of a host") from error
        if _NUMBER.fullmatch(host.rpartition(".")[2]):
            raise _refused(url, "an address must be written with plain digits")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, host.split("."))):
        raise _refused(url, f"{host!r} is no name of a host")
    return host


def _target(parts: SplitResult) -> str:
    path = quote(parts.path or "/", safe=_SAFE)
    return f"{path}?{quote(parts.query, safe=_SAFE)}" if parts.query else path


def without_user(url: str) -> str:
    """Return *url* without user name and password: nobody is shown these."""
    return _USER.sub("", url, count=1)


def _refused(url: str, why: str) -> MediaRefused:
    shown = without_user(url).partition("?")[0]
    return MediaRefused(shown if len(shown) <= 120 else f"{shown[:117]}...", why)
