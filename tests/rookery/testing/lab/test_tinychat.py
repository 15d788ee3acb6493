"""TinyChat stands what every platform has to stand."""

from rookery.testing.lab import Conformance
from tests.fakes.tinychat.peer import TinyPeer


class TestTinyChat(Conformance):
    peer = TinyPeer
