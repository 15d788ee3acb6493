"""Web chat stands what every platform has to stand, behind the page that people use."""

from rookery.testing.lab import Case, Conformance
from tests.platforms.webchat.lab_peer import PagePeer


class TestWebChat(Conformance):
    peer = PagePeer


def test_what_is_declared_impossible() -> None:
    assert set(PagePeer.cannot) == {Case.TOO_MANY}
