"""From a fresh connection to one that is registered: CAP, SASL, nick, 001, 005. Pure.

A line comes in, lines to send go out; `done` says that it is over. Sources: RFC 2812,
3.1 (PASS, NICK, USER); IRCv3 capability negotiation 302 and SASL 3.2; the numerics are
those of modern.ircdocs.horse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

from platforms.irc.wire.capabilities import SASL, has_more
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import Line, write
from platforms.irc.wire.sasl import ABORT, Login
from platforms.irc.wire.scram import NotShown

MAX_NICKS: Final = 8
"""Nicks that are tried before the server is left alone for a while."""


class Refused(Exception):
    """The server does not let us in. Tried again later, and slowly."""


class NeedsPerson(Refused):
    """We cannot register until a person has changed something."""


@frozen
class Who:
    """As whom we register."""

    nick: str
    username: str
    realname: str
    password: str = field(default="", repr=False)
    """Of the server."""
    account: str = ""
    """Of its services; empty: none."""
    account_password: str = field(default="", repr=False)
    """Empty with an account: our certificate is enough (EXTERNAL)."""


class Registration:
    """One attempt. Say `begin`, hand over every line, send what comes back.

    What the server says of itself and of us goes into *known*.
    """

    def __init__(self, who: Who, known: Known, nonce: str) -> None:
        """Begin, before anything was said.

        Args:
            who: As whom we register.
            known: What is learned.
            nonce: For a login with SCRAM; never the same again.
        """
        self._who = who
        self._login = Login(who.account, who.account_password, nonce)
        self._known = known
        self._tried = 1
        self._asked: list[str] = []
        self._one_by_one = False
        self._logged_in = False
        self._mechanisms = ""
        self._broken = ""
        self._welcome = False
        self.done = False
        known.nick = who.nick

    def begin(self) -> list[str]:
        """Return the first lines. The server waits with 001 until `CAP END`."""
        who = self._who
        lines = [write("CAP", ["LS", "302"])]
        if who.password:
            lines.append(write("PASS", [who.password]))
        return [
            *lines,
            write("NICK", [who.nick]),
            write("USER", [who.username, "0", "*", who.realname]),
        ]

    def hear(self, line: Line) -> list[str]:
        """Return what to answer to *line*.

        Raises:
            NeedsPerson: our password, account or address is not wanted.
            Refused: it may be another time.
        """
        self._known.hear(line)
        match line.command:
            case "CAP":
                return self._cap(line)
            case "AUTHENTICATE":
                return self._authenticate(line)
            case "903" | "907":
                return self._let_in()
            case "902" | "904" | "905" | "906" | "908":
                return self._not_logged_in(line)
            case "433" | "436" | "437":
                return self._another_nick(line)
            case "001":
                return self._welcomed(line)
            case "376" | "422":
                self.done = True
            case _:
                self._look_for_refusal(line)
        return []

    # --- capabilities -----------------------------------------------------------------

    def _cap(self, line: Line) -> list[str]:
        match line.param(1).upper():
            case "LS" if not has_more(line) and not self._welcome:
                return self._request()
            case "ACK" | "NAK" if self._asked:
                return self._granted(line)
            case _:
                return []

    def _request(self) -> list[str]:
        wants_sasl = self._who.account != ""
        if wants_sasl and SASL not in self._known.capabilities.offered:
            msg = "the server offers no SASL now: its services are away, or it has none (then leave `account` out)"
            raise Refused(msg)
        names = self._known.capabilities.to_request(sasl=wants_sasl)
        self._asked = names
        return [write("CAP", ["REQ", " ".join(names)])] if names else self._next()

    def _granted(self, line: Line) -> list[str]:
        if line.param(1).upper() == "NAK" and not self._one_by_one:
            # All or nothing: one that it does not grant cost us the others.
            self._one_by_one = True
            return [write("CAP", ["REQ", name]) for name in self._asked]
        answered = line.param(-1).split()
        self._asked = [name for name in self._asked if name not in answered]
        return [] if self._asked else self._next()

    def _next(self) -> list[str]:
        if not self._who.account:
            return [write("CAP", ["END"])]
        if SASL not in self._known.capabilities.enabled:
            msg = "the server does not let us log in with SASL"
            raise Refused(msg)
        offered = self._known.capabilities.offered.get(SASL, "")
        return [write("AUTHENTICATE", [self._login.begin(offered)])]

    # --- SASL -------------------------------------------------------------------------

    def _authenticate(self, line: Line) -> list[str]:
        if not self._login.mechanism or self._broken:
            return []
        try:
            parts = self._login.hear(line.param(0))
        except NotShown as broken:
            self._broken = str(broken)
            parts = [ABORT]
        return [write("AUTHENTICATE", [part]) for part in parts]

    def _let_in(self) -> list[str]:
        if not self._login.proven:
            msg = "the server lets us in without showing that it knows our password"
            raise NeedsPerson(msg)
        self._logged_in = True
        return [write("CAP", ["END"])]

    def _not_logged_in(self, line: Line) -> list[str]:
        if line.command == "908":  # which mechanisms there are; the refusal follows
            self._mechanisms = line.param(1)
            return []
        login = self._login
        if self._logged_in or not login.mechanism:
            return []
        if self._broken:
            msg = f"the login to {self._who.account!r} was broken off: {self._broken}"
            raise NeedsPerson(msg)
        tried = login.mechanism
        if line.command == "904" and (other := login.refused()):
            return [write("AUTHENTICATE", [other])]
        why = f"the server refuses our login to {self._who.account!r} with {tried}: {line.param(-1)}"
        if self._mechanisms:
            why += f" (it takes {self._mechanisms})"
        if line.command == "906":
            raise Refused(why)
        msg = f"{why}; check account and account_password"
        raise NeedsPerson(msg)

    # --- nick and welcome -------------------------------------------------------------

    def _another_nick(self, line: Line) -> list[str]:
        if self._welcome:
            return []
        if self._tried >= MAX_NICKS:
            msg = f"the server lets us have none of {MAX_NICKS} nicks: {line.param(-1)}"
            raise Refused(msg)
        most = self._known.support.nick_chars
        self._known.nick = alternate(self._who.nick, self._tried, most)
        self._tried += 1
        return [write("NICK", [self._known.nick])]

    def _welcomed(self, line: Line) -> list[str]:
        self._welcome = True
        known = self._known
        # An old server may have cut our nick without a word.
        known.nick = line.param(0) or known.nick
        # RFC 2812: "Welcome to the Internet Relay Network <nick>!<user>@<host>".
        nick, _, mask = line.param(-1).rpartition(" ")[2].partition("!")
        if known.is_us(nick) and "@" in mask:
            known.mask = mask
        if self._who.account and not self._logged_in:
            msg = "the server let us in without our login"
            raise Refused(msg)
        return []

    def _look_for_refusal(self, line: Line) -> None:
        words = line.param(-1)
        match line.command:
            case "432" if not self._welcome:
                msg = f"the server takes no nick like {self._known.nick!r}: {words}"
                raise NeedsPerson(msg)
            case "464":
                msg = f"the server refuses our password: {words}"
                raise NeedsPerson(msg)
            case "465":
                msg = f"we are banned from this server: {words}"
                raise NeedsPerson(msg)
            case "ERROR":
                msg = f"the server closed the connection: {words}"
                raise Refused(msg)
            case _:
                pass


def alternate(nick: str, number: int, most: int) -> str:
    """Return the nick to try when *nick* and `number - 1` others were taken."""
    end = "_" * number if number <= 2 else str(number)
    return nick[: most - len(end)] + end


def alternates(nick: str, most: int) -> Iterator[str]:
    """Yield every nick that we take where *nick* is taken."""
    return (alternate(nick, number, most) for number in range(1, MAX_NICKS))
