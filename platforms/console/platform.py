"""The console: this terminal is one private chat, and its operator is in it."""

from __future__ import annotations

from actors.messages import Chat, ChatKind, Inbound, Outbound, Role, Sender, Text
from platforms.base import Caps, Finished, Link, Platform, Rejected, Sent
from platforms.console.config import ConsoleConfig
from platforms.console.terminal import StandardTerminal, Terminal
from platforms.console.text import printable

ACCOUNT = "local"
CHAT = Chat(ChatKind.PRIVATE, "console")
OPERATOR = Sender("operator", name="operator", role=Role.OWNER)


class Console(Platform[ConsoleConfig]):
    """Talk to the bots where the host was started."""

    name = "console"
    caps = Caps(segments=frozenset({Text}))
    local = True
    singleton = True

    def __init__(self, config: ConsoleConfig, terminal: Terminal | None = None) -> None:
        super().__init__(config)
        self._terminal = terminal or StandardTerminal()

    async def session(self, link: Link) -> None:
        """Read until the end of input; what was read is still answered after it."""
        link.up(account=ACCOUNT)
        try:
            while (line := await self._terminal.line()) is not None:
                await link.deliver(
                    Inbound(
                        link.new_id(), chat=CHAT, sender=OPERATOR, body=(Text(line),)
                    )
                )
        finally:
            self._terminal.close()
        why = "end of input"
        raise Finished(why, still_sends=True)

    async def send(self, link: Link, out: Outbound) -> Sent:
        text = "".join(part.text for part in out.body if isinstance(part, Text))
        try:
            await self._terminal.say(printable(text))
        except OSError as error:
            why = f"standard output cannot be written: {error.strerror}"
            raise Rejected(why) from error
        return Sent(out.key)
