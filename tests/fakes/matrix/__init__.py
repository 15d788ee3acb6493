"""A Matrix homeserver without a federation: what Synapse is to us, in one process.

Here: the part of the client-server API that a bot and a person need, and every way in
which a homeserver misbehaves. Not here: our codec; so an error of ours is not on both
sides. That it behaves like a real one is checked with a real client library, matrix-nio,
in `tests/peers`, and the same stories are told to a real Synapse there.

Read `homeserver` first (what is asked and what is answered), then `rooms` (what is kept).
`peer` is the same for the conformance suite. By hand: `python -m tests.fakes.matrix`.
"""

from tests.fakes.matrix.homeserver import FakeHomeserver
from tests.fakes.matrix.rooms import Room

__all__ = ["FakeHomeserver", "Room"]
