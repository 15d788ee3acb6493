"""Idempotency keys: the same reply of the same event always has the same key."""

from __future__ import annotations

from hashlib import blake2b

_FIRST = 0  # the number of the first part, which a message in one piece is, too
KEY_BYTES = 12  # 24 hex digits: Discord, the strictest platform, takes 25 characters
_ROW_BYTES = 4  # of a reply's key: the end of its row's number


def reply_key(
    journal: str,
    row: int,
    *,
    bot: str,
    handler: str,
    target: str,
    mark: int | str,
) -> str:
    """Return the key of one reply, at most 25 characters.

    Args:
        journal: The journal's own id; rows of two journals may have equal numbers.
        row: Sequence number of the event that is answered.
        bot: Name of the bot.
        handler: Name of the handler inside the bot.
        target: Address of the chat, as text.
        mark: The number of this reply among the handler's, or the `key=` it was given.
    """
    # repr() keeps the parts apart whatever they hold, and 1 apart from "1".
    text = repr((journal, row, bot, handler, target, mark, _FIRST))
    # The number goes first: the file has an index of keys, and what is written together
    # stands together in it then. By their hashes alone each would dirty a page of its own.
    near = row & 0xFFFF_FFFF
    return f"{near:08x}{_digest(text, KEY_BYTES - _ROW_BYTES)}"


def notice_key(unique: str) -> str:
    """Return the key of something that no event started: of *unique*, a fresh id."""
    return _digest(repr((unique, _FIRST)))


def part_key(key: str, part: int) -> str:
    """Return the key of one part of a message that had to be split.

    The first part goes under *key* itself: where a message stands in one piece or in
    several, its key says whether it was said.
    """
    return _digest(repr((key, part))) if part else key


def retry_key(key: str) -> str:
    """Return the key under which what ended unsaid is said after all: one for each row.

    Asked for twice, it is the same message.
    """
    return _digest(repr(("retry", key)))


def _digest(text: str, size: int = KEY_BYTES) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
