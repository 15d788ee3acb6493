"""In whose name something is said: a bot, under the name that it has in this host.

The author's name for it (`Bot.name`) and the id in the configuration may differ; keys of
what was said are made with the latter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import field, frozen

from actors.bots.errors import NoChat
from actors.bots.ports import Services
from actors.bots.timing import Request
from actors.bots.turn import LaneKey, lane_of
from actors.buffer import reply_key
from actors.journal import InboundRow
from actors.messages import ChatAddress
from actors.schedule import Later

if TYPE_CHECKING:
    from actors.bots.bot import Bot

ADDRESSES = 1_000
"""So many addresses of chats are kept at hand; then all are forgotten, and it begins anew."""


@frozen(eq=False)
class Voice:
    """What all contexts of one incarnation have in common: the bot, its name, the host."""

    bot: Bot
    name: str
    services: Services
    _addresses: dict[LaneKey, tuple[ChatAddress, str]] = field(
        init=False, factory=dict, repr=False
    )

    def address_of(self, row: InboundRow) -> tuple[ChatAddress, str]:
        """Return the address of the row's chat, and how it is written.

        Kept for the chats of late: most replies go where the one before went.

        Raises:
            NoChat: the event belongs to no chat.
        """
        lane = lane_of(row)
        known = self._addresses.get(lane)
        if known is None:
            if row.event.chat is None:
                raise NoChat(row.event.event)
            to = ChatAddress(row.platform, row.account, row.event.chat)
            if len(self._addresses) >= ADDRESSES:
                self._addresses.clear()
            known = self._addresses[lane] = (to, str(to))
        return known

    def later(self, row: InboundRow, by: str, mark: int, request: Request) -> Later:
        """Return what the handler *by*, at work on *row*, wants to be run later."""
        return Later(
            id=reply_key(
                self.services.journal(),
                row.seq,
                bot=self.name,
                handler=by,
                target=request.handler,
                mark=mark,
            ),
            bot=self.name,
            handler=request.handler,
            due=self.services.laters.now() + request.seconds,
            args=request.args,
            to=None if row.event.chat is None else self.address_of(row)[0],
            sender=row.event.sender,
            trace=row.trace,
        )
