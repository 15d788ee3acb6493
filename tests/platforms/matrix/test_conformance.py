"""Matrix stands what every platform has to stand."""

from rookery.testing.lab import Conformance
from tests.fakes.matrix.peer import MatrixPeer


class TestMatrix(Conformance):
    peer = MatrixPeer
