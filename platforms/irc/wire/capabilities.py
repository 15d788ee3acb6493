"""Which capabilities a server has, and which of them we ask for. Pure.

Source: IRCv3 capability negotiation, version 302.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import evolve, field, frozen

from platforms.irc.wire.line import Line

REDACTION: Final = "draft/message-redaction"
HISTORY: Final = "draft/chathistory"
_HISTORY_NEEDS: Final = frozenset({"batch", "server-time", "message-tags"})
WANTED: Final = (
    "message-tags",
    "server-time",
    "account-tag",
    "echo-message",
    "batch",
    "labeled-response",
    "multi-prefix",
    REDACTION,
    HISTORY,
)
"""No more than we use: each changes what a server sends."""
SASL: Final = "sasl"


@frozen
class Capabilities:
    """What was offered so far, and what is on."""

    offered: Mapping[str, str] = field(factory=dict)
    """With their values; empty where one has none."""
    enabled: frozenset[str] = frozenset()

    def told(self, line: Line) -> Capabilities:
        """Return what is known after a CAP: `LS`, `ACK`, `NEW` and `DEL` change it."""
        names = line.param(-1).split()
        match line.param(1).upper():
            case "LS" | "NEW":
                values = dict(self.offered)
                for each in names:
                    name, _, value = each.partition("=")
                    values[name] = value
                return evolve(self, offered=values)
            case "ACK":
                on = {name for name in names if not name.startswith("-")}
                off = {name[1:] for name in names if name.startswith("-")}
                return evolve(self, enabled=(self.enabled | on) - off)
            case "DEL":
                left = {n: v for n, v in self.offered.items() if n not in names}
                return evolve(self, offered=left, enabled=self.enabled - set(names))
            case _:
                return self

    def to_request(self, *, sasl: bool) -> list[str]:
        """Return what to ask for of what is offered."""
        wanted = (*WANTED, SASL) if sasl else WANTED
        found = [name for name in wanted if name in self.offered]
        # Its specification wants both: a labelled answer may come as a batch.
        if "batch" not in found and "labeled-response" in found:
            found.remove("labeled-response")
        # Without these nobody could tell what was heard before. And a server may tell
        # less by itself to whoever has asked for it.
        if HISTORY in found and not set(found) >= _HISTORY_NEEDS:
            found.remove(HISTORY)
        return found

    @property
    def tags(self) -> bool:
        """We may send client tags, such as `+draft/reply`."""
        return "message-tags" in self.enabled

    @property
    def redaction(self) -> bool:
        """What was said can be taken back."""
        return REDACTION in self.enabled

    @property
    def history(self) -> bool:
        """What was said before can be asked for."""
        return self.enabled >= {HISTORY, *_HISTORY_NEEDS}

    @property
    def labels(self) -> bool:
        """Answers carry the label of what they answer."""
        return "labeled-response" in self.enabled


def has_more(line: Line) -> bool:
    """Say whether another line of the same `CAP LS` follows."""
    return len(line.params) >= 4 and line.params[2] == "*"
