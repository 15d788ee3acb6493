"""What an operator wants to know: faults, and the state of every connection.

Read `connections` (the ten states), `board` (who is told when one changes), `faults` (what
went wrong lately), then `monitor`, the actor that answers questions about them. What does
not happen here: reacting to any of it.
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
