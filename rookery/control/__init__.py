"""The control socket: how commands reach a running host.

`protocol` is the words, pure, `messages` those for single messages; `server` the actor in the tree, `client` the other end.
`drawing` and `cells` show a tree, `listing` all of a large one. What the operations do is not known here: see `rookery.host`.
"""

from rookery.control.cells import cut, fitted, visible
from rookery.control.client import NoAnswer, NoHost, ask
from rookery.control.drawing import tree_lines, tree_of, tree_text
from rookery.control.listing import whole_tree_of
from rookery.control.messages import (
    MAX_LISTED,
    MAX_NAMED,
    CountLetters,
    DoLetters,
    LetterDeed,
    LetterKind,
    ListLetters,
    ListOutbox,
    MessageRequest,
    RepairOutbox,
    ShowLetter,
    ShowOutbox,
    State,
)
from rookery.control.place import PathTooLong, socket_address
from rookery.control.protocol import (
    SOCKET_NAME,
    BeginChaos,
    CompactJournal,
    HealChaos,
    Journal,
    Lanes,
    LookAtChaos,
    Platforms,
    Refused,
    Reload,
    Request,
    Schedules,
    Send,
    Tree,
    decode_answer,
    decode_request,
    encode_refusal,
    encode_request,
    encode_result,
)
from rookery.control.server import ControlSocket, Operations

__all__ = [
    "MAX_LISTED",
    "MAX_NAMED",
    "SOCKET_NAME",
    "BeginChaos",
    "CompactJournal",
    "ControlSocket",
    "CountLetters",
    "DoLetters",
    "HealChaos",
    "Journal",
    "Lanes",
    "LetterDeed",
    "LetterKind",
    "ListLetters",
    "ListOutbox",
    "LookAtChaos",
    "MessageRequest",
    "NoAnswer",
    "NoHost",
    "Operations",
    "PathTooLong",
    "Platforms",
    "Refused",
    "Reload",
    "RepairOutbox",
    "Request",
    "Schedules",
    "Send",
    "ShowLetter",
    "ShowOutbox",
    "State",
    "Tree",
    "ask",
    "cut",
    "decode_answer",
    "decode_request",
    "encode_refusal",
    "encode_request",
    "encode_result",
    "fitted",
    "socket_address",
    "tree_lines",
    "tree_of",
    "tree_text",
    "visible",
    "whole_tree_of",
]
