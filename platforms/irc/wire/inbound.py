"""A line of IRC becomes events of the host: names, chat, sender, identity. Pure.

Rules of this file:

1. A message is known by its `msgid` (IRCv3 message-ids), which is the same when it is
   told again. Without one each line is an event of its own: two equal texts are two.
2. Who spoke is known by the account that the server vouches for (IRCv3 account-tag),
   else by `nick!user@host`: a nick alone is whoever took it first.
3. Channels and nicks are folded as the server compares them: one chat has one name.
4. A NOTICE says that no program may answer it (RFC 2812, 3.3.2): its sender counts as one.
"""

from __future__ import annotations

import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import evolve

from actors.messages import (
    Chat,
    ChatKind,
    Inbound,
    Mention,
    Reply,
    Role,
    Segment,
    Sender,
    Text,
)
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import Line
from platforms.irc.wire.roster import mode_changes, role_of
from platforms.irc.wire.text import DELIMITER, ctcp_of, stripped

Facts: TypeAlias = Mapping[str, object]

_SAID: Final = frozenset({"PRIVMSG", "NOTICE"})
NO_MSGID: Final = ":"
"""What an id of ours begins with, as no `msgid` may (IRCv3 message-ids)."""
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?Z", re.ASCII
)


def to_inbound(line: Line, known: Known, fresh: str) -> list[Inbound]:
    """Return the events that *line* is; none where it names nobody and no channel.

    Args:
        line: As it was parsed.
        known: What is known before it.
        fresh: An id that no other line has, for one that brings none.
    """
    told = _Told(line, known, fresh)
    if line.command in _SAID:  # nearly always: it need not pass through a generator
        event = _message(told)
        return [event] if event.chat is None or event.chat.id else []
    if line.command == "TAGMSG":
        return _tags(told)
    return [each for each in _events(told) if each.chat is None or each.chat.id]


class _Told:
    """A line, and what every event of it has in common."""

    __slots__ = ("folded", "fresh", "known", "line", "nick", "ours")

    def __init__(self, line: Line, known: Known, fresh: str) -> None:
        self.line = line
        self.known = known
        self.fresh = fresh
        self.nick = line.nick
        fold = known.support.fold
        self.folded = fold(self.nick)
        self.ours = self.folded == fold(known.nick)

    def channel(self, name: str) -> Chat:
        return Chat(ChatKind.GROUP, self.known.support.fold(name))

    def who(self, channel: Chat | None, *, is_bot: bool = False) -> Sender | None:
        """Return who is in the prefix; `None` for a server."""
        line, known = self.line, self.known
        if "!" not in line.prefix:
            return None
        role = Role.ANYONE
        if channel is not None and channel.kind is ChatKind.GROUP:
            name = known.support.without_rank(channel.id)
            modes = known.roster.modes(name, self.folded)
            role = role_of(modes) if modes else Role.MEMBER
        tags = line.tags
        id_ = tags.get("account") or line.prefix
        return Sender(id_, self.nick, role, is_bot or "bot" in tags)

    def event(
        self,
        name: str,
        chat: Chat | None = None,
        *,
        sender: Sender | None = None,
        body: tuple[Segment, ...] = (),
        facts: Facts | None = None,
        ours: bool = False,
    ) -> Inbound:
        line = self.line
        tags = line.tags
        return Inbound(
            tags.get("msgid") or self.fresh,
            event=name,
            chat=chat,
            sender=sender or self.who(chat),
            body=body,
            facts=facts or {},
            raw=line.raw(),
            sent_at_utc=time_of(tags["time"]) if "time" in tags else None,
            from_self=ours,
        )


def _events(told: _Told) -> Iterator[Inbound]:
    line, known = told.line, told.known
    facts: dict[str, object]
    match line.command:
        case "REDACT":
            facts = {"message": line.param(1), "reason": line.param(2)}
            chat = _where(told)
            yield told.event("message.deleted", chat, facts=facts, ours=told.ours)
        case "JOIN":
            name = "chat.joined" if told.ours else "member.joined"
            yield told.event(name, told.channel(line.param(0)))
        case "PART":
            yield _left(told, line.param(0), {"how": "part", "reason": line.param(1)})
        case "KICK":
            yield _kicked(told)
        case "QUIT":
            facts = {"how": "quit", "reason": line.param(0)}
            for channel in known.roster.channels_of(known.fold(line.nick)):
                yield _left(told, channel, facts)
        case "NICK":
            facts = {"before": line.nick, "now": line.param(0), "us": told.ours}
            yield told.event("irc.nick", facts=facts)
        case "TOPIC":
            facts = {"topic": stripped(line.param(1))}
            yield told.event(
                "irc.topic", told.channel(line.param(0)), facts=facts, ours=told.ours
            )
        case "MODE" if known.support.is_channel(line.param(0)):
            yield from _modes(told)
        case "INVITE":
            facts = {"user": line.param(0), "us": known.is_us(line.param(0))}
            name = "chat.invited" if facts["us"] else "irc.invite"
            yield told.event(name, told.channel(line.param(1)), facts=facts)
        case "WALLOPS":
            yield told.event("irc.wallops", facts={"text": line.param(-1)})
        case _:
            pass


def _message(told: _Told) -> Inbound:
    line = told.line
    notice, text = line.command == "NOTICE", line.param(-1)
    facts: dict[str, object] = {}
    chat = _where(told)
    sender = told.who(chat, is_bot=notice)
    if sender is None:  # a server, or its services before we have a name there
        facts = {"text": stripped(text), "from": line.prefix}
        return told.event("irc.server_notice", facts=facts)
    ctcp = ctcp_of(text) if text.startswith(DELIMITER) else None
    if ctcp is not None and ctcp.command != "ACTION":
        facts = {"command": ctcp.command, "text": ctcp.text, "reply": notice}
        return told.event("irc.ctcp", chat, sender=sender, facts=facts, ours=told.ours)
    if notice:
        facts["notice"] = True
    if ctcp is not None:
        facts["action"] = True
        text = ctcp.text
    return told.event(
        "message",
        chat,
        sender=sender,
        body=_body(told, stripped(text)),
        facts=facts,
        ours=told.ours,
    )


def _where(told: _Told) -> Chat:
    """Return the chat of a message: a channel, or the talk with the other one."""
    line, known = told.line, told.known
    target = line.param(0)
    if known.support.is_channel(target):
        return told.channel(target)
    other = known.fold(target) if told.ours else told.folded
    return Chat(ChatKind.PRIVATE, other)


def _body(told: _Told, text: str) -> tuple[Segment, ...]:
    """Return what is said; `rook: ` at its beginning addresses us."""
    replied = _reply_of(told.line) if told.line.tags else ""
    before: tuple[Segment, ...] = (Reply(replied),) if replied else ()
    known = told.known
    head, _, rest = text.partition(" ")
    if head.endswith((":", ",")) and known.is_us(head.rstrip(":,")):
        before = (*before, Mention(known.account, known.nick))
        text = rest.lstrip()
    return (*before, Text(text)) if text or not before else before


def _reply_of(line: Line) -> str:
    return line.tags.get("+draft/reply") or line.tags.get("+reply") or ""


def _tags(told: _Told) -> list[Inbound]:
    """A reaction; whoever types or does anything else says nothing."""
    tags, message = told.line.tags, _reply_of(told.line)
    chat = _where(told)
    events: list[Inbound] = []
    if not (message and chat.id):
        return events
    for draft, tag, added in _REACTIONS:
        emoji = tags.get(draft) or tags.get(tag)
        if emoji:
            facts = {"message": message, "emojis": (emoji,), "added": added}
            events.append(
                told.event("message.reacted", chat, facts=facts, ours=told.ours)
            )
    return events


_REACTIONS: Final = (
    ("+draft/react", "+react", True),
    ("+draft/unreact", "+unreact", False),
)


def _left(told: _Told, channel: str, facts: Facts) -> Inbound:
    name = "chat.left" if told.ours else "member.left"
    return told.event(name, told.channel(channel), facts=facts)


def _kicked(told: _Told) -> Inbound:
    line, known = told.line, told.known
    nick = line.param(1)
    name = "chat.left" if known.is_us(nick) else "member.left"
    facts = {"how": "kick", "operator": line.nick, "reason": line.param(2)}
    chat = told.channel(line.param(0))
    return told.event(name, chat, sender=_member(told, chat, nick), facts=facts)


def _member(told: _Told, chat: Chat, nick: str) -> Sender:
    """Somebody of whom the line tells but the nick: never taken for an account."""
    modes = told.known.roster.modes(chat.id, told.known.fold(nick))
    return Sender(f"{nick}!*@*", nick, role_of(modes or ""))


def _modes(told: _Told) -> Iterator[Inbound]:
    line, known = told.line, told.known
    chat = told.channel(line.param(0))
    ranks = set(known.support.ranks.values())
    others: list[str] = []
    for number, (sign, mode, who) in enumerate(mode_changes(line, known.support)):
        if mode in ranks and role_of(mode) is not Role.MEMBER:
            facts = {"admin": sign == "+", "mode": mode, "operator": line.nick}
            member = _member(told, chat, who)
            event = told.event("member.promoted", chat, sender=member, facts=facts)
            yield evolve(event, id=f"{event.id}.{number}")
        else:
            others.append(f"{sign}{mode} {who}".strip())
    if others:
        yield told.event("irc.mode", chat, facts={"modes": tuple(others)})


def time_of(text: str) -> float | None:
    """Return what the tag of `server-time` says, in seconds since 1970; `None` for nonsense."""
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    date, hour, minute, second, fraction = found.groups()
    began = _day(date)
    if began is None:
        return None
    whole = began + int(hour) * 3600 + int(minute) * 60 + int(second)
    return whole + float(f"0.{fraction}") if fraction else float(whole)


@lru_cache(maxsize=8)
def _day(date: str) -> int | None:
    """Return when a day began. All lines of a day ask for it: it is half of their time."""
    year, month, day = map(int, date.split("-"))
    if not (1 <= month <= 12 and 1 <= day <= 31 and year >= 1970):
        return None
    return timegm((year, month, day, 0, 0, 0))
