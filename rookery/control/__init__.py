"""The control socket: how commands reach a running host.

Read `protocol` first (what is said over it, with `messages` for what is about single
messages), then `server` (the actor in the tree that answers) and `client` (who asks, from
another process); `place` is where they meet. `drawing` and `cells` make text of a tree,
`listing` JSON of a very large one.

What does not happen here: the operations themselves, see `rookery.host.operations`.
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
