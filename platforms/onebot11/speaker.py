"""What is asked of a OneBot peer: messages for the bots, questions for the session.

An answer is found by the `echo` of its question, on the socket that asked; on another one
nobody waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Final

from actors.messages import Emoji, Outbound
from platforms.base import (
    Leave,
    Link,
    OutcomeUnknown,
    Retry,
    SendRefused,
    Sent,
    Speaker,
    Told,
)
from platforms.onebot11 import wire
from platforms.onebot11.calls import (
    Asked,
    calling,
    deleting,
    reacting,
    result,
    saying,
    sent,
)
from platforms.onebot11.language import OneBotPeer
from platforms.onebot11.roles import SocketRole

ANSWER_SECONDS: Final = 15.0
"""How long a message may be under way before nobody knows what became of it."""
CALL_SECONDS: Final = 30.0
"""How long an action that a bot calls may take."""
PROBE_SECONDS: Final = 10.0
"""How long a question of the session itself may take."""
NOT_CONNECTED_SECONDS: Final = 1.0
"""After so long it is tried again, where no socket takes actions."""


_SPEAK: Final = (SocketRole.API, SocketRole.UNIVERSAL)


class OneBotSpeaker(Speaker):
    """Speaks for one session, on whichever of its sockets takes actions."""

    def __init__(self, link: Link, peers: Mapping[SocketRole, OneBotPeer]) -> None:
        """Begin.

        Args:
            link: To the host.
            peers: The newest socket of each role. It changes as they come and go.
        """
        self._link = link
        self._peers = peers
        self._name = link.new_id()
        self._echoes = 0

    # --- for the bots -----------------------------------------------------------------

    async def send(self, out: Outbound) -> Sent:
        """Say *out*; see `Platform.send`."""
        return await self._tracked(out, saying(out, self._next_echo()))

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        """Say *out* in this very call; see `Platform.begin`."""
        peer = self.peer()
        asked = saying(out, self._next_echo())
        late = partial(self._answered_late, out)
        answered = partial(_tell, told)
        return peer.begin(asked.text, asked.ref, ANSWER_SECONDS, answered, late)

    async def delete(self, out: Outbound, message: str) -> Sent:
        """Take *message* back; see `Platform.delete`."""
        return await self._tracked(out, deleting(message, self._next_echo()))

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """Put *emoji* below *message*; see `Platform.react`."""
        asked = reacting(message, emoji, self._next_echo(), remove=remove)
        return await self._tracked(out, asked)

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call *action*; see `Actions`."""
        peer = self.peer()
        asked = calling(action, params, self._next_echo())
        return result(action, await peer.request(asked.text, asked.ref, CALL_SECONDS))

    async def _tracked(self, out: Outbound, asked: Asked) -> Sent:
        peer = self.peer()
        late = partial(self._answered_late, out)
        return sent(await peer.request(asked.text, asked.ref, ANSWER_SECONDS, late))

    def _answered_late(self, out: Outbound, answer: wire.Answer) -> None:
        # A late refusal changes nothing: from *unknown* only `sent` is a way on.
        with suppress(SendRefused):
            self._link.answered_late(out.key, sent(answer))

    # --- for the session --------------------------------------------------------------

    def peer(self) -> OneBotPeer:
        """Return a socket that takes actions. Raises Retry: there is none."""
        for role in _SPEAK:
            peer = self._peers.get(role)
            if peer is not None and peer.alive:
                return peer
        raise Retry(NOT_CONNECTED_SECONDS, "no API connection")

    async def ask(self, peer: OneBotPeer, action: str) -> wire.Answer:
        """Ask *peer* something that has no parameters. Raises SendRefused."""
        asked = calling(action, {}, self._next_echo())
        return await peer.request(asked.text, asked.ref, PROBE_SECONDS)

    def _next_echo(self) -> str:
        self._echoes += 1
        return f"{self._name}-{self._echoes}"


def _tell(told: Told, answer: wire.Answer | OutcomeUnknown) -> None:
    """Pass on what an answer means."""
    try:
        became: Sent | Exception = (
            answer if isinstance(answer, OutcomeUnknown) else sent(answer)
        )
    except Exception as error:  # noqa: BLE001 - whoever waits sorts it out
        became = error
    told(became)
