"""Says what the bots have to say, line by line, and hears what the server makes of it.

One line of ours is under way at a time: so we keep the server's own pace, and know which line
an answer is for. See `wire.confirming` for what counts as an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

import trio
from attrs import evolve

from actors.messages import Emoji, Outbound
from platforms.base import Link, OutcomeUnknown, Rejected, Retry, Sent, Speaker
from platforms.irc import wire
from platforms.irc.language import IrcPeer
from platforms.irc.speaking import Saying, Sign, calling, reacting, redacting, saying
from platforms.transport import SocketClosed

ANSWER_SECONDS: Final = 15.0
"""How long a line may be under way before nobody knows what became of it."""
TURN_SECONDS: Final = 20.0
"""How long a line waits for those before it."""
NOT_CONNECTED_SECONDS: Final = 1.0
"""After so long it is tried again, where there is no connection."""


class IrcSpeaker(Speaker):
    """Speaks for one session, once that is registered."""

    def __init__(
        self, link: Link, known: wire.Known, confirming: wire.Confirming
    ) -> None:
        self._link = link
        self._known = known
        self._confirming = confirming
        self._name = link.new_id()
        self._calls = 0
        self._turn = trio.Lock()
        self.peer: IrcPeer | None = None
        """The connection, from the moment on in which the server lets us speak."""

    async def send(self, out: Outbound) -> Sent:
        """Say *out*; see `Platform.send`."""
        self._connected()
        lines = saying(out, self._known)
        late = None
        if len(lines) == 1:
            late = partial(self._answered_late, out.key)
        sent = Sent()
        for number, line in enumerate(lines):
            try:
                taken = await self._ask(line, late)
            except (Rejected, Retry) as refused:
                if not number:
                    raise
                how = f"only {number} of {len(lines)} lines were taken: {refused}"
                return evolve(sent, degraded=how)
            if not number:
                sent = Sent(taken.id)
        return sent

    async def delete(self, out: Outbound, message: str) -> Sent:
        """Take *message* back; see `Platform.delete`."""
        self._connected()
        return await self._change(redacting(out, self._known, message), out.key)

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """React to *message*; see `Platform.react`."""
        self._connected()
        sign = Sign(emoji.id if isinstance(emoji, Emoji) else emoji, remove)
        return await self._change(reacting(out, self._known, message, sign), out.key)

    async def _change(self, line: Saying, key: str) -> Sent:
        taken = await self._ask(line, partial(self._answered_late, key))
        return Sent(taken.id)

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Say a command of IRC by its name, with `params=[...]` and `tags={...}`.

        Returns the id of what it was, if the server told one.
        """
        unknown = sorted(params.keys() - {"params", "tags"})
        if unknown:
            msg = f"a command of IRC has params and tags (got {', '.join(unknown)})"
            raise Rejected(msg)
        self._connected()
        self._calls += 1
        ref = f"{self._name}.{self._calls}"
        given, tags = params.get("params", ()), params.get("tags", {})
        taken = await self._ask(calling(action, given, tags, ref), None)
        return taken.id or None

    async def _ask(self, line: Saying, late: partial[None] | None) -> wire.Taken:
        """Say one line and return once the server has taken it.

        Raises:
            Retry: nothing went out, or the server said *not now*.
            Rejected: it said no.
            OutcomeUnknown: it went out, and there was no answer.
        """
        with trio.move_on_after(TURN_SECONDS) as patience:
            await self._turn.acquire()
        if patience.cancelled_caught:
            raise Retry(NOT_CONNECTED_SECONDS, "the server is slow to answer others")
        try:
            peer, labelled = self._connected(), self._known.capabilities.labels
            most = self._known.support.line_bytes
            first, *then = line.lines(labelled=labelled, most=most)
            self._confirming.asks(
                line.ref, line.command, line.target, labelled=labelled
            )
            if then:
                await _out(peer, first)
                first = then[0]
            try:
                verdict = await peer.request(first, line.ref, ANSWER_SECONDS, late)
            except Retry as retry:
                if then:
                    raise OutcomeUnknown(retry.why) from retry
                raise
        finally:
            self._turn.release()
        match verdict:
            case wire.Taken():
                return verdict
            case wire.Denied(why):
                raise Rejected(why)
            case wire.NotNow(why, seconds):
                raise Retry(seconds, why)

    def _connected(self) -> IrcPeer:
        if self.peer is None or not self.peer.alive:
            raise Retry(NOT_CONNECTED_SECONDS, "not connected")
        return self.peer

    def _answered_late(self, key: str, verdict: wire.Verdict) -> None:
        # A late refusal changes nothing: from *unknown* only `sent` is a way on.
        if isinstance(verdict, wire.Taken):
            self._link.answered_late(key, Sent(verdict.id))


async def _out(peer: IrcPeer, line: str) -> None:
    try:
        await peer.send(line)
    except SocketClosed as closed:
        raise Retry(NOT_CONNECTED_SECONDS, str(closed)) from closed
