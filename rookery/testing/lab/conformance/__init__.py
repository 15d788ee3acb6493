"""What every platform has to stand, ours or a stranger's, written once.

    class TestTinyChat(Conformance):
        peer = TinyPeer

is a test for each `Case`. Read `proving` first: how one case is run, and what may be
declared impossible. The cases are beside it, by what they are about; each is a story of
a lab, and where something does not hold it says what, and what was seen.
"""

from rookery.testing.lab.conformance.proving import WrongDeclaration, prove
from rookery.testing.lab.conformance.suite import Conformance
from rookery.testing.lab.conformance.trial import NotConforming

__all__ = ["Conformance", "NotConforming", "WrongDeclaration", "prove"]
