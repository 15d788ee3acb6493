"""Matrix as values: answers of a homeserver in, events out; messages into events.

Pure: no socket, no clock, no randomness, nothing here waits. What asks the homeserver is one
folder up. Read `sync` first (what an answer says). Then by what you look for:

- what the host is told: `inbound`, with `body` and `members`
- what is known of rooms besides: `rooms`; what was missed in one: `gaps`; rooms that we are
  on the way to: `errands`
- what is said: `outbound`, with `html`; what is asked for: `filters`; what a refusal means:
  `errors`
- reading what other servers may have made wrong: `lenient`
"""

from platforms.matrix.wire import filters
from platforms.matrix.wire.body import TEXTS, read_body, without_quote
from platforms.matrix.wire.errands import (
    Errand,
    join_target,
    leave_target,
    predecessor_in,
    read_errand,
    state_target,
    written_errand,
)
from platforms.matrix.wire.errors import Meaning, Refusal, read_refusal
from platforms.matrix.wire.gaps import Gap, gap_in, with_page
from platforms.matrix.wire.inbound import (
    ENCRYPTED,
    Heard,
    read_invitation,
    read_room,
)
from platforms.matrix.wire.lenient import JsonObject, as_object, as_text
from platforms.matrix.wire.outbound import (
    MAX_EVENT_BYTES,
    Draft,
    Unsendable,
    Uploaded,
    drafts_of,
    edit_of,
    reaction_among,
    reaction_of,
    reactions_target,
    redact_target,
    send_target,
    transactions,
    write,
)
from platforms.matrix.wire.rooms import (
    Powers,
    Rooms,
    merged_direct,
    parts_of,
    read_powers,
)
from platforms.matrix.wire.sync import (
    Invitation,
    Page,
    Sync,
    Timeline,
    Unreadable,
    read_direct,
    read_object,
    read_page,
    read_sync,
)

__all__ = [
    "ENCRYPTED",
    "MAX_EVENT_BYTES",
    "TEXTS",
    "Draft",
    "Errand",
    "Gap",
    "Heard",
    "Invitation",
    "JsonObject",
    "Meaning",
    "Page",
    "Powers",
    "Refusal",
    "Rooms",
    "Sync",
    "Timeline",
    "Unreadable",
    "Unsendable",
    "Uploaded",
    "as_object",
    "as_text",
    "drafts_of",
    "edit_of",
    "filters",
    "gap_in",
    "join_target",
    "leave_target",
    "merged_direct",
    "parts_of",
    "predecessor_in",
    "reaction_among",
    "reaction_of",
    "reactions_target",
    "read_body",
    "read_direct",
    "read_errand",
    "read_invitation",
    "read_object",
    "read_page",
    "read_powers",
    "read_refusal",
    "read_room",
    "read_sync",
    "redact_target",
    "send_target",
    "state_target",
    "transactions",
    "with_page",
    "without_quote",
    "write",
    "written_errand",
]
