"""The configuration of one IRC network. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from platforms.base import Fault, Secret

TLS_PORT: Final = 6697
PLAIN_PORT: Final = 6667
MAX_WORD_BYTES: Final = 200
"""How long a name of ours, or a channel, may be (RFC 1459, 1.3): so it fits into a line."""
MAX_PASSWORD_BYTES: Final = 500
"""How long the server's password may be: with `PASS :` before it, it is a line of its own."""
_NICK: Final = re.compile(r"[^\s,:!@#&$+~%*?.\0\d-][^\s,!@*?.\0]*")
_WORD: Final = re.compile(r"[^\s:\0@!][^\s\0@!]*")
_CHANNEL: Final = re.compile(r"(?!0( |$))[^\s,:\0\x07]+( [^\s,\0]+)?")


@frozen
class IrcConfig:
    """Which network, as whom, and in which channels."""

    host: str
    """A server of the network."""
    nick: str
    """Our name. While somebody else has it we take another one, and ask again."""
    channels: tuple[str, ...] = ()
    """Where we are: `"#chan"`, or `"#chan key"`."""
    port: int | None = None
    """6697 with TLS, 6667 without."""
    tls: bool = True
    """Without it everybody on the way reads along, passwords too."""
    tls_ca: str | None = None
    """A PEM file with the certificates to trust instead of the system's."""
    certificate: str | None = None
    """A PEM file with our own certificate and its key."""
    password: Secret | None = field(default=None, repr=False)
    """Of the server itself; few have one."""
    account: str | None = None
    """Of the network's services: logs in with SASL."""
    account_password: Secret | None = field(default=None, repr=False)
    """Without it our certificate has to do (SASL EXTERNAL)."""
    username: str = "rookery"
    """What stands before the `@`."""
    realname: str = "Rookery"
    """Shown by WHOIS."""

    @property
    def at(self) -> int:
        """The port to dial."""
        if self.port is not None:
            return self.port
        return TLS_PORT if self.tls else PLAIN_PORT

    def invitation(self) -> str:
        channels = ", ".join(each.partition(" ")[0] for each in self.channels)
        where = f" in {channels}" if channels else ""
        return f"IRC: {self.nick} on {self.host}{where}, `{self.nick}: /help`"

    def faults(self) -> tuple[Fault, ...]:
        return tuple(self._faults())

    def _faults(self) -> Iterator[Fault]:
        if not self.host or not self.host.isprintable() or " " in self.host:
            yield Fault("host", f"must be the name of a server (got {self.host!r})")
        if not _NICK.fullmatch(self.nick):
            msg = f"must be a nick: one word, no digit or '-' first (got {self.nick!r})"
            yield Fault("nick", msg)
        if not 1 <= self.at <= 65535:
            yield Fault("port", f"must be from 1 to 65535 (got {self.at})")
        for channel in self.channels:
            if not _CHANNEL.fullmatch(channel):
                msg = f"must be '#chan' or '#chan key' (got {channel!r})"
                yield Fault("channels", msg)
        if not _WORD.fullmatch(self.username):
            yield Fault("username", f"must be one word (got {self.username!r})")
        if not self.realname.strip() or not self.realname.isprintable():
            yield Fault("realname", f"must be a line of text (got {self.realname!r})")
        yield from self._tls_faults()
        yield from self._login_faults()
        yield from self._length_faults()

    def _length_faults(self) -> Iterator[Fault]:
        password = "" if self.password is None else self.password.reveal()
        said = [
            ("nick", self.nick, MAX_WORD_BYTES),
            *(("channels", channel, MAX_WORD_BYTES) for channel in self.channels),
            ("username", self.username, MAX_WORD_BYTES),
            ("realname", self.realname, MAX_WORD_BYTES),
            ("password", password, MAX_PASSWORD_BYTES),
        ]
        for key, text, most in said:
            got = len(text.encode("utf-8", "replace"))
            if got > most:
                yield Fault(key, f"must have {most} bytes at most (got {got})")

    def _tls_faults(self) -> Iterator[Fault]:
        if self.tls:
            return
        for key in ("tls_ca", "certificate"):
            if getattr(self, key) is not None:
                yield Fault(key, "must be nothing with tls = false (got one)")

    def _login_faults(self) -> Iterator[Fault]:
        for key in ("password", "account_password"):
            given = getattr(self, key)
            if given is not None and not _SAYABLE.fullmatch(given.reveal()):
                yield Fault(key, "must be a line of text (got none, or several)")
        if self.account is None:
            if self.account_password is not None:
                yield Fault("account", "must be given with account_password")
            return
        if not _WORD.fullmatch(self.account):
            yield Fault("account", f"must be one word (got {self.account!r})")
        if self.account_password is None and self.certificate is None:
            msg = "must be given for an account without certificate (got nothing)"
            yield Fault("account_password", msg)


_SAYABLE: Final = re.compile(r"[^\r\n\0]+")
