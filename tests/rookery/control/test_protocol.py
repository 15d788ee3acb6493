"""The words of the control socket."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Repair
from rookery.control import (
    MAX_LISTED,
    BeginChaos,
    CompactJournal,
    CountLetters,
    DoLetters,
    HealChaos,
    Journal,
    Lanes,
    LetterKind,
    ListLetters,
    ListOutbox,
    LookAtChaos,
    Platforms,
    Refused,
    Reload,
    RepairOutbox,
    Request,
    Schedules,
    Send,
    ShowLetter,
    ShowOutbox,
    State,
    Tree,
    decode_answer,
    decode_request,
    encode_refusal,
    encode_request,
    encode_result,
)

texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
names = st.lists(texts.filter(bool), min_size=1, max_size=4).map(tuple)
requests = (
    st.sampled_from(
        [
            Tree(),
            Platforms(),
            Schedules(),
            Lanes(),
            Reload(),
            Journal(),
            CompactJournal(),
        ]
    )
    | st.builds(Tree, path=texts, all=st.booleans())
    | st.builds(Send, address=st.just("qq/10001/group:42"), text=texts.filter(bool))
    | st.builds(
        BeginChaos,
        campaign=texts,
        plan=texts,
        seconds=st.none() | st.floats(0.001, 1e6),
    )
    | st.builds(LookAtChaos, campaign=texts)
    | st.builds(HealChaos, campaign=texts)
    | st.builds(
        ListOutbox,
        states=st.lists(st.sampled_from(get_args(State))).map(tuple),
        platform=st.none() | texts,
        account=st.none() | texts,
        after=st.integers(0, 2**63 - 1),
        limit=st.integers(1, MAX_LISTED),
    )
    | st.builds(ShowOutbox, key=texts.filter(bool))
    | st.builds(
        RepairOutbox, repair=st.sampled_from(Repair), keys=names, message_id=texts
    )
    | st.builds(
        ListLetters,
        kinds=st.lists(st.sampled_from(get_args(LetterKind))).map(tuple),
        after=texts,
        limit=st.integers(1, MAX_LISTED),
    )
    | st.builds(ShowLetter, id=texts.filter(bool))
    | st.builds(DoLetters, deed=st.sampled_from(["retry", "discard"]), ids=names)
    | st.just(CountLetters())
)


@given(requests)
def test_a_request_comes_out_as_it_went_in(request: Request) -> None:
    line = encode_request(request)

    assert line.count(b"\n") == 1
    assert decode_request(line) == request


@given(
    st.binary(max_size=60)
    | st.sampled_from(
        [
            b"null",
            b"[]",
            b"{}",
            b'{"op": 5}',
            b'{"op": "stop"}',
            b'{"op": "tree", "more": 1}',
            b'{"op": "tree", "path": 1}',
            b'{"op": "tree", "all": 1}',
            b'{"op": "send", "address": "qq/1/group:2"}',
            b'{"op": "send", "address": "here", "text": "x"}',
            b'{"op": "send", "address": "qq/1/group:2", "text": 5}',
            b'{"op": "chaos", "campaign": "1", "plan": ""}',
            b'{"op": "chaos", "campaign": "1", "plan": "", "seconds": true}',
            b'{"op": "chaos", "campaign": "1", "plan": "", "seconds": 0}',
            b'{"op": "chaos_heal"}',
            b'{"op": "outbox_list", "states": ["lost"]}',
            b'{"op": "outbox_list", "limit": 0}',
            b'{"op": "outbox_list", "limit": 1001}',
            b'{"op": "outbox_list", "after": -1}',
            b'{"op": "outbox_show"}',
            b'{"op": "outbox_repair", "repair": "retry", "keys": []}',
            b'{"op": "outbox_repair", "repair": "forget", "keys": ["a"]}',
            b'{"op": "dead_letters_list", "more": 1}',
            b'{"op": "dead_letters_do", "deed": "mark-sent", "ids": ["in-1"]}',
            b"[" * 5000,
        ]
    )
)
def test_what_is_no_request_is_refused_in_words(line: bytes) -> None:
    with pytest.raises(Refused) as refused:
        decode_request(line)

    assert refused.value.kind == "bad_request"
    assert "must" in refused.value.message


@given(st.dictionaries(texts, texts | st.integers(0, 9), max_size=3))
def test_a_result_comes_out_as_it_went_in(result: dict[str, object]) -> None:
    assert decode_answer(encode_result(result)) == result


@given(st.builds(Refused, kind=texts, message=texts))
def test_a_refusal_comes_out_as_it_went_in(refused: Refused) -> None:
    with pytest.raises(Refused) as raised:
        decode_answer(encode_refusal(refused))

    assert (raised.value.kind, raised.value.message) == (refused.kind, refused.message)


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"ok": 1}', b'{"ok": true}'])
def test_what_is_no_answer_is_said_to_be_none(line: bytes) -> None:
    with pytest.raises(Refused, match="no answer"):
        decode_answer(line)


def test_there_must_be_something_to_say() -> None:
    with pytest.raises(Refused, match="a text to say"):
        decode_request(encode_request(Send("qq/1/group:2", "")))


def test_an_answer_goes_out_though_an_error_holds_half_a_character() -> None:
    fault = "bots.x: ValueError: \ud800!"

    assert decode_answer(encode_result({"problems": [fault]})) == {
        "problems": ["bots.x: ValueError: ?!"]
    }
    with pytest.raises(Refused, match=r"x\?y"):
        decode_answer(encode_refusal(Refused("bad_config", "x\udfffy")))
