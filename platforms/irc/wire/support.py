"""What a server says of itself in 005 (RPL_ISUPPORT), and what follows from it. Pure.

Source: modern.ircdocs.horse, "RPL_ISUPPORT Parameters"; draft-hardy-irc-isupport-00.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import field, frozen

from platforms.irc.wire.line import MAX_LINE_BYTES

_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
Fold: TypeAlias = Callable[[str], str]


def _remembered(fold: Fold) -> Fold:
    """Return *fold* with a memory: the same few names come with every line."""
    return lru_cache(maxsize=512)(fold)


def _letters(upper: str, lower: str) -> Fold:
    table = str.maketrans(_UPPER + upper, _LOWER + lower)
    return _remembered(lambda name: name.translate(table))


_UNICODE: Final = _remembered(str.casefold)
_FOLDS: Final = {
    "ascii": _letters("", ""),
    # RFC 1459, 2.2: these are the letters of a Scandinavian keyboard.
    "rfc1459": _letters("[]\\~", "{}|^"),
    "strict-rfc1459": _letters("[]\\", "{}|"),
    "rfc7613": _UNICODE,
    "rfc8265": _UNICODE,
}
_HEX: Final = re.compile(r"\\x([0-9A-Fa-f]{2})")
_PREFIX: Final = re.compile(r"\(([^)]*)\)(.*)")
_MOST_TOKENS: Final = 500


def _token(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.upper(), _HEX.sub(lambda found: chr(int(found[1], 16)), value)


@frozen
class Support:
    """The tokens of 005, and their meaning where a server left them out."""

    tokens: Mapping[str, str] = field(factory=dict)
    # Every line needs these; they are looked up once.
    fold: Fold = field(init=False, eq=False, repr=False)
    """Returns the name of a person or a channel so that equal ones are equal texts."""
    channel_signs: str = field(init=False, eq=False, repr=False)
    """What the name of a channel begins with."""
    _signs: tuple[str, ...] = field(init=False, eq=False, repr=False)
    _ranks: str = field(init=False, eq=False, repr=False)
    """What may stand before the name of a channel: those of this rank in it."""

    @fold.default
    def _find_fold(self) -> Fold:
        mapping = self.tokens.get("CASEMAPPING", "rfc1459").lower()
        return _FOLDS.get(mapping, _FOLDS["rfc1459"])

    @channel_signs.default
    def _find_signs(self) -> str:
        return self.tokens.get("CHANTYPES", "#&")

    @_signs.default
    def _find_each_sign(self) -> tuple[str, ...]:
        return tuple(self.channel_signs)

    @_ranks.default
    def _find_ranks(self) -> str:
        return self.tokens.get("STATUSMSG", "")

    def told(self, params: Sequence[str]) -> Support:
        """Return what is known after a 005: its first parameter is our nick, its last words."""
        tokens = dict(self.tokens)
        for each in params[1:-1]:
            name, value = _token(each)
            if name.startswith("-"):
                tokens.pop(name[1:], None)
            elif name and len(tokens) < _MOST_TOKENS:
                tokens[name] = value
        return Support(tokens)

    @property
    def ranks(self) -> Mapping[str, str]:
        """Modes of members by the sign before their nick, the highest first: `{"@": "o"}`."""
        found = _PREFIX.fullmatch(self.tokens.get("PREFIX", "(ov)@+"))
        return {} if found is None else dict(zip(found[2], found[1], strict=False))

    @property
    def list_modes(self) -> tuple[str, str, str]:
        """Modes of channels with a parameter: in lists, always, only when they are set."""
        lists, always, when_set = (*self.tokens.get("CHANMODES", "beI,k,l,imnpst").split(","),
                                   "", "", "")[:3]  # fmt: skip
        return lists, always, when_set

    @property
    def line_bytes(self) -> int:
        """How long a line may be, its end and its prefix included."""
        told = self._number("LINELEN")
        return max(told, MAX_LINE_BYTES) if told else MAX_LINE_BYTES

    @property
    def nick_chars(self) -> int:
        """How long a nick may be; RFC 1459 has 9, and nobody keeps to it."""
        return self._number("NICKLEN") or self._number("MAXNICKLEN") or 30

    def is_channel(self, target: str) -> bool:
        """Say whether *target* is a channel, or the people of one rank in it (`@#chan`)."""
        bare = self.without_rank(target) if self._ranks else target
        return bare.startswith(self._signs)

    def without_rank(self, target: str) -> str:
        """Return the channel of `@#chan`; what is no such thing as it is."""
        if not self._ranks:
            return target
        bare = target.lstrip(self._ranks)
        return bare if bare.startswith(self._signs) else target

    def _number(self, name: str) -> int:
        value = self.tokens.get(name, "")
        return (
            int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
        )
