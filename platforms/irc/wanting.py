"""What we want of a network and may not have yet: our nick, our channels. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from platforms.irc import wire

ASK_AGAIN_SECONDS: Final = 60.0
"""After so long the nick and the channels that are missing are asked for again."""
JOINS_AT_ONCE: Final = 4
"""Channels in one JOIN. Servers that limit it (TARGMAX) let four pass."""
REFUSED: Final = {
    "403": "there is no such channel",
    "405": "we are in too many channels",
    "437": "it is not available now",
    "442": "we are not in it",
    "448": "there cannot be such a channel",
    "471": "it is full",
    "473": "it is invite only",
    "474": "we are banned from it",
    "475": "it wants another key",
    "476": "there cannot be such a channel",
    "477": "it wants a registered nick",
    "479": "there cannot be such a channel",
    "480": "we are not let in",
    "489": "it wants TLS",
    "520": "it is for its operators",
}
"""Numerics that answer a JOIN, in words."""


class Wanting:
    """What was asked for, what came of it, and what to ask for again."""

    def __init__(self, nick: str, channels: Iterable[str], known: wire.Known) -> None:
        self._nick = nick
        self._known = known
        self._keys: dict[str, str] = {}
        for each in channels:
            name, _, key = each.partition(" ")
            self._keys[known.fold(name)] = key
        self._open = set(self._keys)
        self._why: dict[str, str] = {}

    @property
    def channels(self) -> Iterable[str]:
        """The channels that we want to be in, by their names as the server folds them."""
        return self._keys

    @property
    def settled(self) -> bool:
        """Whether we know of each channel if we are in it."""
        return not self._open

    @property
    def missing(self) -> str:
        """What we want and do not have, for a person; empty when nothing is."""
        told = [f"not in {name}: {why}" for name, why in self._why.items()]
        if not self._known.is_us(self._nick):
            told.insert(0, f"called {self._known.nick}: {self._nick} is taken")
        return "; ".join(told)

    def joins(self) -> list[str]:
        """Return the lines that ask for the channels that we are not in."""
        inside = set(self._known.roster.channels())
        # Those with a key first: keys are matched by their place.
        wanted = sorted(
            ((name, key) for name, key in self._keys.items() if name not in inside),
            key=lambda pair: not pair[1],
        )
        return [
            line
            for at in range(0, len(wanted), JOINS_AT_ONCE)
            for line in _joins(wanted[at : at + JOINS_AT_ONCE])
        ]

    def again(self) -> list[str]:
        """Return the lines that ask for everything that is missing."""
        mine = self._known.is_us(self._nick)
        return [*([] if mine else [self._ask_nick()]), *self.joins()]

    def hear(self, line: wire.Line) -> list[str]:
        """Take in a line, after `Known` has; return what to say to it."""
        known = self._known
        match line.command:
            case "366":  # RPL_ENDOFNAMES: all of a JOIN has been answered
                self._inside(known.fold(line.param(1)))
            case "JOIN" if known.is_us(line.nick):
                self._inside(known.fold(line.param(0)))
            case "PART" if known.is_us(line.nick):
                self._outside(known.fold(line.param(0)), "we left it")
            case "KICK" if known.is_us(line.param(1)):
                why = f"{line.nick} kicked us: {line.param(2)}"
                self._outside(known.fold(line.param(0)), why)
            case "INVITE" if known.is_us(line.param(0)):
                channel = known.fold(line.param(1))
                if channel in self._keys:
                    return self.joins()
            case "QUIT" | "NICK" if self._frees_our_nick(line):
                return [self._ask_nick()]
            case number if number in REFUSED:
                why = f"{REFUSED[number]} ({line.param(-1)})"
                self._outside(known.fold(line.param(1)), why)
            case _:
                pass
        return []

    def _frees_our_nick(self, line: wire.Line) -> bool:
        fold, wanted = self._known.fold, self._known.fold(self._nick)
        return fold(line.nick) == wanted and not self._known.is_us(self._nick)

    def _ask_nick(self) -> str:
        return wire.write("NICK", [self._nick])

    def _inside(self, channel: str) -> None:
        self._open.discard(channel)
        self._why.pop(channel, None)

    def _outside(self, channel: str, why: str) -> None:
        if channel in self._keys:
            self._open.discard(channel)
            self._why[channel] = why


def _joins(wanted: Sequence[tuple[str, str]]) -> list[str]:
    """Return one line, or more where their names are so long; one alone always fits."""
    try:
        return [_join(wanted)]
    except wire.Unwritable:
        half = len(wanted) // 2
        return [*_joins(wanted[:half]), *_joins(wanted[half:])]


def _join(wanted: Sequence[tuple[str, str]]) -> str:
    names = ",".join(name for name, _ in wanted)
    keys = ",".join(key for _, key in wanted if key)
    return wire.write("JOIN", [names, keys] if keys else [names])
