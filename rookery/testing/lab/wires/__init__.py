"""The far end of the usual wires, over any stream of bytes: for the peers of a lab.

    websocket    frames of JSON, as a server or as a client
    http         requests and answers of HTTP/1.1
    lines        lines of text

None of them uses our own transport, which would then prove itself. When the line is cut, or
the platform leaves, they raise `Gone`, or a loop over them ends. What does not happen here:
any protocol above these wires; that is the peer's.
"""

from rookery.testing.lab.wires.gone import Gone
from rookery.testing.lab.wires.http import Request, Response, asked, requests
from rookery.testing.lab.wires.lines import Lines
from rookery.testing.lab.wires.websocket import WebSocketEnd, dialled, met

__all__ = [
    "Gone",
    "Lines",
    "Request",
    "Response",
    "WebSocketEnd",
    "asked",
    "dialled",
    "met",
    "requests",
]
