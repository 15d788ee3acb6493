"""Where to listen, as a person writes it."""

from hypothesis import given
from hypothesis import strategies as st

from platforms.transport import is_loopback, parse_listen, shown_place


@given(st.text())
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        host, port = parse_listen(text, "127.0.0.1:1")
    except ValueError:
        return
    assert host
    assert 0 <= port <= 65535
    assert parse_listen(shown_place(host, port), "") == (host, port)


def test_only_addresses_of_this_machine_are_loopback() -> None:
    assert all(map(is_loopback, ["127.0.0.1", "127.9.9.9", "::1", "localhost"]))
    assert not any(map(is_loopback, ["0.0.0.0", "::", "10.0.0.1", "example.org"]))
