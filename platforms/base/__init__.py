"""What a platform is, and what the host does for each of them.

Here: the interface an author writes against, one session per life of a connection,
answers that find their requests, silence, states, who dialled us. Not here: sockets
(`transport`), when to try again (`supervision`), what any wire looks like.

First what an author sees:

    platform, speaker    what one writes: a session, and how something is said
    caps, config         what it can carry; the keys of its table
    link, arrivals       what a session gets: its state; the way into the journal;
    reach                sockets and requests
    ends                 how a session ends, and what the supervisor makes of it

Then what runs:

    tree                 the part of the tree that is one platform
    connection           the actor that lives one session per incarnation
    reporter             the actor that says when a sleeping connection is tried again
    line, forms          how a message gets out: in a form that the platform can carry

A session that dials, from the outside in:

    gate, dialling       when it is an account's turn to dial, and how a session does
    talk                 one socket, as the session's author sees it
    peer                 the same socket beneath: its reader, its queue, its silence
    answers, backlog     which answer is for which request; events that wait for the session
    newest               what is open now, where an older one may still be closing

A peer that dials us:

    listening, door      the actor with the port; where it hands a socket over
    seats, visitors      what outlives a connection; sockets that wait to be taken there
    callers              how a session takes them, and how each ends

The rest is small: `web` and `entering` (HTTP out and in), `objects` and `refusals` (frames
that are JSON, and those that cannot be read), `beforehand` (what of an outcome is known
before the answer), `rates`, `secret`, `describing`, `terminal`, and `ports`, which is what
all of this needs of the host.
"""

from actors.kernel import NeedsOperator
from actors.sender import (
    FormRefused,
    Leave,
    OutcomeUnknown,
    Rejected,
    Retry,
    SendRefused,
    Sent,
    Told,
)
from platforms.base.answers import Answer
from platforms.base.callers import Caller
from platforms.base.caps import ALL_SEGMENTS, Caps, MediaForm, Unit
from platforms.base.config import (
    LIVE,
    Fault,
    PlatformConfig,
    exposed_faults_of,
    faults_of,
    invitation_of,
)
from platforms.base.connection import Connection
from platforms.base.describing import (
    Key,
    first_line,
    keys_of,
    needs_reconnect,
    schema_of,
)
from platforms.base.door import Door, NotLetIn
from platforms.base.ends import Finished, SessionEnded
from platforms.base.gate import DialGate
from platforms.base.link import Link
from platforms.base.listening import end_of_port, state_after
from platforms.base.objects import Frame
from platforms.base.peer import Habits, Language, Peer, Unreadable
from platforms.base.platform import AnyPlatform, Platform
from platforms.base.ports import Actions, Host, Inbox, Lines, Reads, Reports, Shelf
from platforms.base.reporter import Follow, Reporter
from platforms.base.seats import Seat
from platforms.base.secret import Secret
from platforms.base.speaker import Speaker
from platforms.base.talk import Settled, Talk
from platforms.base.terminal import LastLine, last_line
from platforms.base.tree import platform_tree
from platforms.base.visitors import Visitor
from platforms.base.web import Web, patience

__all__ = [
    "ALL_SEGMENTS",
    "LIVE",
    "Actions",
    "Answer",
    "AnyPlatform",
    "Caller",
    "Caps",
    "Connection",
    "DialGate",
    "Door",
    "Fault",
    "Finished",
    "Follow",
    "FormRefused",
    "Frame",
    "Habits",
    "Host",
    "Inbox",
    "Key",
    "Language",
    "LastLine",
    "Leave",
    "Lines",
    "Link",
    "MediaForm",
    "NeedsOperator",
    "NotLetIn",
    "OutcomeUnknown",
    "Peer",
    "Platform",
    "PlatformConfig",
    "Reads",
    "Rejected",
    "Reporter",
    "Reports",
    "Retry",
    "Seat",
    "Secret",
    "SendRefused",
    "Sent",
    "SessionEnded",
    "Settled",
    "Shelf",
    "Speaker",
    "Talk",
    "Told",
    "Unit",
    "Unreadable",
    "Visitor",
    "Web",
    "end_of_port",
    "exposed_faults_of",
    "faults_of",
    "first_line",
    "invitation_of",
    "keys_of",
    "last_line",
    "needs_reconnect",
    "patience",
    "platform_tree",
    "schema_of",
    "state_after",
]
