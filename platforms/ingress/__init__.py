"""The one port that the world may reach, shared by every platform that needs it.

Here: HTTP/1.1 from a stranger, bounded in every direction; whose request it is; and what
is answered when nobody is there. WebSockets that come this way are handed to `transport`.
Not here: any API of the host, what a request means (its platform's), opening the port
(the host's: a stream of any other kind will do as well).

Read `ingress` first (who has which path, and one connection from its first byte to its
last), then `entrance` (what a platform has of it). `exchange` is HTTP on a stream, and the
only file that knows h11; `values`, `bodies` and `crowd` are pure.
"""

from platforms.ingress.crowd import PER_ADDRESS
from platforms.ingress.entrance import Answering, Entrance, Pages
from platforms.ingress.ingress import IDLE, Ingress
from platforms.ingress.values import (
    BODY_BYTES,
    HEAD_BYTES,
    Request,
    Response,
    SendPiece,
    ShowsSecret,
    anybody,
)

__all__ = [
    "BODY_BYTES",
    "HEAD_BYTES",
    "IDLE",
    "PER_ADDRESS",
    "Answering",
    "Entrance",
    "Ingress",
    "Pages",
    "Request",
    "Response",
    "SendPiece",
    "ShowsSecret",
    "anybody",
]
