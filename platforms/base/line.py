"""One account of ours, connected: what the sender says things on.

Between the sender, which has a body as its author wrote it, and the platform, which can
carry less: the body is fitted, tried in simpler forms where it is refused, and what was
lost on the way is told with the outcome.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import structlog
import trio
from attrs import evolve

from actors.messages import (
    Change,
    Delete,
    Edit,
    File,
    Outbound,
    React,
    Segment,
    Text,
)
from actors.sender import FormRefused, Leave, Rejected, Sent, Told
from platforms.base.beforehand import NOTHING, both
from platforms.base.caps import MediaForm
from platforms.base.forms import (
    Body,
    Media,
    Rung,
    all_in_words,
    fit,
    instead,
    is_short,
    lost_in,
    must_be_read,
    rungs,
    shortened,
)
from platforms.media import MediaRefused

if TYPE_CHECKING:
    from platforms.base.link import Link
    from platforms.base.platform import AnyPlatform
    from platforms.base.ports import Reads

log = structlog.get_logger()

Send: TypeAlias = "Callable[[Link, Outbound], Awaitable[Sent]]"

_WHAT = {Edit: "edit what was said", Delete: "delete what was said", React: "react"}
READ_AT_ONCE = 4
"""So many pictures and files of one message are read at the same time. All of them together
may be as large as so many of the largest."""
READ_SECONDS = 30.0
"""So long all of them may take. The sender gives a line 60 s in all, and until they are read
nothing has left."""


class AccountLine:
    """The `Line` of one connection, with its `Actions`.

    Each time an account is connected there is a new one: lines are compared by identity.
    """

    def __init__(self, platform: AnyPlatform, link: Link, media: Reads) -> None:
        self._platform = platform
        self._link = link
        self._media = media
        self.platform = link.platform
        self.account = link.account

    def __repr__(self) -> str:
        return f"<AccountLine {self.platform}/{self.account}>"

    async def send(self, out: Outbound) -> Sent:
        """Say *out*, or do what it does, as well as the platform can; see `Line`."""
        if out.change is None:
            return await self._say(out, self._platform.send)
        return await self._change(out, out.change)

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        """Say *out* at once, if nothing about its form is left to try; see `Line.begin`."""
        caps = self._platform.caps
        body = fit(out.body, caps)
        # Plain text that was nothing else before: there is one form of it, and nothing to
        # be told as lost.
        for part in body:
            if type(part) is not Text or part.was:
                return None
        if out.change is not None or not is_short(body, caps):
            return None
        return self._platform.begin(self._link, _saying(out, body), told)

    async def _change(self, out: Outbound, change: Change) -> Sent:
        """Edit, delete or react; rejected before anything leaves where that is impossible."""
        platform, link, caps = self._platform, self._link, self._platform.caps
        message = change.target
        assert isinstance(message, str), "the sender has looked it up"
        match change:
            case Edit() if caps.edits:
                body, lost = shortened(out.body, caps)

                async def edit(link: Link, out: Outbound) -> Sent:
                    return await platform.edit(link, out, message)

                # Its outcome bears the id of the message, whatever the platform answers: so
                # an edit of this edit is another edit of that message.
                known = Sent(message, lost)
                return await self._say(evolve(out, body=body), edit, known)
            case Delete() if caps.deletes:
                return await platform.delete(link, out, message)
            case React(_, emoji, remove) if caps.reacts:
                return await platform.react(link, out, message, emoji, remove=remove)
            case _:
                why = f"{platform.name} cannot {_WHAT[type(change)]}"
                raise Rejected(why)

    async def _say(self, out: Outbound, send: Send, known: Sent = NOTHING) -> Sent:
        """Say it in the best form that the platform takes.

        A simpler form is tried only after the platform has refused the one before for
        its form: whatever else becomes of a message, it may be out already.
        """
        caps = self._platform.caps
        body = fit(out.body, caps)
        if not is_short(body, caps):
            why = f"a message must fit into {caps.max_parts} parts of {caps.text_limit} {caps.unit.value} (this one is longer; send it as a file)"
            raise Rejected(why)
        if all(type(part) is Text for part in body):  # nearly always: there is one form
            return await self._sent(_saying(out, body), send, known)
        refused: FormRefused | None = None
        for rung in rungs(body, caps):
            shaped, whys = await self._shape(body, rung)
            if refused is not None and rung is Rung.WORDS:
                whys = [refused.why]
            try:
                return await self._sent(_saying(out, shaped), send, known, whys)
            except FormRefused as error:
                log.info(
                    "form.refused",
                    platform=self.platform,
                    account=self.account,
                    key=out.key,
                    trace=out.trace,
                    form=rung.value,
                    why=error.why,
                )
                refused = error
        assert refused is not None
        raise refused

    async def _sent(
        self, out: Outbound, send: Send, known: Sent, whys: Sequence[str] = ()
    ) -> Sent:
        """Send *out* in this form, and complete its answer with what was lost in it."""
        lost = lost_in(out.body)
        if lost:
            how = f"{lost}: {'; '.join(whys)}" if whys else lost
            known = evolve(known, degraded=both(known.degraded, how))
        if known is NOTHING:  # nearly always
            return await send(self._link, out)
        beforehand = self._link.beforehand
        beforehand.note(out.key, known)
        return beforehand.completed(out.key, await send(self._link, out))

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call one of the platform's own actions; see `platforms.base.Actions`."""
        return await self._platform.call(self._link, action, params)

    async def _shape(self, body: Body, rung: Rung) -> tuple[Body, list[str]]:
        """Return *body* in the form of *rung*, and why any media had to be told in words."""
        if rung is Rung.WORDS:
            return all_in_words(body, self._platform.caps), []
        if not any(must_be_read(part, rung) for part in body):
            return body, []
        shaped = list(body)
        whys: dict[str, None] = {}
        # A message may be somebody else's, said again: it must not fill our memory.
        most = self._platform.caps.max_upload_bytes
        room = READ_AT_ONCE * most
        wanted = [
            (index, part)
            for index, part in enumerate(body)
            if isinstance(part, Media) and must_be_read(part, rung)
        ]
        for index, part in wanted:
            shaped[index] = instead(part, self._platform.caps)
        waiting = iter(wanted)

        async def read() -> None:
            nonlocal room
            for index, part in waiting:
                limit, taken = min(most, room), 0
                room -= limit
                try:
                    shaped[index], taken = await self._read(part, limit)
                except MediaRefused as refused:
                    whys[str(refused)] = None
                room += limit - taken

        with trio.move_on_after(READ_SECONDS) as patience:
            async with trio.open_nursery() as nursery:
                for _ in range(READ_AT_ONCE):
                    nursery.start_soon(read)
        if patience.cancelled_caught:
            whys[f"not all of it was read within {READ_SECONDS:g} s"] = None
        return tuple(shaped), list(whys)

    async def _read(self, part: Media, limit: int) -> tuple[Segment, int]:
        """Return *part* with at most *limit* bytes in it, and how many were read for it."""
        kind = type(part).__name__.lower()
        caps = self._platform.caps
        if MediaForm.BYTES not in caps.media:
            raise MediaRefused(kind, "the platform takes links only")
        if isinstance(part.source, bytes):
            if len(part.source) > caps.max_upload_bytes:
                why = f"it is larger than {caps.max_upload_bytes} bytes"
                raise MediaRefused(kind, why)
            return part, 0  # it is in memory already
        if limit <= 0:
            raise MediaRefused(kind, "its message holds too much already")
        read = await self._media.read(part.source, kind, limit)
        if isinstance(part, File):
            name = part.name or read.name
            return evolve(part, source=read.data, name=name), len(read.data)
        return evolve(part, source=read.data), len(read.data)


def _saying(out: Outbound, body: Body) -> Outbound:
    return out if body is out.body else evolve(out, body=body)
