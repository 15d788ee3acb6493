"""What the host wants said, said: uploads first, then the events that show them.

Rules of this file:

1. Nothing is uploaded for, or said in, a room that is encrypted: who reads there believes
   that nobody else can. The same for one that has moved: nobody reads there any more.
2. Uploads come first. If one of them is refused, nothing has been said yet, and a simpler
   form may be tried.
3. Each event goes out under a transaction id made of the message's key. So it may be
   repeated after an answer was lost: the homeserver says the same thing only once.
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
from platforms.matrix.finding import LATER_SECONDS, Finder
from platforms.matrix.server import Refused, ask
from platforms.matrix.verdicts import nothing_said, object_of, refusal_of
from platforms.matrix.wire import Meaning
from platforms.media import media_type_of

if TYPE_CHECKING:
    from platforms.base import Web
    from platforms.matrix.session import Session

SEND_SECONDS: Final = 20.0
UPLOAD_SECONDS: Final = 40.0
MAX_DOWNLOAD_BYTES: Final = 64 * 2**20


class RoomSpeaker(Speaker):
    """Says things for one session."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._finder = Finder(session)

    @property
    def _web(self) -> Web:
        return self._session.web

    async def send(self, out: Outbound) -> Sent:
        """Say *out*; see `Platform.send`."""
        drafts = _drafts(out, self._session.msgtype)
        room = await self._finder.open_room(out)
        drafts = [await self._uploaded(draft) for draft in drafts]
        return await self._put(room, drafts, out.key)

    async def edit(self, out: Outbound, message: str) -> Sent:
        """See `Platform.edit`."""
        draft, *more = _drafts(out, self._session.msgtype)
        if more:
            msg = "one event cannot become several: an edit is words, or one picture or file"
            raise FormRefused(msg)
        room = await self._finder.open_room(out)
        edit = wire.edit_of(await self._uploaded(draft), message)
        return await self._put(room, [edit], out.key)

    async def delete(self, out: Outbound, message: str) -> Sent:
        """See `Platform.delete`."""
        room = await self._finder.room(out)
        target = wire.redact_target(room, message, out.key)
        await self._ask("PUT", target, b"{}")
        return Sent()

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """See `Platform.react`. A reaction that is there, or gone, already is a success."""
        key = emoji.id if isinstance(emoji, Emoji) else emoji
        room = await self._finder.room(out)
        if not remove:
            try:
                return await self._put(room, [wire.reaction_of(message, key)], out.key)
            except Rejected as rejected:
                if "M_DUPLICATE_ANNOTATION" in rejected.why:
                    return Sent()
                raise
        listed = await self._finder.look_up(wire.reactions_target(room, message))
        ours = wire.reaction_among(listed, self._session.us, key)
        return await self.delete(out, ours) if ours else Sent()

    # --- parts of a message -----------------------------------------------------------

    async def _uploaded(self, draft: wire.Draft) -> wire.Draft:
        """Return *draft* with the address of its picture or file, which is uploaded here."""
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
            raise nothing_said(refused) from refused
        except OutcomeUnknown as lost:  # it may be there, but nobody has been shown it
            raise Retry(LATER_SECONDS, str(lost)) from lost
        url = wire.as_text(object_of(answer).get("content_uri"))
        if not url:
            msg = "the homeserver has taken the upload and does not say where it is"
            raise FormRefused(msg)
        return draft.with_upload(wire.Uploaded(url, media_type, len(data)))

    async def _put(self, room: str, drafts: Sequence[wire.Draft], key: str) -> Sent:
        self._session.awaited.add(key)
        try:
            return await self._put_each(room, drafts, key)
        finally:
            # The caller settles the outcome before trio runs anybody else, so no echo can be
            # heard in between.
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
                error = refusal_of(refused)
                if said and isinstance(error, Rejected):
                    left = f"{len(drafts) - number} of {len(drafts)} parts were refused"
                    return Sent(said, f"{left}: {error.why}")
                raise error from refused
            event_id = wire.as_text(object_of(answer).get("event_id"))
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
                raise nothing_said(refused) from refused
        return object_of(await self._ask(asked.method, asked.target, asked.body))

    async def _download(self, url: str) -> bytes:
        """Return the bytes at an `mxc://` address.

        Homeservers since Matrix 1.11 want our token for it; older ones do not know that
        path, and are asked by the one before.
        """
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
            raise refusal_of(refused) from refused


def _drafts(out: Outbound, msgtype: str) -> Sequence[wire.Draft]:
    try:
        return wire.drafts_of(out, msgtype)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def _written(draft: wire.Draft) -> bytes:
    try:
        return wire.write(draft.content)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error
