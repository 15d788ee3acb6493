"""The frozen values that everybody shares: what is said, where, and what became of it.

    segments      what a message is made of
    chats         where it goes: a chat, and its address in this host
    inbound       what came in
    outbound      what goes out, and what became of it
    changes       what is done to a message that was said: edits, deletions, reactions
    lives         the two state tables that every row obeys
    repairs       which of their moves are an operator's
    priorities    how urgent an event is
    rates         how often something may happen, as people write it

Read them in this order. What does not happen here: waiting, reading a clock, knowing a
platform.
"""

from actors.messages.changes import Change, Delete, Edit, Ours, React, Target, verb_of
from actors.messages.chats import Chat, ChatAddress, ChatKind
from actors.messages.inbound import (
    DEDUP_SECONDS,
    DERIVED_ID_DEDUP_SECONDS,
    Inbound,
    Priority,
    Role,
    Sender,
)
from actors.messages.lives import (
    FINAL_INBOUND,
    FINAL_OUTBOUND,
    IllegalTransition,
    InboundState,
    OutboundState,
    check_inbound,
    check_outbound,
)
from actors.messages.outbound import Outbound, OutboundKind, Outcome
from actors.messages.priorities import priority_of
from actors.messages.rates import UNITS, Rate, Scope, read_rate
from actors.messages.repairs import (
    DEAD_INBOUND,
    DEAD_OUTBOUND,
    REPAIRS,
    NotRepairable,
    Repair,
    repaired,
)
from actors.messages.segments import (
    ALL,
    Audio,
    Emoji,
    Everyone,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Node,
    Raw,
    Reply,
    Segment,
    Source,
    Text,
    Video,
    plain_text,
)

__all__ = [
    "ALL",
    "DEAD_INBOUND",
    "DEAD_OUTBOUND",
    "DEDUP_SECONDS",
    "DERIVED_ID_DEDUP_SECONDS",
    "FINAL_INBOUND",
    "FINAL_OUTBOUND",
    "REPAIRS",
    "UNITS",
    "Audio",
    "Change",
    "Chat",
    "ChatAddress",
    "ChatKind",
    "Delete",
    "Edit",
    "Emoji",
    "Everyone",
    "File",
    "Forward",
    "IllegalTransition",
    "Image",
    "Inbound",
    "InboundState",
    "Markdown",
    "Mention",
    "Node",
    "NotRepairable",
    "Ours",
    "Outbound",
    "OutboundKind",
    "OutboundState",
    "Outcome",
    "Priority",
    "Rate",
    "Raw",
    "React",
    "Repair",
    "Reply",
    "Role",
    "Scope",
    "Segment",
    "Sender",
    "Source",
    "Target",
    "Text",
    "Video",
    "check_inbound",
    "check_outbound",
    "plain_text",
    "priority_of",
    "read_rate",
    "repaired",
    "verb_of",
]
