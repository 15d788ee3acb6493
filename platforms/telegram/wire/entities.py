"""Words with entities and our segments, both ways.

Source: core.telegram.org/bots/api#messageentity. Of the entities those are read that say
more than their words do: who is mentioned, which emoji, where a link leads, and that a
command is for us. What is bold or code is read as its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec
from attrs import define, field, frozen

from actors.messages import ALL, Emoji, Mention, Segment, Text
from platforms.telegram.wire.lenient import (
    JsonObject,
    as_id,
    as_list,
    as_object,
    as_text,
)
from platforms.telegram.wire.utf16 import Offsets, units_in

_TELLING: Final = frozenset(
    {"mention", "text_mention", "custom_emoji", "text_link", "bot_command"}
)
STAND_IN: Final = "🙂"
"""What stands where a custom emoji goes, and is seen where Telegram does not show it."""


@frozen
class Me:
    """Our own account."""

    id: str = ""
    username: str = ""


class _Mark(msgspec.Struct, frozen=True):
    """One entity, by indexes into the text."""

    begin: int
    end: int
    kind: str
    entity: JsonObject


def read_text(text: str, entities: object, me: Me) -> list[Segment]:
    """Return what *text* says."""
    if not text:
        return []
    marks = _marks(text, as_list(entities)) if entities else []
    if not marks:
        return [Text(text)]
    said = _Said()
    at = 0
    for mark in marks:
        if mark.begin < at:
            continue  # within another one
        said.words(text[at : mark.begin])
        said.read(text[mark.begin : mark.end], mark, me)
        at = mark.end
    said.words(text[at:])
    return said.done()


def _marks(text: str, entities: Iterable[object]) -> list[_Mark]:
    offsets: Offsets | None = None
    marks: list[_Mark] = []
    for entity in entities:
        if not isinstance(entity, dict) or as_text(entity.get("type")) not in _TELLING:
            continue
        offset, length = entity.get("offset"), entity.get("length")
        if type(offset) is not int or type(length) is not int:
            continue
        offsets = offsets or Offsets(text)
        begin, end = offsets.index(offset), offsets.index(offset + length)
        if begin < end:
            marks.append(_Mark(begin, end, entity["type"], entity))
    # A link around a mention says less than the mention.
    marks.sort(key=lambda mark: (mark.begin, mark.kind == "text_link"))
    return marks


@define
class _Said:
    """Segments as they come; words that follow one another are one text."""

    _body: list[Segment] = field(factory=list)
    _words: list[str] = field(factory=list)

    def words(self, words: str) -> None:
        if words:
            self._words.append(words)

    def segment(self, segment: Segment) -> None:
        if self._words:
            self._body.append(Text("".join(self._words)))
            self._words = []
        self._body.append(segment)

    def done(self) -> list[Segment]:
        if self._words:
            self._body.append(Text("".join(self._words)))
        return self._body

    def read(self, words: str, mark: _Mark, me: Me) -> None:
        match mark.kind:
            case "mention":
                name = words.removeprefix("@")
                ours = _same(name, me.username)
                self.segment(Mention(me.id if ours else name, name))
            case "text_mention":
                self._person(words, as_object(mark.entity.get("user")))
            case "custom_emoji":
                emoji = as_id(mark.entity.get("custom_emoji_id"))
                self.segment(Emoji(emoji)) if emoji else self.words(words)
            case "text_link":
                link = as_text(mark.entity.get("url"))
                self.words(words)
                self.words(f" ({link})" if link not in ("", words) else "")
            case _:
                command, _, whose = words.partition("@")
                self.words(command if _same(whose, me.username) else words)

    def _person(self, words: str, user: JsonObject) -> None:
        who = as_id(user.get("id"))
        if who:
            self.segment(Mention(who, name_of(user) or words))
        else:
            self.words(words)


def _same(name: str, username: str) -> bool:
    return username != "" and name.casefold() == username.casefold()


def name_of(user: JsonObject) -> str:
    """Return what a person, or a chat, is called."""
    first, last = as_text(user.get("first_name")), as_text(user.get("last_name"))
    name = f"{first} {last}".strip()
    return name or as_text(user.get("title")) or as_text(user.get("username"))


def write_text(body: Iterable[Segment]) -> tuple[str, list[JsonObject]]:
    """Return words and entities for *body*; what is no word in it is passed over."""
    text: list[str] = []
    entities: list[JsonObject] = []
    at = 0
    for part in body:
        words, entity = _written(part)
        if entity is not None and words:
            entities.append({**entity, "offset": at, "length": units_in(words)})
        text.append(words)
        at += units_in(words)
    return "".join(text), entities


def _written(part: Segment) -> tuple[str, JsonObject | None]:
    match part:
        case Text(words):
            return words, None
        case Mention(user, name):
            if user is ALL:
                return "@all", None
            if not _is_number(user):  # a username: Telegram finds it by itself
                return f"@{user.removeprefix('@')}", None
            who = {"type": "text_mention", "user": {"id": int(user)}}
            return f"@{name or user}", who
        case Emoji(id):
            if not _is_number(id):
                return id, None
            return STAND_IN, {"type": "custom_emoji", "custom_emoji_id": id}
        case _:
            return "", None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20
