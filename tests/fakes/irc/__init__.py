"""A small IRC server: what InspIRCd, ngIRCd and the networks are to us.

Here: registration, capabilities, SASL, channels, what is relayed and what is refused, and
every way in which servers misbehave. It runs on any stream, with its own reading and
writing of lines, so that an error of ours is not on both sides. That it behaves like a
real one is checked with real clients in `tests/peers`.

Read `fake` first, then `clients` (one connection), `history` and `lines`.
"""

from tests.fakes.irc.clients import Client, Told
from tests.fakes.irc.fake import ALL_CAPS, FakeIrc

__all__ = ["ALL_CAPS", "Client", "FakeIrc", "Told"]
