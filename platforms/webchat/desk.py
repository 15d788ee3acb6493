"""What people do and what bots say, each written down before it is answered.

Rules of this file:

1. A deed (what a page asks for) goes to the ring first, then to the journal, then it is
   confirmed. If something dies in between, the page asks again under the same id, and each
   step recognises it.
2. What a bot says counts as said once it is in the ring: a page that is away finds it there.
3. A person may edit and delete only what that person has said, and name only files that
   were brought by or for that person.
4. A deed counts for more than one if it names large files: what is written down is as large
   as these, however few bytes name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import trio
from attrs import define, evolve, field

from actors.messages import (
    Audio,
    Chat,
    ChatKind,
    Emoji,
    File,
    Image,
    Inbound,
    Outbound,
    Reply,
    Role,
    Segment,
    Sender,
    Text,
    Video,
)
from actors.sender import FormRefused, OutcomeUnknown, Rejected, Sent
from platforms.base import Link, Speaker
from platforms.webchat import wire
from platforms.webchat.doorkeeper import is_person
from platforms.webchat.files import NoSpace
from platforms.webchat.keeping import BrokenOff, Keeper, NoRoom

DEEDS_PER_SECOND: Final = 1.0
DEEDS_AT_ONCE: Final = 20.0
BYTES_PER_DEED: Final = 1024 * 1024
"""A message counts as one deed more for every so many bytes of its files."""
NO_ROOM_SECONDS: Final = 60.0
"""After how long a page is to ask again where nothing more can be remembered now."""
BROKEN_OFF_SECONDS: Final = 1.0
"""The same where the session ends: the next one will know whether it was written down."""
_NOBODY: Final = "nobody of that name has been here"
_MEDIA: Final = {"image": Image, "audio": Audio, "video": Video}
_HOLDS = (Image, Audio, Video, File)


@define
class Allowance:
    """How much one person may do now: a bucket that fills again."""

    at: float
    """Monotonic seconds of the last `take`."""
    left: float = DEEDS_AT_ONCE

    def take(self, now: float, cost: float = 1.0) -> float:
        """Return 0.0 and take *cost*; or in how many seconds there will be as much."""
        self.left = min(DEEDS_AT_ONCE, self.left + (now - self.at) * DEEDS_PER_SECOND)
        self.at = now
        if self.left >= cost:
            self.left -= cost
            return 0.0
        return (cost - self.left) / DEEDS_PER_SECOND

    def full(self, now: float) -> bool:
        return self.left + (now - self.at) * DEEDS_PER_SECOND >= DEEDS_AT_ONCE


@define(eq=False)
class Desk(Speaker):
    """What people and bots do, in one session."""

    link: Link
    keeper: Keeper
    _allowances: dict[str, Allowance] = field(factory=dict, init=False)

    # --- people -----------------------------------------------------------------------

    async def take(self, person: str, deed: wire.Deed) -> str:
        """Do what *person* wants done, and return the frame that answers it."""
        known = self.keeper.rings.known(person, _key(deed))
        cost = self._cost(person, deed)
        if known is None and cost > DEEDS_AT_ONCE:
            return wire.refused(deed.id, "its files are too large together")
        if known is None and (seconds := self.wait(person, cost)):
            return wire.later(deed.id, seconds)
        try:
            what, event = await self._understood(person, deed)
            seq = await self.keeper.append(person, _key(deed), what)
        except Rejected as rejected:
            return wire.refused(deed.id, rejected.why)
        except NoRoom:
            return wire.later(deed.id, NO_ROOM_SECONDS)
        except BrokenOff:
            return wire.later(deed.id, BROKEN_OFF_SECONDS)
        assert seq is not None
        if isinstance(deed, wire.Edit):
            event = evolve(event, edit=seq)  # grows with every edit
        await self.link.deliver(event)
        return wire.kept(deed.id, seq)

    def _cost(self, person: str, deed: wire.Deed) -> float:
        """Return as how many deeds *deed* counts: more than one if it names large files."""
        if not isinstance(deed, wire.Say):
            return 1.0
        sizes = [self.keeper.files.size(person, part.file) for part in deed.body]
        return 1.0 + sum(size or 0 for size in sizes) // BYTES_PER_DEED

    def wait(self, person: str, cost: float = 1.0) -> float:
        """Return 0.0 and count *cost* deeds, or in how many seconds *person* may do so much."""
        now = trio.current_time()
        if len(self._allowances) > 2000:
            self._allowances = {
                who: each
                for who, each in self._allowances.items()
                if not each.full(now)
            }
        return self._allowances.setdefault(person, Allowance(now)).take(now, cost)

    async def _understood(
        self, person: str, deed: wire.Deed
    ) -> tuple[dict[str, object], Inbound]:
        """Return *deed* as the ring keeps it and as the event for the journal.

        Raises:
            Rejected: it names a message or a file that is not theirs, or not there.
        """
        what: dict[str, object] = {"by": "me", "id": deed.id}
        event = Inbound(
            deed.id,
            chat=Chat(ChatKind.PRIVATE, person),
            sender=Sender(person, role=Role.MEMBER),
        )
        match deed:
            case wire.Say(body=body, reply=reply):
                parts, segments = await self._body(person, body)
                if reply:
                    segments = (Reply(reply), *segments)
                    what["reply"] = reply
                what |= {"kind": "message", "body": parts}
                return what, evolve(event, body=segments)
            case wire.Edit(message=message, text=text):
                self._own(person, message)
                what |= {"kind": "edit", "message": message, "body": [{"text": text}]}
                edited = evolve(event, id=message, event="message.edited")
                return what, evolve(edited, body=(Text(text),))
            case wire.Delete(message=message):
                self._own(person, message)
                what |= {"kind": "delete", "message": message}
                facts = {"message": message, "operator": person}
                return what, evolve(event, event="message.deleted", facts=facts)
            case wire.React(message=message, emoji=emoji, remove=remove):
                what |= {"kind": "react", "message": message, "emoji": emoji}
                what |= {"remove": True} if remove else {}
                told: dict[str, object] = {
                    "message": message,
                    "emojis": [emoji],
                    "added": not remove,
                }
                return what, evolve(event, event="message.reacted", facts=told)

    async def _body(
        self, person: str, body: tuple[wire.Part, ...]
    ) -> tuple[list[dict[str, object]], tuple[Segment, ...]]:
        parts: list[dict[str, object]] = []
        segments: list[Segment] = []
        for part in body:
            if part.text:
                parts.append({"text": part.text})
                segments.append(Text(part.text))
                continue
            theirs = self.keeper.files.size(person, part.file) is not None
            found = await self.keeper.files.get(part.file) if theirs else None
            if found is None:
                msg = "a file of it was not uploaded, or is kept no longer"
                raise Rejected(msg)
            kept, data = found
            parts.append(kept.as_part(part.alt))
            kind = _MEDIA.get(kept.kind)
            if kind is None:
                segments.append(File(data, kept.name))
            else:
                segments.append(Image(data, part.alt) if kind is Image else kind(data))
        return parts, tuple(segments)

    def _own(self, person: str, message: str) -> None:
        """Raise Rejected unless *message* is one that *person* has said."""
        if self.keeper.rings.known(person, f"me {message}") is None:
            msg = "that message is not yours, or is kept no longer"
            raise Rejected(msg)

    # --- bots -------------------------------------------------------------------------

    async def send(self, out: Outbound) -> Sent:
        """Say something new; see `Platform.send`."""
        what: dict[str, object] = {"kind": "message"}
        what["body"] = await self._told(out)
        for part in out.body:
            if isinstance(part, Reply):
                what["reply"] = part.message
        return await self._append(out, what)

    async def edit(self, out: Outbound, message: str) -> Sent:
        self._stands(out, message)
        body = await self._told(out)
        return await self._change(
            out, {"kind": "edit", "message": message, "body": body}
        )

    async def delete(self, out: Outbound, message: str) -> Sent:
        return await self._change(out, {"kind": "delete", "message": message})

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        if isinstance(emoji, Emoji):
            msg = "there are no emoji of its own here, only characters"
            raise Rejected(msg)
        what: dict[str, object] = {"kind": "react", "message": message, "emoji": emoji}
        return await self._change(out, what | ({"remove": True} if remove else {}))

    async def _change(self, out: Outbound, what: Mapping[str, object]) -> Sent:
        self._stands(out, str(what["message"]))
        return await self._append(out, what)

    def _stands(self, out: Outbound, message: str) -> None:
        """Raise Rejected unless *message* is remembered in the chat of *out*."""
        person, known = self._person(out), self.keeper.rings.known
        if known(person, f"bot {message}") is None and (
            known(person, f"me {message}") is None
        ):
            msg = "no such message is remembered"
            raise Rejected(msg)

    async def _append(self, out: Outbound, what: Mapping[str, object]) -> Sent:
        what = {"by": "bot", "id": out.key, **what}
        try:
            seq = await self.keeper.append(
                self._person(out), f"bot {out.key}", what, new=False
            )
        except BrokenOff:
            msg = "the session ended while it was written down"
            raise OutcomeUnknown(msg) from None
        if seq is None:
            raise Rejected(_NOBODY)
        return Sent(out.key)

    def _person(self, out: Outbound) -> str:
        if out.chat.kind is not ChatKind.PRIVATE or not is_person(out.chat.id):
            msg = f"there are only private chats with people here (got {out.chat})"
            raise Rejected(msg)
        if self.keeper.rings.of(out.chat.id) is None:  # before a file is kept for it
            raise Rejected(_NOBODY)
        return out.chat.id

    async def _told(self, out: Outbound) -> list[dict[str, object]]:
        """Return the body as the page gets it; media are kept first.

        Their ids are made of the message's key, so a message that is tried again keeps
        nothing twice.
        """
        person = self._person(out)
        told: list[dict[str, object]] = []
        for index, part in enumerate(out.body):
            if isinstance(part, Text):
                told.append({"text": part.text})
            elif isinstance(part, _HOLDS):
                assert isinstance(part.source, bytes)  # as `caps.media` says
                id_ = self.keeper.files.id_for(person, out.key, index)
                name = part.name if isinstance(part, File) else ""
                try:
                    kept = await self.keeper.files.keep(person, id_, part.source, name)
                except NoSpace:
                    msg = "there is no room for files now"
                    raise FormRefused(msg) from None
                told.append(kept.as_part(part.alt if isinstance(part, Image) else ""))
        return told


def _key(deed: wire.Deed) -> str:
    return f"me {deed.id}"
