"""WebSockets in both directions and lines over TCP, behind an interface of our own.

Here: dialling and listening, who is let in, one writer per socket, limits, deadlines,
goodbyes, and the rule when a silent peer is dead. Not here: what the frames mean,
reconnecting (the supervisor's), and driving the rule of silence (the session's).

Read `websocket` first: it is all that a platform sees of one. Then by what you look for:

- how one is opened: `dialing`; `listening` and `accepting`, with `admission` (who is let in)
  and `places` (where to listen)
- how it is read: `sieve` (plain text messages, which we read ourselves), `inflow` (what was
  read, in order), `liveness` (when a silent peer is dead)
- how it is written: `stream` (a cancelled send tears no frame), `frames`, `direct`
- what trio-websocket does for us, and how it behaves: `plumbing`, and no other file
- the same for lines of text over TCP, with or without TLS: `lines`
- requests to a server: `http`, `http_backend`
- where all of them get their streams: `network`

`admission`, `liveness`, `frames`, `sieve` and `places` are pure.
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
