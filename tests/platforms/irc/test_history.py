"""What was missed is asked for page by page: all of it, once, in order, and no more."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.irc import wire
from platforms.irc.wire import history
from platforms.irc.wire.capabilities import Capabilities
from tests.fakes.irc.history import CAP, Past, page_of
from tests.fakes.irc.lines import put_together, taken_apart

SINCE = "2026-11-26T00:00:10.500Z"
US = "rook!rook@host.test"
FULL = frozenset({CAP, "batch", "server-time", "message-tags"})


def lines_of(text: str) -> list[wire.Line]:
    found = [wire.parse(line) for line in text.splitlines()]
    return [line for line in found if line is not None]


def known_with(tokens: str = "", caps: frozenset[str] = FULL) -> wire.Known:
    known = wire.Known(account="rook", nick="rook")
    known.capabilities = Capabilities(enabled=caps)
    for line in lines_of(f":irc.host 005 rook {tokens} :are supported"):
        known.hear(line)
    return known


def said(number: int, prefix: str = "ann!ann@away.test", **tags: str) -> Past:
    time = (
        f"2026-11-26T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}.500Z"
    )
    told = {"time": time, "msgid": f"m{number}", **tags}
    words = ("PRIVMSG", "#rooks", f"number {number}")
    return Past("#rooks", prefix, words, {k: v for k, v in told.items() if v})


def answered(asked: str, past: Sequence[Past], page: int) -> list[wire.Line]:
    """Return what the fake says to a request."""
    _, command, params = taken_apart(asked)
    assert command == "CHATHISTORY"
    found = page_of(list(past), params, page)
    inside = "\n".join(
        put_together({**one.tags, "batch": "b"}, one.prefix, *one.words)
        for one in found
    )
    return lines_of(
        f":irc.host BATCH +b chathistory {params[1]}\n{inside}\n:irc.host BATCH -b"
    )


def searched(
    known: wire.Known, past: Sequence[Past], page: int
) -> tuple[wire.Missed, int]:
    """Ask for everything; return what was found, and after how many requests."""
    asking = wire.History(known, SINCE)
    requests = asking.joined("#rooks")
    while requests:
        [request] = requests
        requests = []
        for line in answered(request, past, page):
            replies = asking.hear(line)
            assert replies is not None
            requests += replies
    assert not asking.busy
    [missed] = asking.take()
    return missed, asking.requests


def texts(missed: wire.Missed) -> list[str]:
    return [line.param(-1) for line in missed.lines]


def test_the_lines_of_the_specification() -> None:
    """github.com/ircv3/ircv3-specifications, extensions/chathistory.md, "Examples"."""
    asking = wire.History(known_with(), "2019-01-04T14:33:26.123Z")
    [asked] = asking.joined("#channel")
    assert (
        asked == "CHATHISTORY LATEST #channel timestamp=2019-01-04T14:33:26.123Z :100"
    )
    told = lines_of(
        ":irc.host BATCH +ID chathistory #channel\n"
        "@batch=ID;msgid=1234;time=2019-01-04T14:33:27.123Z :nick!ident@host PRIVMSG #channel :message\n"
        "@batch=ID;msgid=1235;time=2019-01-04T14:33:28.123Z :nick!ident@host NOTICE #channel :message\n"
        "@batch=ID;msgid=1236;time=2019-01-04T14:33:29.123Z :nick!ident@host PRIVMSG #channel :\x01ACTION message\x01\n"
        ":irc.host BATCH -ID"
    )
    *before, last = [asking.hear(line) for line in told]
    assert before == [[]] * 4
    assert last == ["CHATHISTORY BEFORE #channel msgid=1234 :1"]
    for line in lines_of(
        ":irc.host BATCH +ID chathistory #channel\n:irc.host BATCH -ID"
    ):
        assert asking.hear(line) == []
    [missed] = asking.take()
    assert [line.command for line in missed.lines] == ["PRIVMSG", "NOTICE", "PRIVMSG"]
    assert not missed.cut


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (
            "FAIL CHATHISTORY INVALID_TARGET LATEST #channel :Messages could not be retrieved",
            "Messages could not be retrieved (INVALID_TARGET)",
        ),
        (
            "FAIL CHATHISTORY MESSAGE_ERROR LATEST #channel :Messages could not be retrieved",
            "Messages could not be retrieved (MESSAGE_ERROR)",
        ),
        (":irc.host 421 rook CHATHISTORY :Unknown command", "Unknown command (421)"),
    ],
)
def test_a_refusal_is_the_end_of_one_channel(line: str, why: str) -> None:
    asking = wire.History(known_with(), SINCE)
    asking.joined("#channel")
    assert asking.joined("#other") == []
    [refusal] = lines_of(line)
    replies = asking.hear(refusal)
    assert replies == [f"CHATHISTORY LATEST #other timestamp={SINCE} :100"]
    [missed] = asking.take()
    assert (missed.channel, missed.lines, missed.why) == ("#channel", [], why)


def test_what_comes_too_late_is_not_taken_for_new() -> None:
    """It may be what was heard before."""
    asking = wire.History(known_with(), SINCE)
    [asked] = asking.joined("#rooks")
    assert asking.give_up("no answer came") == []
    late = answered(asked, [said(11)], 10)
    assert [asking.hear(line) for line in late] == [[], [], []]
    assert [(one.lines, one.why) for one in asking.take()] == [([], "no answer came")]
    [live] = lines_of(":ann!ann@away.test PRIVMSG #rooks :number 12")
    assert asking.hear(live) is None


def test_what_a_bot_has_asked_for_is_left_to_it() -> None:
    asking = wire.History(known_with(), SINCE)
    asking.joined("#rooks")
    begun, line = lines_of(
        "@label=k1 :s BATCH +b chathistory #rooks\n@batch=b;msgid=x :a!b@c PRIVMSG #rooks :y"
    )
    assert asking.hear(begun) is None
    assert asking.hear(line) is None
    assert asking.busy


@pytest.mark.parametrize("since", ["", "nonsense"])
def test_who_was_never_there_has_missed_nothing(since: str) -> None:
    assert wire.History(known_with(), since).joined("#rooks") == []


def test_a_channel_is_asked_for_once_in_a_connection() -> None:
    asking = wire.History(known_with(), SINCE)
    assert asking.joined("#Rooks")
    assert asking.joined("#rooks") == []


@pytest.mark.parametrize("without", sorted(FULL))
def test_it_is_not_asked_for_where_lines_could_not_be_told_apart(without: str) -> None:
    offered = dict.fromkeys(sorted(FULL), "")
    assert CAP in Capabilities(offered).to_request(sasl=False)
    del offered[without]
    assert CAP not in Capabilities(offered).to_request(sasl=False)
    known = known_with(caps=FULL - {without})
    assert wire.History(known, SINCE).joined("#rooks") == []


PEOPLE = st.sampled_from(["ann!ann@away.test", "bob!bob@away.test", US])


@given(
    st.lists(PEOPLE, max_size=40),
    st.integers(1, 12),
    st.sampled_from(["", "MSGREFTYPES=msgid,timestamp", "MSGREFTYPES=timestamp"]),
)
def test_all_that_was_missed_is_found_once_and_in_order(
    people: list[str], page: int, kinds: str
) -> None:
    past = [said(number, who) for number, who in enumerate(people)]
    known = known_with(f"CHATHISTORY={page} {kinds}")
    missed, requests = searched(known, past, page)
    newer = [one for one in past if one.tags["time"] > SINCE]
    wanted = [one.words[-1] for one in newer if one.prefix != US]
    assert texts(missed) == wanted
    assert (missed.cut, missed.why) == (False, "")
    assert requests <= len(newer) // page + 2


@given(st.integers(0, 60), st.integers(1, 12))
def test_what_is_too_much_is_given_up_from_its_old_end(count: int, page: int) -> None:
    past = [said(11 + number) for number in range(count)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history, "MAX_LINES", 20)
        missed, _ = searched(known_with(), past, page)
    assert texts(missed) == [one.words[-1] for one in past[-20:]]
    assert missed.cut is (count >= 20)


def test_a_line_that_nobody_could_know_again_is_left_out() -> None:
    past = [said(11), said(12, msgid=""), said(13)]
    missed, _ = searched(known_with(), past, 2)
    assert texts(missed) == ["number 11", "number 13"]


def test_the_newest_line_that_was_heard_before_is_not_told_again() -> None:
    asking = wire.History(known_with(), SINCE)
    asking.joined("#rooks")
    told = "\n".join(
        put_together({**one.tags, "batch": "b"}, one.prefix, *one.words)
        for one in (said(10), said(11))
    )
    for line in lines_of(f":s BATCH +b chathistory #rooks\n{told}\n:s BATCH -b"):
        assert asking.hear(line) == []
    assert texts(*asking.take()) == ["number 11"]


def test_a_server_that_tells_the_same_again_and_again_is_left_alone() -> None:
    asking = wire.History(known_with(), SINCE)
    [asked] = asking.joined("#rooks")
    told = answered(asked, [said(11)], 10)
    again = [reply for line in told for reply in asking.hear(line) or []]
    assert again
    assert [reply for line in told for reply in asking.hear(line) or []] == []
    [missed] = asking.take()
    assert texts(missed) == ["number 11"]
    assert missed.cut, "what was before it nobody has told"


# --- servers that misbehave -------------------------------------------------------------


def begun(known: wire.Known | None = None) -> wire.History:
    asking = wire.History(known or known_with(), SINCE)
    assert asking.joined("#rooks")
    return asking


def hears(asking: wire.History, text: str) -> list[list[str] | None]:
    return [asking.hear(line) for line in lines_of(text)]


def told_in(ref: str, *past: Past) -> str:
    return "\n".join(
        put_together({**one.tags, "batch": ref}, one.prefix, *one.words) for one in past
    )


def test_a_page_that_never_ends_is_left_alone() -> None:
    asking = begun()
    hears(asking, ":s BATCH +b chathistory #rooks")
    for number in range(history.MAX_LINES + 1):
        assert hears(asking, told_in("b", said(11 + number))) == [[]]
    assert not asking.busy
    [missed] = asking.take()
    assert missed.why
    assert hears(asking, f"{told_in('b', said(9))}\n:s BATCH -b") == [[], []]


def test_batches_that_never_end_are_forgotten() -> None:
    asking = begun()
    for number in range(10_000):
        hears(asking, f":s BATCH +b{number} chathistory #rooks")
    assert len(asking._batches) <= history.MAX_BATCHES


def test_a_server_that_moves_us_about_is_not_asked_for_ever() -> None:
    asking = begun()
    for number in range(history.MAX_CHANNELS + 10):
        asking.joined(f"#{number}")
    assert len(asking._waiting) < history.MAX_CHANNELS


def test_what_is_in_a_batch_within_a_page_is_not_taken_for_new() -> None:
    asking = begun()
    text = (
        ":s BATCH +b chathistory #rooks\n"
        "@batch=b;msgid=x;time=2026-11-26T00:00:11.000Z :a!b@c BATCH +in draft/multiline #rooks\n"
        "@batch=in :a!b@c PRIVMSG #rooks :half\n"
        ":s BATCH -in\n"
        f"{told_in('b', said(12))}\n"
        ":s BATCH -b"
    )
    *before, last = hears(asking, text)
    assert before == [[]] * 5
    assert last, "the page has ended, and one before it is asked for"


@pytest.mark.parametrize(
    "line",
    [
        "@label=k1 :s FAIL CHATHISTORY INVALID_PARAMS LATEST #rooks :No",
        "@label=k1 :s 263 rook CHATHISTORY :Wait",
    ],
)
def test_a_refusal_of_what_a_bot_has_asked_for_is_none_of_ours(line: str) -> None:
    asking = begun()
    assert hears(asking, line) == [None]
    assert asking.busy


def test_what_a_bot_was_told_in_a_batch_of_batches_is_none_of_ours() -> None:
    asking = begun()
    text = (
        "@label=k1 :s BATCH +l labeled-response\n"
        "@batch=l :s BATCH +b chathistory #rooks\n"
        f"{told_in('b', said(12))}"
    )
    assert hears(asking, text) == [None, None, None]


def test_a_late_refusal_of_one_channel_costs_no_other() -> None:
    asking = begun()
    asking.joined("#other")
    assert asking.give_up("no answer came")
    assert hears(asking, "FAIL CHATHISTORY MESSAGE_ERROR LATEST #Rooks :No") == [[]]
    assert asking.busy


def test_what_we_said_under_another_nick_is_ours() -> None:
    """We have been `rook_`, and services call us something else by now."""
    known = known_with()
    known.nick, known.mask = "Guest1", "rook@host.test"
    past = [
        said(11, US),
        said(12, "rook_!rook@host.test"),
        said(13, "Guest1!rook@host.test"),
        said(14, "rook!ann@away.test"),
        said(15, "ann!rook@host.test"),
    ]
    missed, _ = searched(known, past, 10)
    assert texts(missed) == ["number 14", "number 15"]


@pytest.mark.parametrize("time", ["", "nonsense", "0000-01-01T00:00:00.000Z"])
def test_a_line_without_a_time_is_not_the_end(time: str) -> None:
    asking = begun(known_with("CHATHISTORY=2"))
    text = (
        ":s BATCH +b chathistory #rooks\n"
        f"{told_in('b', said(13, time=time), said(14))}\n"
        ":s BATCH -b"
    )
    assert hears(asking, text)[-1] == ["CHATHISTORY BEFORE #rooks msgid=m14 :2"]


def test_a_message_id_that_cannot_be_said_is_the_end_of_one_channel() -> None:
    asking = begun()
    text = (
        ":s BATCH +b chathistory #rooks\n"
        f"{told_in('b', said(13, msgid='no id'))}\n"
        ":s BATCH -b"
    )
    assert hears(asking, text)[-1] == []
    assert not asking.busy
    assert [(texts(one), one.cut) for one in asking.take()] == [(["number 13"], True)]


@pytest.mark.parametrize("channel", ["#a b", "#" + "a" * 600])
def test_a_channel_that_cannot_be_named_is_not_asked_for(channel: str) -> None:
    asking = begun()
    assert asking.joined(channel) == []
    assert asking.give_up("no answer came") == []


def test_a_server_that_is_silent_twice_is_not_asked_again() -> None:
    """What is new waits meanwhile."""
    asking = begun()
    for number in range(50):
        asking.joined(f"#{number}")
    assert asking.give_up("no answer came")
    assert asking.give_up("no answer came") == []
    asking.joined("#late")
    assert not asking.busy
    assert len(asking.take()) == 52
