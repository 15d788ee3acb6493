"""Who may: `anyone < member < admin < owner` of the chat, and apart, `operator`. Pure.

The first four are what the platform says about the sender in this chat. An operator
is somebody the configuration of this host names; that makes nobody an admin of a
chat, and no admin an operator.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from actors.bots.errors import BotMistake
from actors.messages import Role, Sender

Allow: TypeAlias = Literal["anyone", "member", "admin", "owner", "operator"]


class Permission(StrEnum):
    """Who may use a handler: what `allow=` says."""

    ANYONE = "anyone"
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
    OPERATOR = "operator"


_LADDER = {
    Permission.ANYONE: Role.ANYONE,
    Permission.MEMBER: Role.MEMBER,
    Permission.ADMIN: Role.ADMIN,
    Permission.OWNER: Role.OWNER,
}


def parse_permission(allow: str) -> Permission:
    """Read what `allow=` says.

    Raises:
        BotMistake: there is no such permission.
    """
    try:
        return Permission(allow)
    except ValueError:
        known = ", ".join(permission.value for permission in Permission)
        msg = f"allow must be one of {known} (got {allow!r})"
        raise BotMistake(msg) from None


def allowed(needed: Permission, sender: Sender | None, *, operator: bool) -> bool:
    """Say whether *sender* may. *operator*: the configuration names them."""
    if needed is Permission.OPERATOR:
        return operator
    role = Role.ANYONE if sender is None else sender.role
    return role >= _LADDER[needed]
