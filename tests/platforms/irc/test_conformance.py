"""IRC stands what every platform has to stand, with servers new and old."""

from rookery.testing.lab import Conformance
from tests.fakes.irc.peer import HistoryIrc, ModernIrc, OldIrc


class TestModernIrc(Conformance):
    peer = ModernIrc


class TestHistoryIrc(Conformance):
    peer = HistoryIrc


class TestOldIrc(Conformance):
    peer = OldIrc
