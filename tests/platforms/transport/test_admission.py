"""Who is let in by the usual gate: its token, and the origin of a web page."""

from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from platforms.transport import Gate, Handshake, Refuse

secrets = st.text(
    st.characters(min_codepoint=33, exclude_categories=["C", "Z"]), min_size=1
)


def header(value: str) -> Handshake:
    # What UTF-8 bytes of a header look like to us: Latin-1.
    return Handshake("/", "", (("authorization", value.encode().decode("latin-1")),))


def query(token: str) -> Handshake:
    return Handshake("/any", f"access_token={quote(token)}&x=1")


def status(refusal: Refuse | None) -> int | None:
    return refusal.status if refusal else None


@given(token=secrets)
@example(token="a+b&c=d %41")
@example(token="口令")
def test_the_right_token_opens_in_each_of_its_forms(token: str) -> None:
    gate = Gate(token.strip())
    token = token.strip()

    assert gate(header(f"Bearer {token}")) is None
    assert gate(header(f"bearer  {token}")) is None
    assert gate(header(f"Token {token}")) is None
    assert gate(query(token)) is None


@given(token=secrets, other=secrets)
def test_any_other_token_is_refused(token: str, other: str) -> None:
    if token == other:
        other += "x"
    for handshake in (header(f"Bearer {other}"), query(other)):
        assert status(Gate(token)(handshake)) == 403


def test_no_token_is_another_refusal_than_a_wrong_one() -> None:
    gate = Gate("secret")

    assert status(gate(Handshake("/"))) == 401
    assert status(gate(header("Basic c2VjcmV0"))) == 401
    assert status(gate(header("Bearer"))) == 401
    assert status(gate(Handshake("/", "access_token="))) == 401
    assert status(gate(header("Bearer secre"))) == 403


def test_one_right_token_is_enough() -> None:
    """Some implementations fill the header and the query from different settings."""
    shown = Handshake("/", "access_token=secret", header("Bearer old").headers)

    assert Gate("secret")(shown) is None


def test_without_a_token_of_ours_any_is_welcome() -> None:
    assert Gate()(Handshake("/")) is None
    assert Gate()(header("Bearer whatever")) is None


def test_an_origin_is_refused_unless_it_is_listed() -> None:
    page = Handshake("/", "", (("origin", "http://evil.example"),))
    ours = Handshake("/", "", (("origin", "http://localhost:8642"),))
    both = Handshake("/", "", page.headers + ours.headers)
    gate = Gate(origins=frozenset({"http://localhost:8642"}))

    assert status(gate(page)) == 403
    assert status(gate(both)) == 403
    assert gate(ours) is None


def test_an_origin_is_looked_at_even_with_the_right_token() -> None:
    page = Handshake("/", "access_token=s", (("origin", "null"),))

    assert status(Gate("s")(page)) == 403


def test_a_token_is_not_shown_by_the_gate() -> None:
    """A gate may end up in a log line or a traceback."""
    assert "hunter2" not in repr(Gate("hunter2"))


@given(query=st.text(), values=st.lists(st.text(st.characters(max_codepoint=255))))
def test_nothing_a_peer_says_raises(query: str, values: list[str]) -> None:
    headers = tuple(("authorization", value) for value in values)

    Gate("s")(Handshake("/", query, headers))
