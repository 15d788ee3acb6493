"""The control socket: how commands reach a running host.

`protocol` is the words, pure; `server` the actor in the tree, `client` the other end.
`drawing` and `cells` show a tree. What the operations do is not known here: see `rookery.host`.
"""

from rookery.control.cells import cut, visible
from rookery.control.client import NoAnswer, NoHost, ask
from rookery.control.drawing import tree_lines, tree_of, tree_text
from rookery.control.place import PathTooLong, socket_address
from rookery.control.protocol import (
    SOCKET_NAME,
    BeginChaos,
    CompactJournal,
    HealChaos,
    Journal,
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
    "SOCKET_NAME",
    "BeginChaos",
    "CompactJournal",
    "ControlSocket",
    "HealChaos",
    "Journal",
    "LookAtChaos",
    "NoAnswer",
    "NoHost",
    "Operations",
    "PathTooLong",
    "Platforms",
    "Refused",
    "Reload",
    "Request",
    "Schedules",
    "Send",
    "Tree",
    "ask",
    "cut",
    "decode_answer",
    "decode_request",
    "encode_refusal",
    "encode_request",
    "encode_result",
    "socket_address",
    "tree_lines",
    "tree_of",
    "tree_text",
    "visible",
]
