"""What a server says of itself in 005 (RPL_ISUPPORT), and what follows from it. Pure.

Source: modern.ircdocs.horse, "RPL_ISUPPORT Parameters"; draft-hardy-irc-isupport-00.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from attrs import field, frozen

from platforms.irc.wire.line import MAX_LINE_BYTES

_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_FOLDS: Final = {
    "ascii": str.maketrans(_UPPER, _LOWER),
    # RFC 1459, 2.2: these are the letters of a Scandinavian keyboard.
    "rfc1459": str.maketrans(_UPPER + "[]\\~", _LOWER + "{}|^"),
    "strict-rfc1459": str.maketrans(_UPPER + "[]\\", _LOWER + "{}|"),
}
_UNICODE: Final = frozenset({"rfc7613", "rfc8265"})
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
    _folds: Mapping[int, str | int] | None = field(init=False, eq=False, repr=False)
    """How names are folded; `None` as Unicode does it. Looked up once: each line needs it."""

    @_folds.default
    def _find_folds(self) -> Mapping[int, str | int] | None:
        mapping = self.tokens.get("CASEMAPPING", "rfc1459").lower()
        return None if mapping in _UNICODE else _FOLDS.get(mapping, _FOLDS["rfc1459"])

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

    def fold(self, name: str) -> str:
        """Return *name*, of a person or a channel, so that equal ones are equal texts."""
        folds = self._folds
        return name.casefold() if folds is None else name.translate(folds)

    @property
    def channel_signs(self) -> str:
        """What the name of a channel begins with."""
        return self.tokens.get("CHANTYPES", "#&")

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
        bare = self.without_rank(target)
        return bare != "" and bare[0] in self.channel_signs

    def without_rank(self, target: str) -> str:
        """Return the channel of `@#chan`; what is no such thing as it is."""
        ranks = self.tokens.get("STATUSMSG", "")
        bare = target.lstrip(ranks) if ranks else target
        return bare if bare and bare[0] in self.channel_signs else target

    def _number(self, name: str) -> int:
        value = self.tokens.get(name, "")
        return (
            int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0
        )
