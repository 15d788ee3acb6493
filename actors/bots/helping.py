"""What a bot says about itself: usage lines and refusals. Pure.

Handlers are shown as they were declared; nobody writes a help text twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from actors.bots.arguments import WrongArguments
from actors.bots.handlers import Handler
from actors.bots.permissions import Permission
from actors.bots.rates import TooMany

_MAY = {
    Permission.MEMBER: "members of this chat",
    Permission.ADMIN: "admins of this chat",
    Permission.OWNER: "the owner of this chat",
    Permission.OPERATOR: "operators of this host",
}


def help_text(handlers: Iterable[Handler]) -> str:
    """Return one line per command: `/weather CITY - the weather there`."""
    lines = [
        f"{handler.usage} - {handler.about}" if handler.about else handler.usage
        for handler in handlers
        if handler.is_command
    ]
    return "\n".join(lines) or "there is no command you may use"


def wrong_arguments(handler: Handler, wrong: WrongArguments) -> str:
    """Return `usage: /weather CITY`, and what was wrong where that is not enough."""
    line = f"usage: {handler.usage}" if handler.is_command else ""
    return "\n".join(part for part in (line, wrong.why) if part)


def refused(handler: Handler) -> str:
    """Return why somebody may not."""
    return f"{_called(handler)} is for {_MAY.get(handler.permission, 'others')}"


def too_many(handler: Handler, refusal: TooMany) -> str:
    """Return when it may be tried again."""
    wait = max(1, round(refusal.again_in))
    return f"{_called(handler)} may be used {handler.rate}; try again in {wait} s"


def _called(handler: Handler) -> str:
    return handler.usage.split(" ", 1)[0] or handler.name
