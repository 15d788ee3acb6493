"""What a platform is, and what the host does for each of them.

Here: the interface an author writes against, one session per life of a connection,
answers that find their requests, silence, states, who dialled us. Not here: sockets
(`transport`), when to try again (`supervision`), what any wire looks like.

Read `platform` with `speaker` (what one writes) and `link` with `reach` (what one gets) first,
then `ends` (how a session ends) and `tree` (what runs). `talk` is one socket of a session as its author sees
it, `peer` what is beneath, `dialling` how one comes about, `gate` when, `callers` what
becomes of those who dial us, `newest` what is open where several may be; `answers`, `beforehand`, `visitors`, `caps`, `config` and `describing` are small and pure. `forms` makes of a
message what a platform can carry, and `line` says it.
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
