"""What an operator wants to know: faults, and the state of every connection.

Read `connections` for the ten states. What does not happen here: reacting to any of it.
"""

from actors.monitor.connections import ConnectionState, Phase

__all__ = ["ConnectionState", "Phase"]
