"""One line of IRC as a value, and back. Never raises on what comes in.

Sources: RFC 1459 and 2812, 2.3 (the line); IRCv3 message tags (tags and their escapes).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

MAX_LINE_BYTES: Final = 512
"""RFC 1459, 2.3: with the CR LF, without tags, and with the prefix when it is relayed."""
MAX_TAG_BYTES: Final = 4094
"""IRCv3 message tags: what a client may send between `@` and the blank."""

_ESCAPES: Final = str.maketrans(
    {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n", "\0": ""}
)
_LINE: Final = re.compile(
    r"(?:@([^ ]*) +)?+ *+(?::([^ ]*) +)?+([^ :@][^ ]*)(?: +(.*))?", re.DOTALL
)
"""Tags, prefix, command, and what follows. Nothing in it is tried twice."""
_ESCAPE: Final = re.compile(r"\\(.?)", re.DOTALL)
_ESCAPED: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}


class Unwritable(ValueError):
    """A line that cannot be said: it would say something else, or more than one thing."""


class Line(msgspec.Struct, frozen=True):
    """One message of the protocol. A struct: one is made for every line."""

    command: str
    """Upper case; a numeric is its three digits."""
    params: tuple[str, ...] = ()
    prefix: str = ""
    """Who it comes from: `nick!user@host`, or a server; empty for the server itself."""
    tags: Mapping[str, str] = {}  # each gets its own

    @property
    def nick(self) -> str:
        """The nick in the prefix, or the server's name."""
        return self.prefix.partition("!")[0].partition("@")[0]

    def param(self, index: int) -> str:
        """Return a parameter, from the end for a negative *index*; empty if there is none."""
        try:
            return self.params[index]
        except IndexError:
            return ""

    def raw(self) -> dict[str, object]:
        """Return the frame for `Inbound.raw`: everything, as it came."""
        frame: dict[str, object] = {
            "command": self.command,
            "params": list(self.params),
        }
        if self.prefix:
            frame["prefix"] = self.prefix
        if self.tags:
            frame["tags"] = dict(self.tags)
        return frame


def decode(data: bytes) -> str:
    """Return the text of a line: UTF-8, else latin-1, as clients do.

    A server cuts what is too long between any two bytes. In a line that is UTF-8 until
    there, this costs the last character, not the encoding of the whole.
    """
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start]
        if error.reason == "unexpected end of data" and not before.isascii():
            return before.decode() + "\ufffd"
        return data.decode("latin-1")


def parse(text: str) -> Line | None:
    """Return what a line says; `None` if there is no command in it.

    *text* holds no end of line. Blanks may be doubled, as old servers write them.
    """
    found = _LINE.match(text)
    if found is None:
        return None
    tags, prefix, command, rest = found.groups()
    return Line(
        command.upper(),
        _params(rest) if rest else (),
        prefix or "",
        parse_tags(tags) if tags else {},
    )


def _params(rest: str) -> tuple[str, ...]:
    if rest[0] == ":":
        return (rest[1:],)
    if " " not in rest:
        return (rest,)
    head, colon, trailing = rest.partition(" :")
    words = head.split(" ")
    if "" in words:  # doubled blanks, and those at the end
        words = [word for word in words if word]
    return (*words, trailing) if colon else tuple(words)


def parse_tags(text: str) -> dict[str, str]:
    """Return the tags of a line; one without a value is there, and empty."""
    tags: dict[str, str] = {}
    escaped = "\\" in text
    for each in text.split(";"):
        key, _, value = each.partition("=")
        if key:
            tags[key] = unescape(value) if escaped else value
    return tags


def unescape(value: str) -> str:
    """Undo the escapes of a tag's value; a lonely backslash at its end is dropped."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), value)


def escape(value: str) -> str:
    """Return *value* as it stands in a tag."""
    return value.translate(_ESCAPES)


def write(
    command: str,
    params: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    most: int = MAX_LINE_BYTES,
) -> str:
    """Return a line without its end.

    Args:
        command: The first word.
        params: What follows it; only the last may hold blanks.
        tags: What stands before it.
        most: Bytes of a line with its end, without its tags: a server cuts what is longer.

    Raises:
        Unwritable: what a parameter holds would be another parameter or another line, or
            no text, or would be cut.
    """
    *middle, last = params or ("",)
    for word in (command, *middle):
        if not word or word.startswith(":") or " " in word:
            msg = f"a word of a line must be one word and not begin with ':' (got {word!r})"
            raise Unwritable(msg)
    if command.startswith("@"):
        msg = f"a command must not begin as tags do (got {command!r})"
        raise Unwritable(msg)
    words = [command, *middle]
    if params:
        plain = last and not last.startswith(":") and " " not in last
        words.append(last if plain and command in _PLAIN else f":{last}")
    line = " ".join(words)
    if "\r" in line or "\n" in line or "\0" in line:
        msg = f"a line must hold no end of line and no NUL (got {line[:80]!r})"
        raise Unwritable(msg)
    if _bytes_of(line) > most - len("\r\n"):
        msg = (
            f"a line must have {most} bytes at most with its end (got {line[:80]!r}...)"
        )
        raise Unwritable(msg)
    return f"@{write_tags(tags)} {line}" if tags else line


_PLAIN: Final = frozenset({"CAP", "NICK", "JOIN", "AUTHENTICATE"})
"""Old servers read the last parameter of these without a colon before it."""


def write_tags(tags: Mapping[str, str]) -> str:
    """Return *tags* as they stand between `@` and the blank.

    Raises:
        Unwritable: a key is none, or they are longer than a client may say.
    """
    for key in tags:
        if not key or not set(key).isdisjoint(" ;=\r\n\0\\"):
            msg = f"a tag must have letters, digits, '-', '/' and '.' in its key (got {key!r})"
            raise Unwritable(msg)
    said = ";".join(
        f"{key}={escape(value)}" if value else key for key, value in tags.items()
    )
    if _bytes_of(said) > MAX_TAG_BYTES:
        msg = f"tags must have {MAX_TAG_BYTES:,} bytes at most"
        raise Unwritable(msg)
    return said


def _bytes_of(text: str) -> int:
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        msg = f"a line must be text that UTF-8 has a form for (got {text[:80]!r})"
        raise Unwritable(msg) from error
