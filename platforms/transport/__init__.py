"""WebSockets in both directions and lines over TCP, behind an interface of our own.

Here: dialling and listening, who is let in, one writer per socket, limits, deadlines,
goodbyes, and the rule when a silent peer is dead. Not here: what the frames mean,
reconnecting (the supervisor's), and driving the rule of silence (the session's).

Read `websocket` first: it is all a platform sees. `admission`, `liveness` and `frames`
are pure, and so is `sieve`: what we read ourselves. `stream` is why a cancelled send
tears nothing, `inflow` who gets what was read; `plumbing` is the only file that knows
how trio-websocket behaves; `listening`, `accepting` and `dialing` open it. `lines` is the same for
text over TCP, with or without TLS; `http` asks a server.
`network` is where all of them get their streams.
"""

from platforms.transport.accepting import Handler, accept
from platforms.transport.admission import Admit, Gate, Handshake, Refuse
from platforms.transport.dialing import Dial, check_url, dial
from platforms.transport.http import (
    HttpAnswer,
    HttpClient,
    HttpFailed,
    check_http_url,
)
from platforms.transport.lines import MAX_LINE_BYTES, as_utf8, dial_lines
from platforms.transport.listening import Listener, listen
from platforms.transport.liveness import Dead, Liveness, Probe, Verdict, Wait
from platforms.transport.network import TCP, Network, address_of, remote_of
from platforms.transport.places import is_loopback, parse_listen, shown_place
from platforms.transport.websocket import (
    CLOSE_SECONDS,
    HANDSHAKE_SECONDS,
    MAX_MESSAGE_BYTES,
    STALL_SECONDS,
    DialFailed,
    DialRefused,
    Frame,
    Sink,
    SocketClosed,
    TransportError,
    WebSocket,
)

__all__ = [
    "CLOSE_SECONDS",
    "HANDSHAKE_SECONDS",
    "MAX_LINE_BYTES",
    "MAX_MESSAGE_BYTES",
    "STALL_SECONDS",
    "TCP",
    "Admit",
    "Dead",
    "Dial",
    "DialFailed",
    "DialRefused",
    "Frame",
    "Gate",
    "Handler",
    "Handshake",
    "HttpAnswer",
    "HttpClient",
    "HttpFailed",
    "Listener",
    "Liveness",
    "Network",
    "Probe",
    "Refuse",
    "Sink",
    "SocketClosed",
    "TransportError",
    "Verdict",
    "Wait",
    "WebSocket",
    "accept",
    "address_of",
    "as_utf8",
    "check_http_url",
    "check_url",
    "dial",
    "dial_lines",
    "is_loopback",
    "listen",
    "parse_listen",
    "remote_of",
    "shown_place",
]
