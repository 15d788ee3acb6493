"""Who is in which channel, and what he may do there: learned from the server. Pure.

Without it nobody knows whose channels a QUIT concerns, or that an operator speaks.
"""

from __future__ import annotations

from typing import Final

from actors.messages import Role
from platforms.irc.wire.line import Line
from platforms.irc.wire.support import Support

MAX_MEMBERS: Final = 100_000
"""Of all channels together. Who is beyond is a plain member, and leaves without a word."""

_OWNERS: Final = frozenset("qQ")
"""Owner, where a server has one; `y` and `Y` are for its own operators."""
_ADMINS: Final = frozenset("aohyY")
"""Protected, operator, half-operator."""


def role_of(modes: str) -> Role:
    """Return the role of somebody who has these modes in a channel."""
    if not _OWNERS.isdisjoint(modes):
        return Role.OWNER
    return Role.MEMBER if _ADMINS.isdisjoint(modes) else Role.ADMIN


class Roster:
    """The members of our channels. All names in it are folded."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, str]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def channels(self) -> list[str]:
        """Return the channels that we are in."""
        return list(self._members)

    def channels_of(self, nick: str) -> list[str]:
        """Return the channels in which *nick* is known to be."""
        return [chat for chat, members in self._members.items() if nick in members]

    def modes(self, channel: str, nick: str) -> str | None:
        """Return the modes of a member; `None` if nobody knows him there."""
        members = self._members.get(channel)
        return members.get(nick) if members else None

    def hear(self, line: Line, us: str, support: Support) -> None:
        """Take in what *line* says of who is where. *us* is our nick, folded."""
        fold = support.fold
        nick, first = fold(line.nick), line.param(0)
        match line.command:
            case "JOIN":
                channel = fold(first)
                if nick == us:
                    self._leave_all(channel)
                    self._members[channel] = {}
                self._put(channel, nick, "")
            case "PART":
                self._part(fold(first), nick, us)
            case "KICK":
                self._part(fold(first), fold(line.param(1)), us)
            case "QUIT":
                for channel in self.channels_of(nick):
                    self._part(channel, nick, us)
            case "NICK":
                for channel in self.channels_of(nick):
                    modes = self._members[channel].pop(nick)
                    self._count -= 1
                    self._put(channel, fold(first), modes)
            case "MODE":
                for sign, mode, who in mode_changes(line, support):
                    if mode in support.ranks.values():
                        self._change(fold(first), fold(who), sign, mode)
            case "353":
                self._names(fold(line.param(-2)), line.param(-1), support)
            case _:
                pass

    def _names(self, channel: str, names: str, support: Support) -> None:
        ranks = support.ranks
        signs = "".join(ranks)
        for name in names.split():
            nick = name.lstrip(signs)
            modes = "".join(ranks[sign] for sign in name[: len(name) - len(nick)])
            # Some servers write nick!user@host there (userhost-in-names).
            self._put(channel, support.fold(nick.partition("!")[0]), modes)

    def _put(self, channel: str, nick: str, modes: str) -> None:
        members = self._members.get(channel)
        if members is None or not nick:
            return
        if nick not in members:
            if self._count >= MAX_MEMBERS:
                return
            self._count += 1
        members[nick] = modes

    def _part(self, channel: str, nick: str, us: str) -> None:
        if nick == us:
            self._leave_all(channel)
        elif self._members.get(channel, {}).pop(nick, None) is not None:
            self._count -= 1

    def _leave_all(self, channel: str) -> None:
        self._count -= len(self._members.pop(channel, {}))

    def _change(self, channel: str, nick: str, sign: str, mode: str) -> None:
        had = self.modes(channel, nick)
        if had is not None:
            left = had.replace(mode, "")
            self._members[channel][nick] = left + mode if sign == "+" else left


def mode_changes(line: Line, support: Support) -> list[tuple[str, str, str]]:
    """Return the changes of a MODE as (sign, mode, parameter); the last may be empty."""
    lists, always, when_set = support.list_modes
    with_parameter = {*lists, *always, *support.ranks.values()}
    changes: list[tuple[str, str, str]] = []
    rest, sign = list(line.params[2:]), "+"
    for mode in line.param(1):
        if mode in "+-":
            sign = mode
            continue
        takes = mode in with_parameter or (sign == "+" and mode in when_set)
        changes.append((sign, mode, rest.pop(0) if takes and rest else ""))
    return changes
