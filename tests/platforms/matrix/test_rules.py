"""Configuration, actions, refusals, gaps: what is decided without asking anybody."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.base import Secret
from platforms.matrix import MatrixConfig
from platforms.matrix.actions import ACTIONS, asking
from platforms.matrix.wire import (
    Gap,
    Meaning,
    Page,
    Timeline,
    Unsendable,
    filters,
    gap_in,
    merged_direct,
    read_direct,
    read_refusal,
    with_page,
)
from platforms.matrix.wire.gaps import MAX_EVENTS, MAX_PAGES

US = "@bot:here.example"


def config(**keys: Any) -> MatrixConfig:
    return MatrixConfig("https://here.example", Secret("t"), **keys)


# --- configuration --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("invited_by", "by", "may"),
    [
        ((), "@ann:here.example", True),
        ((), "@ann:far.example", False),
        (("*",), "@ann:far.example", True),
        (("far.example",), "@ann:far.example", True),
        (("far.example",), "@ann:here.example", False),
        (("@ann:far.example",), "@ann:far.example", True),
        (("@ann:far.example",), "@bob:far.example", False),
        (("here.example:8448",), "@ann:here.example:8448", True),
        ((), "", False),
    ],
)
def test_an_invitation_is_followed_by_whose_it_is(
    invited_by: tuple[str, ...], by: str, *, may: bool
) -> None:
    assert config(invited_by=invited_by).may_invite(by, US) is may
    assert not config(invited_by=("*",), join="never").may_invite(by, US)


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (MatrixConfig("ftp://x", Secret("t")), "homeserver"),
        (MatrixConfig("matrix.example.org", Secret("t")), "homeserver"),
        (MatrixConfig("https://x", Secret("")), "access_token"),
        (MatrixConfig("https://x", Secret("t"), invited_by=("@ann",)), "invited_by"),
        (MatrixConfig("https://x", Secret("t"), invited_by=("a b",)), "invited_by"),
        (MatrixConfig("https://x", Secret("t"), invited_by=("#r:x",)), "invited_by"),
    ],
)
def test_a_mistake_is_named_with_its_key(given: MatrixConfig, key: str) -> None:
    [fault] = given.faults()
    assert fault.key == key
    assert "got" in fault.message


def test_a_sound_one_has_no_faults_and_shows_no_token() -> None:
    sound = config(invited_by=("@ann:here.example", "far.example", "*"))
    assert sound.faults() == ()
    assert "t'" not in repr(sound)


# --- actions --------------------------------------------------------------------------


def test_what_the_path_does_not_take_goes_into_the_body() -> None:
    asked = asking("kick", {"room": "!a/b:here", "user_id": "@x:here"}, US)
    assert asked.method == "POST"
    assert asked.target == "/_matrix/client/v3/rooms/%21a%2Fb%3Ahere/kick"
    assert json.loads(asked.body) == {"user_id": "@x:here"}


def test_state_is_written_as_its_content() -> None:
    params = {"room": "!r", "type": "m.room.name", "content": {"name": "den"}}
    asked = asking("set_state", params, US)
    assert asked.target.endswith("/state/m.room.name/")
    assert json.loads(asked.body) == {"name": "den"}


def test_we_are_who_types() -> None:
    asked = asking("typing", {"room": "!r", "typing": True, "timeout": 5}, US)
    assert asked.target.endswith("/typing/%40bot%3Ahere.example")
    assert json.loads(asked.body) == {"typing": True, "timeout": 5}


@pytest.mark.parametrize(
    ("action", "params", "why"),
    [
        ("fly", {}, "no action 'fly'; there are join"),
        ("kick", {}, "kick needs a text as room"),
        ("kick", {"room": 5}, "kick needs a text as room"),
        ("kick", {"room": ""}, "kick needs a text as room"),
        ("kick", {"room": ".."}, "must have a name"),
        ("event", {"room": "!r"}, "event needs a text as event"),
        ("kick", {"room": "!r", "x": object()}, "Encoding objects"),
    ],
)
def test_an_action_that_cannot_be_asked_says_why(
    action: str, params: dict[str, object], why: str
) -> None:
    with pytest.raises(Unsendable, match=why):
        asking(action, params, US)


@given(
    st.sampled_from(sorted(ACTIONS)),
    st.text(min_size=1).filter(lambda word: word not in (".", "..")),
)
def test_no_word_of_a_bot_leads_elsewhere(action: str, word: str) -> None:
    names = ("room", "event", "type", "key", "alias", "user_id")
    target = asking(action, dict.fromkeys(names, word), US).target
    method, path = ACTIONS[action]
    assert target.isascii()
    assert target.count("/") == path.count("/")
    assert "?" not in target
    assert "#" not in target
    assert method in ("GET", "POST", "PUT")


# --- refusals -------------------------------------------------------------------------


def refusal(status: int, **body: object) -> tuple[Meaning, float]:
    told = read_refusal(status, json.dumps(body).encode(), None)
    return told.meaning, told.after


def test_how_long_a_server_wants_to_be_left_alone() -> None:
    """A20: the body is exact, the header is whole seconds, and ours is the last resort."""
    body = b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 621}'
    assert read_refusal(429, body, 1.0).after == 0.621
    assert read_refusal(429, b"slow down", 7.0).after == 7.0
    assert read_refusal(429, b"", None).after == 5.0
    for nonsense in (-1, True, "soon", None, 1e300):
        assert refusal(429, retry_after_ms=nonsense) == (Meaning.LATER, 0.0)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (401, "M_UNKNOWN_TOKEN", Meaning.TOKEN),
        (401, "M_MISSING_TOKEN", Meaning.TOKEN),
        (403, "M_UNKNOWN_TOKEN", Meaning.TOKEN),
        (401, "M_USER_LOCKED", Meaning.TOKEN),
        (403, "M_USER_DEACTIVATED", Meaning.TOKEN),
        (401, "", Meaning.TOKEN),
        (401, "M_FORBIDDEN", Meaning.NO),
        (403, "M_FORBIDDEN", Meaning.NO),
        (404, "M_NOT_FOUND", Meaning.NO),
        (413, "M_TOO_LARGE", Meaning.TOO_LARGE),
        (400, "M_TOO_LARGE", Meaning.TOO_LARGE),
        (400, "M_LIMIT_EXCEEDED", Meaning.LATER),
        (408, "", Meaning.UNCLEAR),
        (500, "M_UNKNOWN", Meaning.UNCLEAR),
        (502, "", Meaning.UNCLEAR),
        (302, "", Meaning.UNCLEAR),
    ],
)
def test_what_a_refusal_means(status: int, code: str, meaning: Meaning) -> None:
    assert refusal(status, errcode=code)[0] is meaning


def test_a_soft_logout_is_told_from_a_hard_one() -> None:
    body = b'{"errcode": "M_UNKNOWN_TOKEN", "soft_logout": true}'
    assert read_refusal(401, body, None).soft
    assert not read_refusal(401, b'{"errcode": "M_UNKNOWN_TOKEN"}', None).soft


@given(st.integers(300, 599), st.binary(), st.none() | st.floats(0, 1e9))
def test_whatever_is_answered_means_something(
    status: int, body: bytes, after: float | None
) -> None:
    told = read_refusal(status, body, after)
    assert told.why
    assert told.after >= 0


# --- gaps -----------------------------------------------------------------------------


def events(*numbers: int) -> tuple[dict[str, object], ...]:
    return tuple({"event_id": f"${n}", "type": "x"} for n in numbers)


def test_there_is_a_gap_where_the_server_says_so() -> None:
    limited = Timeline("!r", events(9), limited=True, prev_batch="p9")
    gap = gap_in(limited, "s1")
    assert gap is not None
    asked = parse_qs(urlsplit(gap.target).query)
    assert (asked["dir"], asked["from"], asked["to"]) == (["b"], ["p9"], ["s1"])
    assert gap_in(Timeline("!r", events(9), prev_batch="p9"), "s1") is None
    assert gap_in(limited, "") is None


@given(st.integers(0, 50), st.integers(1, 9), st.integers(0, 3))
def test_a_gap_is_filled_whole_and_in_order(
    missing: int, per_page: int, overlap: int
) -> None:
    timeline = Timeline("!r", events(*range(missing, missing + 5)), limited=True)
    # The server goes back page by page; some of it we have been told already.
    back = list(range(missing + overlap - 1, -1, -1))
    pages = [back[at : at + per_page] for at in range(0, len(back), per_page)] or [[]]
    gap = Gap("!r", "s1", "p0")
    for number, page in enumerate(pages):
        assert gap.target
        end = f"p{number + 1}" if number + 1 < len(pages) else ""
        gap = with_page(gap, Page(events(*page), (), end), timeline)
    assert not gap.target
    assert not gap.cut
    assert gap.filled() == events(*range(missing))


def test_a_gap_that_is_too_large_is_given_up_and_says_so() -> None:
    timeline = Timeline("!r", limited=True)
    gap = Gap("!r", "s1", "p")
    many = events(*range(MAX_EVENTS + 5))
    gap = with_page(gap, Page(many, (), "p1"), timeline)
    assert gap.cut
    assert not gap.target
    assert len(gap.filled()) == MAX_EVENTS


def test_a_server_that_has_nothing_to_say_is_not_asked_for_ever() -> None:
    timeline = Timeline("!r", limited=True)
    gap = Gap("!r", "s1", "p")
    for number in range(MAX_PAGES):
        assert gap.target
        gap = with_page(gap, Page((), (), f"p{number}"), timeline)
    assert gap.cut
    stuck = with_page(Gap("!r", "s1", "p"), Page((), (), "p"), timeline)
    assert not stuck.target
    assert not stuck.cut


# --- what is asked --------------------------------------------------------------------


def test_a_filter_asks_for_names_and_for_nothing_else_beside_the_rooms() -> None:
    asked = parse_qs(urlsplit(filters.sync("s1", 30.0)).query)
    assert (asked["since"], asked["timeout"]) == (["s1"], ["30000"])
    told = json.loads(asked["filter"][0])
    assert told["presence"] == {"types": []}
    assert told["account_data"] == {"types": ["m.direct"]}
    assert told["room"]["timeline"]["include_redundant_members"] is True
    fewer = json.loads(
        parse_qs(urlsplit(filters.sync("s1", 0, fewer=True)).query)["filter"][0]
    )
    assert fewer["room"]["timeline"]["limit"] == 1


def test_a_private_talk_is_added_once() -> None:
    content = {"@ann:here": ["!a"], "@bob:here": ["!b"]}
    assert merged_direct(content, "@ann:here", "!a") is None
    merged = merged_direct(content, "@ann:here", "!c")
    assert merged == {"@ann:here": ["!a", "!c"], "@bob:here": ["!b"]}
    assert read_direct(merged) == {
        "!a": "@ann:here",
        "!c": "@ann:here",
        "!b": "@bob:here",
    }
    assert read_direct({"@x:y": "nonsense", "@z:y": [5]}) == {}


@pytest.mark.parametrize("room", [".", "..", "!half\ud83d:example.org"])
def test_what_would_be_another_path_is_not_asked(room: str) -> None:
    with pytest.raises(Unsendable):
        asking("kick", {"room": room, "user_id": "@ann:example.org"}, "@rook:x")
