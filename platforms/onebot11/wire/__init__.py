"""OneBot v11 as values: frames in, events and answers out, actions back into frames.

Pure: no socket, no clock, no randomness, nothing here waits. Sessions, roles and liveness
are one folder up. Read `codec` first (what a frame means). Then by what you look for:

- events: `events` (each as a value), `reading` (from a frame), `inbound` (as the host sees
  them)
- what messages are made of: `segments`, and `cq` where they come as text
- actions: `actions` (all of them), `params` with `checks`, `results`; what bots say as
  actions: `outbound`
- what became of an action: `answers`; `lenient` reads what implementations really send
"""

from platforms.onebot11.wire.actions import (
    ACTIONS,
    UNTRACKED_SUFFIXES,
    Action,
    Call,
    InvalidParams,
    action_named,
    call,
    call_with,
    frame_of,
    result_of,
)
from platforms.onebot11.wire.answers import (
    Answer,
    Confirmed,
    Refused,
    Unclear,
    Verdict,
    echo_key,
    refuses_form,
    verdict_of,
)
from platforms.onebot11.wire.codec import (
    Decoded,
    Fault,
    FaultKind,
    answer_of,
    decode,
)
from platforms.onebot11.wire.events import (
    AccountStatus,
    Event,
    GroupMessage,
    Heartbeat,
    Lifecycle,
    MessageEvent,
    OtherEvent,
    PrivateMessage,
)
from platforms.onebot11.wire.inbound import to_inbound
from platforms.onebot11.wire.outbound import (
    call_of,
    deletion_of,
    encode,
    reaction_of,
)
from platforms.onebot11.wire.results import LoginInfo, Status
from platforms.onebot11.wire.segments import (
    SEGMENTS,
    Unsendable,
    read_body,
    write_body,
    write_text,
)

__all__ = [
    "ACTIONS",
    "SEGMENTS",
    "UNTRACKED_SUFFIXES",
    "AccountStatus",
    "Action",
    "Answer",
    "Call",
    "Confirmed",
    "Decoded",
    "Event",
    "Fault",
    "FaultKind",
    "GroupMessage",
    "Heartbeat",
    "InvalidParams",
    "Lifecycle",
    "LoginInfo",
    "MessageEvent",
    "OtherEvent",
    "PrivateMessage",
    "Refused",
    "Status",
    "Unclear",
    "Unsendable",
    "Verdict",
    "action_named",
    "answer_of",
    "call",
    "call_of",
    "call_with",
    "decode",
    "deletion_of",
    "echo_key",
    "encode",
    "frame_of",
    "reaction_of",
    "read_body",
    "refuses_form",
    "result_of",
    "to_inbound",
    "verdict_of",
    "write_body",
    "write_text",
]
