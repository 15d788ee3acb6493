"""A message as a line of words: what a command is read from. Pure.

A word ends at white space. A word that *starts* with a quotation mark lasts to the
matching one, so `"New York"` is one word and `don't` needs no care; inside, a
backslash keeps a quotation mark. An opening mark that is never closed is an
ordinary character: people in a chat are not a shell.

A mention is a word of its own, also between quotation marks, and reads as `@name`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from attrs import field, frozen

from actors.messages import Everyone, Markdown, Mention, Segment, Text

QUOTES: Mapping[str, str] = {'"': '"', "'": "'", "“": "”", "「": "」"}


_BARE = re.compile(r"\S+")


@frozen
class Word:
    """One word: what it says, and where it stands in its line."""

    text: str
    start: int
    end: int
    mention: Mention | None = None


@frozen
class Line:
    """A body as text, with the mentions that stand in it by their position."""

    text: str
    mentions: Mapping[int, Mention] = field(factory=dict)

    def word(self, at: int) -> Word | None:
        """Return the first word at or after position *at*, or None at the end."""
        bare = _BARE.search(self.text, at)
        if bare is None:
            return None
        start, end = bare.span()
        if self.mentions:
            mention = self.mentions.get(start)
            if mention is not None:
                return Word(shown(mention), start, start + len(shown(mention)), mention)
        limit = min((at for at in self.mentions if at > start), default=len(self.text))
        end = min(end, limit)
        quoted = _quoted(self.text, start, limit)
        return quoted or Word(self.text[start:end], start, end)

    def words(self, at: int = 0) -> list[Word]:
        """Return every word from position *at* on."""
        found = []
        while (word := self.word(at)) is not None:
            found.append(word)
            at = word.end
        return found

    def rest(self, at: int) -> str:
        """Return everything from position *at* on as it was typed, without margins."""
        return self.text[at:].strip()


def read_line(body: tuple[Segment, ...]) -> Line:
    """Return *body* as a line. Mentions and replies before the first text are skipped.

    They say whom the command is for (`@bot /ping`), not what it says.
    """
    if len(body) == 1 and isinstance(body[0], Text):
        return Line(body[0].text)
    said = ""
    mentions: dict[int, Mention] = {}
    for part in body:
        match part:
            case Text(text) | Markdown(text):
                said += text
            case Mention() if said.strip():
                mentions[len(said)] = part
                said += shown(part)
            case _:
                pass
    return Line(said, mentions)


def shown(mention: Mention) -> str:
    """Return a mention as a person reads it."""
    if mention.name:
        return f"@{mention.name}"
    return "@all" if isinstance(mention.user, Everyone) else f"@{mention.user}"


def quote(word: str) -> str:
    """Write *word* so that it is read back as one word."""
    kept = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{kept}"'


def _quoted(text: str, start: int, limit: int) -> Word | None:
    """Return the quoted word that starts at *start* and ends by *limit*, or None."""
    closing = QUOTES.get(text[start])
    if closing is None:
        return None
    said: list[str] = []
    at = start + 1
    while at < limit:
        char = text[at]
        if char == "\\" and at + 1 < limit and text[at + 1] in (closing, "\\"):
            said.append(text[at + 1])
            at += 2
        elif char == closing and (at + 1 == limit or text[at + 1].isspace()):
            return Word("".join(said), start, at + 1)
        else:
            said.append(char)
            at += 1
    return None
