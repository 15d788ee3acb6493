"""What a caller holds after saying something: a receipt that can be awaited."""

from __future__ import annotations

import trio

from actors.messages import Change, ChatAddress, OutboundState, Outcome

OPEN = (OutboundState.QUEUED, OutboundState.SENDING)
"""The states in which there is no outcome yet. `unknown` is none of them: nobody waits for
what nobody can know, though a late answer may still turn it into `sent`."""


class Receipt:
    """One thing we said, and what became of it. For reading: the tracker settles it.

    `id` is its key in the outbox, by which `rookery outbox show` finds it; `to` is the
    address of its chat.
    """

    __slots__ = ("__weakref__", "_event", "_outcome", "change", "id", "to")

    def __init__(
        self, key: str, to: ChatAddress, outcome: Outcome, change: Change | None = None
    ) -> None:
        self.id = key
        self.to = to
        self.change = change
        """What it does to a message that was said; `None`: it says something new."""
        self._outcome = outcome
        self._event: trio.Event | None = None

    @property
    def state(self) -> OutboundState:
        """The state where it stands now."""
        return self.current.state

    @property
    def current(self) -> Outcome:
        """Where it stands now, without waiting."""
        return self._outcome

    @property
    def unknown(self) -> bool:
        """It may have gone out; nobody can know."""
        return self.current.state is OutboundState.UNKNOWN

    @property
    def settled(self) -> bool:
        """Whether there is an outcome; `unknown` is one."""
        return self.current.state not in OPEN

    async def outcome(self, within: float = 10.0) -> Outcome:
        """Wait until it is settled, at most *within* seconds.

        Returns:
            The outcome; if there is none by then, where it stands (`queued` or `sending`).
        """
        if not self.settled:
            if self._event is None:
                self._event = trio.Event()
            with trio.move_on_after(within):
                await self._event.wait()
        return self._outcome

    def settle(self, outcome: Outcome) -> None:
        """Record what became of it and wake whoever waits. Only the tracker calls this."""
        self._outcome = outcome
        event = self._event
        if event is not None and outcome.state not in OPEN:
            self._event = None
            event.set()

    def __repr__(self) -> str:
        return f"<Receipt {self.id} {self.state.value}>"
