"""What every platform has to stand, ours or a stranger's, written once.

    class TestTinyChat(Conformance):
        peer = TinyPeer

is a test for each `Case`. Read `suite` (the class that pytest runs), then `proving`: how one
case is run, and what may be declared impossible. The cases are in `lines`, `protocol`,
`ending` and `load`, by what they are about. Each is a story of a lab, told with what `trial`
offers; if something does not hold, it says what, and what was seen.
"""

from rookery.testing.lab.conformance.proving import WrongDeclaration, prove
from rookery.testing.lab.conformance.suite import Conformance
from rookery.testing.lab.conformance.trial import NotConforming

__all__ = ["Conformance", "NotConforming", "WrongDeclaration", "prove"]
