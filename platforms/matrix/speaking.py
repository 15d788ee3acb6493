"""What the host wants said, said: uploads first, then the events that show them.

Rules of this file:

1. Nothing is uploaded, and nothing said, in a room that is encrypted: whoever reads there
   believes that nobody else can. Nor in one that has moved: nobody reads there any more.
2. Uploads come first. As long as only they were refused, nothing is out, and a simpler
   form may be tried.
3. Each event goes out under a transaction id made of the message's key. So an answer that
   was lost, or a server in trouble, is no reason to fear that something is said twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from actors.messages import Emoji, File, Outbound
from platforms.base import (
    FormRefused,
    OutcomeUnknown,
    Rejected,
    Retry,
    Sent,
    Speaker,
)
from platforms.matrix import wire
from platforms.matrix.actions import asking
from platforms.matrix.server import Refused, ask
from platforms.matrix.wire import Meaning
from platforms.media import media_type_of

if TYPE_CHECKING:
    from platforms.base import Web
    from platforms.matrix.session import Session

SEND_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 40.0
MAX_DOWNLOAD_BYTES: Final = 64 * 2**20
MAX_ALIASES: Final = 1_000
LATER_SECONDS: Final = 2.0
_TROUBLE_SECONDS: Final = 5.0


class RoomSpeaker(Speaker):
    """Says things for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._looked_at: set[str] = set()
        """Rooms of which somebody has asked; from then on the session hears of it."""
        self._aliases: dict[str, str] = {}

    @property
    def _web(self) -> Web:
        return self._session.web

    async def send(self, out: Outbound) -> Sent:
        """Say *out*; see `Platform.send`."""
        drafts = _drafts(out, self._session.msgtype)
        room = await self._open_room(out)
        drafts = [await self._uploaded(draft) for draft in drafts]
        return await self._put(room, drafts, out.key)

    async def edit(self, out: Outbound, message: str) -> Sent:
        """See `Platform.edit`."""
        draft, *more = _drafts(out, self._session.msgtype)
        if more:
            msg = "one event cannot become several: an edit is words, or one picture or file"
            raise FormRefused(msg)
        room = await self._open_room(out)
        edit = wire.edit_of(await self._uploaded(draft), message)
        return await self._put(room, [edit], out.key)

    async def delete(self, out: Outbound, message: str) -> Sent:
        """See `Platform.delete`."""
        room = await self._room(out)
        target = wire.redact_target(room, message, out.key)
        await self._ask("PUT", target, b"{}")
        return Sent()

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """See `Platform.react`. What is there already, or gone already, is as it should be."""
        key = emoji.id if isinstance(emoji, Emoji) else emoji
        room = await self._room(out)
        if not remove:
            try:
                return await self._put(room, [wire.reaction_of(message, key)], out.key)
            except Rejected as rejected:
                if "M_DUPLICATE_ANNOTATION" in rejected.why:
                    return Sent()
                raise
        listed = await self._look_up(wire.reactions_target(room, message))
        ours = wire.reaction_among(listed, self._session.us, key)
        return await self.delete(out, ours) if ours else Sent()

    # --- where ------------------------------------------------------------------------

    async def _room(self, out: Outbound) -> str:
        """Return the id of a room that is named by its id, its alias, or who is in it."""
        named, _ = wire.parts_of(out.chat)
        if named.startswith("@"):
            room = self._session.rooms.with_user(named)
            if room is None:
                msg = (
                    f"there is no private talk with {named} yet: they have to invite us"
                )
                raise Rejected(msg)
            return room
        if not named.startswith("#"):
            return named
        if named not in self._aliases:
            asked = asking("resolve", {"alias": named}, self._session.us)
            answer = await self._look_up(asked.target)
            room = wire.as_text(answer.get("room_id"))
            if not room:
                msg = f"the alias {named} leads to no room"
                raise Rejected(msg)
            if len(self._aliases) >= MAX_ALIASES:
                self._aliases.clear()
            self._aliases[named] = room
        return self._aliases[named]

    async def _open_room(self, out: Outbound) -> str:
        """The same, and raise Rejected if it is encrypted, or has moved."""
        room = await self._room(out)
        rooms = self._session.rooms
        if room not in self._looked_at and room not in rooms.encrypted:
            if await self._state(room, "encryption") is not None:
                rooms.encrypted.add(room)
            tombstone = await self._state(room, "tombstone") or {}
            if to := wire.as_text(tombstone.get("replacement_room")):
                rooms.learn_replaced(room, to)
            self._looked_at.add(room)
        if room in rooms.encrypted:
            msg = "the room is encrypted, and Rookery does not speak there: invite it to one that is not"
            raise Rejected(msg)
        if room in rooms.replaced:
            msg = f"the room has moved, and nobody is here any more: say it in {rooms.replaced[room]}"
            raise Rejected(msg)
        return room

    async def _state(self, room: str, kind: str) -> wire.JsonObject | None:
        """Return the state `m.room.KIND` of *room*, if there is any that we may see."""
        target = wire.state_target(room, kind)
        try:
            body = await ask(self._web, "GET", target, within=SEND_SECONDS)
        except Refused as refused:
            if refused.refusal.meaning is Meaning.NO:
                return None  # there is none; or we are not in it, as we shall be told
            raise _nothing_said(refused) from refused
        except OutcomeUnknown as lost:
            raise Retry(LATER_SECONDS, str(lost)) from lost
        try:
            return wire.read_object(body)
        except wire.Unreadable:
            return {}

    async def _look_up(self, target: str) -> wire.JsonObject:
        """Return what has to be known before anything is said.

        Raises:
            Rejected: there is no such thing, or not for us.
            Retry: it cannot be had now. Nothing went out.
        """
        try:
            body = await ask(self._web, "GET", target, within=SEND_SECONDS)
            return wire.read_object(body)
        except Refused as refused:
            raise _nothing_said(refused) from refused
        except (OutcomeUnknown, wire.Unreadable) as lost:
            raise Retry(LATER_SECONDS, str(lost)) from lost

    # --- what -------------------------------------------------------------------------

    async def _uploaded(self, draft: wire.Draft) -> wire.Draft:
        """Return the event with what it shows on the server."""
        data = draft.data
        if data is None:
            return draft
        media_type = media_type_of(data)
        name = draft.media.name if isinstance(draft.media, File) else ""
        query = f"?filename={quote(name, safe='')}" if name else ""
        try:
            answer = await ask(
                self._web,
                "POST",
                f"/_matrix/media/v3/upload{query}",
                data,
                headers=(("Content-Type", media_type),),
                within=UPLOAD_SECONDS,
            )
        except Refused as refused:
            if refused.refusal.meaning in (Meaning.NO, Meaning.TOO_LARGE):
                raise FormRefused(str(refused)) from refused
            raise _nothing_said(refused) from refused
        except OutcomeUnknown as lost:  # it may be there, but nobody has been shown it
            raise Retry(LATER_SECONDS, str(lost)) from lost
        url = wire.as_text(_object(answer).get("content_uri"))
        if not url:
            msg = "the homeserver has taken the upload and does not say where it is"
            raise FormRefused(msg)
        return draft.with_upload(wire.Uploaded(url, media_type, len(data)))

    async def _put(self, room: str, drafts: Sequence[wire.Draft], key: str) -> Sent:
        self._session.awaited.add(key)
        try:
            return await self._put_each(room, drafts, key)
        finally:
            # Its outcome is settled in this very turn; an echo comes in a later one.
            self._session.awaited.discard(key)

    async def _put_each(
        self, room: str, drafts: Sequence[wire.Draft], key: str
    ) -> Sent:
        said = ""
        transactions = wire.transactions(key, len(drafts))
        for number, (draft, transaction) in enumerate(
            zip(drafts, transactions, strict=True)
        ):
            target = wire.send_target(room, draft, transaction)
            try:
                answer = await ask(
                    self._web,
                    "PUT",
                    target,
                    _written(draft),
                    within=SEND_SECONDS,
                )
            except Refused as refused:
                error = _refusal(refused)
                if said and isinstance(error, Rejected):
                    left = f"{len(drafts) - number} of {len(drafts)} parts were refused"
                    return Sent(said, f"{left}: {error.why}")
                raise error from refused
            event_id = wire.as_text(_object(answer).get("event_id"))
            if not event_id:
                msg = "the homeserver does not say what became of it"
                raise OutcomeUnknown(msg)
            said = event_id
        return Sent(said)

    # --- actions ----------------------------------------------------------------------

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call *action*; see `Actions`."""
        if action == "download":
            return await self._download(wire.as_text(params.get("url")))
        try:
            asked = asking(action, params, self._session.us)
        except wire.Unsendable as error:
            raise Rejected(str(error)) from error
        if action == "join":
            try:
                await self._session.joining.becomes_direct(
                    wire.as_text(params.get("room"))
                )
            except Refused as refused:
                raise _nothing_said(refused) from refused
        return _object(await self._ask(asked.method, asked.target, asked.body))

    async def _download(self, url: str) -> bytes:
        """Return the bytes at an `mxc://` address, by the way that needs our token first."""
        server, slash, media = url.removeprefix("mxc://").partition("/")
        if not (url.startswith("mxc://") and server and slash and media):
            msg = f"download needs url = mxc://SERVER/ID (got {url!r:.80})"
            raise Rejected(msg)
        where = f"download/{quote(server, safe=':')}/{quote(media, safe='')}"
        try:
            return await self._ask("GET", f"/_matrix/client/v1/media/{where}")
        except Rejected as unknown:
            if "M_UNRECOGNIZED" not in unknown.why:
                raise
        return await self._ask("GET", f"/_matrix/media/v3/{where}")

    async def _ask(self, method: str, target: str, body: bytes = b"") -> bytes:
        try:
            return await ask(
                self._web, method, target, body, max_bytes=MAX_DOWNLOAD_BYTES
            )
        except Refused as refused:
            raise _refusal(refused) from refused


def _drafts(out: Outbound, msgtype: str) -> Sequence[wire.Draft]:
    try:
        return wire.drafts_of(out, msgtype)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def _refusal(refused: Refused) -> Retry | Rejected | OutcomeUnknown:
    """Return what a refusal means to a message: `SendRefused` in one of its forms."""
    why = refused.refusal.why
    match refused.refusal.meaning:
        case Meaning.LATER:
            return Retry(refused.refusal.after, why, whole_account=True)
        case Meaning.TOKEN:  # the session is about to learn it, too
            return Retry(_TROUBLE_SECONDS, why, whole_account=True)
        case Meaning.NO:
            return Rejected(why)
        case Meaning.TOO_LARGE:
            return FormRefused(why)
        case Meaning.UNCLEAR:
            return OutcomeUnknown(why)


def _nothing_said(refused: Refused) -> Retry | Rejected:
    """The same for what was asked before anything was said."""
    error = _refusal(refused)
    if isinstance(error, OutcomeUnknown):
        return Retry(_TROUBLE_SECONDS, error.why)
    return error


def _written(draft: wire.Draft) -> bytes:
    try:
        return wire.write(draft.content)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def _object(body: bytes) -> wire.JsonObject:
    try:
        return wire.read_object(body)
    except wire.Unreadable as error:
        raise OutcomeUnknown(str(error)) from error
