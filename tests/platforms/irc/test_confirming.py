"""What became of what we said, as a server tells it or does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.irc.wire import Confirming, Denied, Known, NotNow, Settles, Taken, parse
from platforms.irc.wire.confirming import Verdict


def confirming(*, labelled: bool, target: str = "#Chan") -> Confirming:
    found = Confirming(Known("rook", "rook"))
    found.asks("k1", "PRIVMSG", target, labelled=labelled)
    return found


def heard(confirming: Confirming, *lines: str) -> list[Settles]:
    found = []
    for text in lines:
        line = parse(text)
        assert line is not None
        if (settles := confirming.hear(line)) is not None:
            found.append(settles)
    return found


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["@label=k1;msgid=m7 :rook!r@h PRIVMSG #chan :hi"], Taken("m7")),
        (["@label=k1 :s ACK"], Taken()),
        (["@label=k1 :s 404 rook #Chan :Cannot send"], Denied("Cannot send (404)")),
        (["@label=k1 :s 301 rook Ann :lunch"], Taken()),
        (["@label=k1 FAIL PRIVMSG X #chan :No way"], Denied("No way (X)")),
        (
            ["@label=k1 :s 439 rook ann :Please wait 60 seconds"],
            NotNow("Please wait 60 seconds", 60.0),
        ),
        (["@label=k1 :s 263 rook PRIVMSG :Try again"], NotNow("Try again")),
        # InspIRCd, as recorded: he is away, and it was taken all the same.
        (
            [
                "@label=k1 :s BATCH +1 :labeled-response",
                "@batch=1 :s 301 rook #Chan :lunch",
                "@msgid=m8;batch=1 :rook!r@h PRIVMSG #Chan :away?",
                ":ann!a@h PRIVMSG #chan :in between",
                ":s BATCH :-1",
            ],
            Taken("m8"),
        ),
        (
            [
                "@label=k1 :s BATCH +1 :labeled-response",
                "@batch=1 :s 404 rook #Chan :Cannot send",
                ":s BATCH -1",
            ],
            Denied("Cannot send (404)"),
        ),
    ],
)
def test_with_labels_the_answer_says_whose_it_is(
    lines: list[str], verdict: Verdict
) -> None:
    one = confirming(labelled=True)
    # What belongs to others, or to nobody, changes nothing.
    assert heard(one, ":s 404 rook #chan :x", ":ann!a@h PRIVMSG #chan :y") == []
    assert heard(one, *lines) == [Settles("k1", verdict)]
    assert heard(one, *lines[-1:]) in ([], [Settles("k1", Taken("m7"))])


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        ([], Taken()),
        ([":rook!r@h PRIVMSG #CHAN :hi"], Taken()),
        (["@msgid=m7 :rook!r@h PRIVMSG #chan :hi"], Taken("m7")),
        ([":s 404 rook #chan :Cannot send"], Denied("Cannot send (404)")),
        ([":s 401 rook #CHAN :No such"], Denied("No such (401)")),
        ([":s 421 rook PRIVMSG :Unknown command"], Denied("Unknown command (421)")),
        ([":s 404 rook #other :Cannot send"], Taken()),
        ([":s 301 rook #chan :away"], Taken()),
        ([":s 422 rook #chan :no motd"], Taken()),
        ([":s 439 rook #chan :wait 7 secs"], NotNow("wait 7 secs", 7.0)),
    ],
)
def test_without_labels_a_pong_comes_behind_the_refusal(
    lines: list[str], verdict: Verdict
) -> None:
    one = confirming(labelled=False)
    assert heard(one, *lines, ":s PONG s :rookery", ":s PONG s :k0") == []
    assert heard(one, ":s PONG s :k1") == [Settles("k1", verdict)]
    assert heard(one, ":s PONG s :k1") == []


def test_a_late_echo_still_says_that_it_was_said() -> None:
    one = confirming(labelled=True)
    one.asks("k2", "PRIVMSG", "#chan", labelled=True)
    late = "@label=k1;msgid=m1 :rook!r@h PRIVMSG #chan :hi"
    assert heard(one, late) == [Settles("k1", Taken("m1"))]
    assert heard(one, "@label=k1 :s 404 rook #chan :x") == []
    assert heard(one, "@label=k2 :s ACK") == [Settles("k2", Taken())]


@given(
    st.lists(
        st.sampled_from(
            [
                ":s 404 rook #chan :no",
                "@label=k1 :s 404 rook #chan :no",
                ":rook!r@h PRIVMSG #chan :hi",
                "@label=k1 :rook!r@h PRIVMSG #chan :hi",
                "@label=k1 :s BATCH +b :labeled-response",
                ":s BATCH -b",
                "@batch=b :s 404 rook #chan :no",
                ":s PONG s :k1",
                ":s PONG s :other",
                "@label=k0 :s ACK",
                ":ann!a@h NICK rook",
            ]
        )
    ),
    st.booleans(),
)
def test_an_answer_is_given_once_at_most(lines: list[str], labelled: bool) -> None:
    """Whatever comes, in whatever order: one verdict, or none (then it is *unknown*)."""
    settled = heard(confirming(labelled=labelled), *lines)
    firm = [one for one in settled if one.verdict != Taken()]
    assert len(firm) <= 1
    if not labelled:
        assert len(settled) <= 1 + sum("label=k1" in line for line in lines)


@pytest.mark.parametrize("labelled", [True, False])
def test_what_is_played_back_of_before_is_no_answer(labelled: bool) -> None:
    """IRCv3 chathistory: our own lines of before come again, and may be refused to us."""
    one = confirming(labelled=labelled)
    before = [
        ":s BATCH +h chathistory #chan",
        "@batch=h;msgid=old :rook!r@h PRIVMSG #chan :hi",
        ":s BATCH -h",
        "FAIL CHATHISTORY INVALID_TARGET LATEST #chan :No history",
    ]
    assert heard(one, *before) == []
    answer = ["@label=k1;msgid=new :rook!r@h PRIVMSG #chan :hi"]
    if not labelled:
        answer = ["@msgid=new :rook!r@h PRIVMSG #chan :hi", ":s PONG s k1"]
    assert heard(one, *answer) == [Settles("k1", Taken("new"))]


@pytest.mark.parametrize("labelled", [True, False])
def test_who_asks_for_history_is_told_of_its_refusal(labelled: bool) -> None:
    found = Confirming(Known("rook", "rook"))
    found.asks("k1", "CHATHISTORY", "LATEST", labelled=labelled)
    fail = "FAIL CHATHISTORY INVALID_TARGET LATEST #chan :No history"
    lines = [f"@label=k1 {fail}"] if labelled else [fail, ":s PONG s k1"]
    refused = Denied("No history (INVALID_TARGET)")
    assert heard(found, *lines) == [Settles("k1", refused)]


@pytest.mark.parametrize(
    "before",
    [
        [
            ":s BATCH +h chathistory #chan",
            "@batch=h :s BATCH +in draft/multiline #chan",
        ],
        [":s BATCH +in chathistory #chan", ":s BATCH +h chathistory #other"],
    ],
)
def test_nor_is_what_is_in_a_batch_beside_it(before: list[str]) -> None:
    """Its id would be taken for that of what we have said now."""
    one = confirming(labelled=False)
    old = "@batch=in;msgid=old :rook!r@h PRIVMSG #chan :hi"
    assert heard(one, *before, old, ":s PONG s k1") == [Settles("k1", Taken(""))]
