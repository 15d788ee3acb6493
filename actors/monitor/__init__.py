"""What an operator wants to know: faults, and the state of every connection.

Read `connections` for the ten states, `board` for who is told of them, `faults`, then
`monitor`, the actor that answers. What does not happen here: reacting to any of it.
"""

from actors.monitor.board import Board, ConnectionChanged, Subscriber
from actors.monitor.connections import ConnectionState, Phase
from actors.monitor.faults import Fault, Faults
from actors.monitor.monitor import (
    AskFaults,
    AskStatus,
    Connection,
    Monitor,
    Status,
)

__all__ = [
    "AskFaults",
    "AskStatus",
    "Board",
    "Connection",
    "ConnectionChanged",
    "ConnectionState",
    "Fault",
    "Faults",
    "Monitor",
    "Phase",
    "Status",
    "Subscriber",
]
