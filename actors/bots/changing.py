"""How a handler changes a message that was said: it edits, deletes, reacts.

The half of `Context` that has these methods, and what both halves are made of.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from actors.bots.errors import BotMistake, NotInThread
from actors.bots.speech import as_body
from actors.buffer import reply_key
from actors.journal import InboundRow
from actors.messages import (
    DERIVED_ID_DEDUP_SECONDS,
    Change,
    ChatAddress,
    Delete,
    Edit,
    Emoji,
    Ours,
    Outbound,
    OutboundKind,
    React,
    Segment,
    Target,
    verb_of,
)
from actors.tracker import Receipt, ReceiptOfParts

if TYPE_CHECKING:
    from actors.bots.voice import Voice

NEWER = "a newer edit of the same message took its place"
_MESSAGES = ("message", "message.edited")


class Changing:
    """The methods of `Context` that change a message which was said before."""

    __slots__ = ("_edits",)

    _voice: Voice
    _row: InboundRow
    _handler: str
    _in_thread: bool
    _ordinals: count[int]
    _edits: dict[Target, str] | None
    """The newest edit of each message that this handler has edited."""

    # As in `Context`: plain functions, so that ordinals are taken in the order of calls.

    def edit(
        self, message: Receipt | str, *body: Segment | str, key: str | None = None
    ) -> Coroutine[Any, Any, Receipt]:
        """Let a message of ours say something else.

        It goes the way of a reply: written down, in order behind what was said before in
        that chat, with a receipt of its own. When the handler edits the same message
        again, an earlier edit that still waits is cancelled, and one of which nobody knows
        whether it left is not repeated: so no older text can follow the newest.

        Args:
            message: The receipt of what was said, or the platform's id of a message in
                the chat of this event.
            body: Texts and segments, in reading order; what is too long is cut.
            key: As for `reply`.

        Raises:
            BotMistake: there is nothing to say, or *message* is none.
            NoChat: an id was given, and the event belongs to no chat.
        """
        self._not_in_thread("edit")
        return self._replace(self._edit(message, body, key))

    def delete(
        self, message: Receipt | str, *, key: str | None = None
    ) -> Coroutine[Any, Any, Receipt]:
        """Take a message back: one of ours, or any other where the platform lets us.

        Args:
            message: As for `edit`.
            key: As for `reply`.

        Raises:
            BotMistake: *message* is none.
            NoChat: an id was given, and the event belongs to no chat.
        """
        self._not_in_thread("delete")
        return self._say(self._delete(message, key))

    def react(
        self,
        emoji: str | Emoji,
        to: Receipt | str | None = None,
        *,
        remove: bool = False,
        key: str | None = None,
    ) -> Coroutine[Any, Any, Receipt]:
        """Put a reaction below a message: `await ctx.react("👍")`.

        Args:
            emoji: The character itself, or one of the platform's own.
            to: As for `edit`; by default the message that came in.
            remove: Take ours away again.
            key: As for `reply`.

        Raises:
            BotMistake: there is no such emoji, or no message to react to.
            NoChat: the event belongs to no chat.
        """
        self._not_in_thread("react")
        return self._say(self._react(emoji, to, key, remove=remove))

    # --- inside ------------------------------------------------------------------------

    def _not_in_thread(self, method: str) -> None:
        if self._in_thread:
            raise NotInThread(method=method)

    def _edit(
        self, message: Receipt | str, body: tuple[Segment | str, ...], key: str | None
    ) -> Outbound:
        said = as_body(body)
        target, to = self._target(message)
        return self._changed(Edit(target), to, key, OutboundKind.REPLY, said)

    def _delete(self, message: Receipt | str, key: str | None) -> Outbound:
        target, to = self._target(message)
        # What was to vanish must still vanish when the platform is back tomorrow.
        return self._changed(Delete(target), to, key, OutboundKind.NOTICE)

    def _react(
        self,
        emoji: str | Emoji,
        message: Receipt | str | None,
        key: str | None,
        *,
        remove: bool,
    ) -> Outbound:
        if not emoji:
            msg = f"a reaction must be a character or an Emoji (got {emoji!r})"
            raise BotMistake(msg)
        target, to = self._target(self._came_in() if message is None else message)
        if isinstance(target, Ours):
            target = Ours(target.key)  # below the first of its parts
        change = React(target, emoji, remove)
        return self._changed(change, to, key, OutboundKind.REPLY)

    def _came_in(self) -> str:
        """Return the platform's id of the message that came in."""
        event = self._row.event
        if event.event not in _MESSAGES:
            msg = f"an event {event.event!r} is no message; say which one is meant"
            raise BotMistake(msg)
        if event.dedup_seconds == DERIVED_ID_DEDUP_SECONDS:
            msg = "the platform gave this message no id, so nobody can point at it"
            raise BotMistake(msg)
        return event.id

    def _target(self, message: Receipt | str) -> tuple[Target, ChatAddress]:
        """Return what is meant, and the chat that it stands in."""
        if isinstance(message, str) and message:
            return message, self._voice.address_of(self._row)[0]
        if not isinstance(message, Receipt):
            msg = f"a message must be a receipt or the platform's id (got {message!r:.80})"
            raise BotMistake(msg)
        targets = list(_told(message))
        if not targets:
            assert message.change is not None
            msg = (
                f"{message!r} is no message (it is that of a {verb_of(message.change)})"
            )
            raise BotMistake(msg)
        first = targets[0]
        if isinstance(first, Ours) and len(targets) > 1:
            first = Ours(first.key, len(targets))
        return first, message.to

    def _changed(
        self,
        change: Change,
        to: ChatAddress,
        key: str | None,
        kind: OutboundKind,
        body: tuple[Segment, ...] = (),
    ) -> Outbound:
        target = f"{verb_of(change)} {to}"
        return self._outbound(to, target, body, key, kind, change=change)

    def _outbound(
        self,
        to: ChatAddress,
        target: str,
        body: tuple[Segment, ...],
        key: str | None,
        kind: OutboundKind,
        *,
        change: Change | None = None,
    ) -> Outbound:
        """Return what is to be said or done, under the key that it has in every run.

        Args:
            to: The chat.
            target: What the key says about where it goes: for `to`, as text.
            body: What it says.
            key: The author's name for it; `None` takes the next ordinal.
            kind: How soon it goes stale.
            change: What is done, unless it only says something.
        """
        voice, row = self._voice, self._row
        return Outbound(
            key=reply_key(
                voice.services.journal(),
                row.seq,
                bot=voice.name,
                handler=self._handler,
                target=target,
                mark=next(self._ordinals) if key is None else key,
            ),
            to=to,
            body=body,
            kind=kind,
            trace=row.trace,
            change=change,
        )

    def _say(self, out: Outbound) -> Coroutine[Any, Any, Receipt]:
        return self._voice.services.outbox.say(out)

    async def _replace(self, out: Outbound) -> Receipt:
        """Say an edit; once it is written down, withdraw the one that it makes pointless."""
        assert out.change is not None
        if self._edits is None:
            self._edits = {}
        former = self._edits.get(out.change.target)
        self._edits[out.change.target] = out.key
        receipt = await self._say(out)
        if former is not None and former != out.key:
            self._voice.services.outbox.withdraw(former, NEWER)
        return receipt


def _told(receipt: Receipt) -> Iterator[Target]:
    """Yield the messages behind a receipt: an edit is the message that it edits."""
    if isinstance(receipt, ReceiptOfParts):
        for part in receipt.parts:
            yield from _told(part)
        return
    match receipt.change:
        case None:
            yield Ours(receipt.id)
        case Edit(target):
            yield target
        case _:
            pass
