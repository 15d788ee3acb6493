"""OneBot v11 stands what every platform has to stand, whoever dials."""

from rookery.testing.lab import Conformance
from tests.fakes.onebot.peer import ForwardPeer, ReversePeer


class TestForward(Conformance):
    peer = ForwardPeer


class TestReverse(Conformance):
    peer = ReversePeer
