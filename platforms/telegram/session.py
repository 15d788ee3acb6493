"""One account's conversation with the Bot API: who we are, and what goes out.

How news come in is told in `polling` and `webhook`; both hand them to `Session.take`. A
token that is refused needs a person (`NeedsOperator`). Any other trouble ends the session
(`SessionEnded`); its supervisor waits and begins another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import trio

from actors.messages import Emoji, Inbound, Outbound
from platforms.base import (
    Link,
    NeedsOperator,
    OutcomeUnknown,
    Rejected,
    Retry,
    Sent,
    SessionEnded,
    Speaker,
    patience,
)
from platforms.telegram import wire
from platforms.telegram.api import Api
from platforms.telegram.calls import (
    Asks,
    asking,
    calling,
    captioning,
    deleting,
    editing,
    moved,
    raise_of,
    reacting,
    result,
)
from platforms.telegram.floods import Floods

MAX_MOVED: Final = 1_000
"""Groups of which is remembered where they have moved to."""

_TOKEN_REFUSED: Final = (401, 404)
TOO_MANY: Final = 429


class Session(Speaker):
    """What one connection knows, and how it says things."""

    def __init__(self, link: Link, api: Api) -> None:
        self._link = link
        self._api = api
        self._me = wire.Me()
        self._floods = Floods()
        self._moved: dict[str, str] = {}

    async def introduce(self) -> None:
        """Find out who we are, and how far this account was journalled."""
        account, username = wire.account_of(await self.demand(wire.Call("getMe")))
        if not account:
            msg = "getMe answered without an account: is base_url that of a Bot API?"
            raise SessionEnded(msg)
        self._me = wire.Me(account, username)
        self._link.identify(account)
        # The cursor was that of whoever had this token before; now we know whose it is.
        await self._link.find_cursor()

    async def demand(self, call: wire.Call) -> object:
        """Return the result of a request that has to succeed; wait if it is too many.

        Raises:
            SessionEnded: there was no answer, or it was a refusal.
            NeedsOperator: the token is refused.
        """
        while True:
            try:
                answer = await self._api.ask(call)
            except (Retry, OutcomeUnknown) as lost:
                raise SessionEnded(lost.why) from lost
            if answer.ok:
                return answer.result
            verdict = wire.verdict_of(answer)
            if answer.code != TOO_MANY or not isinstance(verdict, wire.NotNow):
                raise ended(answer)
            self._link.connecting(verdict.why)
            await trio.sleep(patience(verdict.after))

    # --- in ---------------------------------------------------------------------------

    async def take(self, batch: wire.Batch, cursor: int | None = None) -> None:
        """Journal the events of *batch*, and *cursor* with them; count what is no update."""
        for excerpt, why in batch.unreadable:
            self._link.refuse(excerpt, why)
        events = [event for one in batch.updates for event in self._events(one)]
        await self._link.deliver_all(events, cursor=cursor)

    def _events(self, update: wire.Update) -> tuple[Inbound, ...]:
        try:
            return wire.events_of(update, self._me)
        except Exception:
            # A mistake of ours must cost one update, not the session.
            self._link.log.exception("event.not_understood", update=update.number)
            return ()

    # --- out --------------------------------------------------------------------------

    async def send(self, out: Outbound) -> Sent:
        """Say *out*; see `Platform.send`."""
        return await self._do(out, wire.call_of)

    async def edit(self, out: Outbound, message: str) -> Sent:
        """Put *out* in the place of *message*; see `Platform.edit`."""
        try:
            return await self._do(out, editing(message))
        except Rejected as refused:
            if not wire.wants_caption(refused.why):
                raise
        return await self._do(out, captioning(message))

    async def delete(self, out: Outbound, message: str) -> Sent:
        """Take *message* back; see `Platform.delete`."""
        return await self._do(out, deleting(message))

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """Put *emoji* below *message*; see `Platform.react`."""
        return await self._do(out, reacting(message, emoji, remove=remove))

    async def _do(self, out: Outbound, asks: Asks) -> Sent:
        """Make the request that *asks* makes of *out*; follow a group that has moved, once."""
        room = wire.room_of(out.chat)
        known = self._moved.get(room)
        verdict = await self._try(moved(out, known) if known else out, asks)
        if isinstance(verdict, wire.Moved):
            self._remember(room, verdict.to)
            verdict = await self._try(moved(out, verdict.to), asks)
        if isinstance(verdict, wire.Done):
            return Sent(verdict.message_id)
        raise self._refusal(room, verdict)

    async def _try(self, out: Outbound, asks: Asks) -> wire.Verdict:
        try:
            return wire.verdict_of(await self._api.ask(asking(out, asks)))
        except TypeError as error:  # a Raw segment may hold anything
            raise Rejected(str(error)) from error

    def _refusal(self, room: str, verdict: wire.Verdict) -> Exception:
        """Return the error for *verdict*; a flood is judged by what else is flooded."""
        error = raise_of(verdict)
        if isinstance(error, Retry) and not error.whole_account:
            now = trio.current_time()
            if self._floods.refused(room, now, error.after):
                return Retry(error.after, error.why, whole_account=True)
        return error

    def _remember(self, room: str, to: str) -> None:
        self._link.log.info("chat.moved", chat=room, to=to)
        self._moved[room] = to
        while len(self._moved) > MAX_MOVED:
            del self._moved[next(iter(self._moved))]

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call a method of the Bot API by name, or `downloadFile`; see `Actions`."""
        if action == "downloadFile":
            return await self._api.file(str(params.get("file_id", "")))
        try:
            return result(await self._api.ask(calling(action, params)))
        except TypeError as error:
            raise Rejected(str(error)) from error


def ended(answer: wire.Answer) -> Exception:
    """Return the error that a session ends with after a refusal."""
    if answer.code in _TOKEN_REFUSED:
        why = f"Telegram refuses our token: {answer.why}; check token (and base_url)"
        return NeedsOperator(why)
    return SessionEnded(f"the Bot API answered {answer.code}: {answer.why}")
