"""The decision core, and the real supervisor, against what the real Erlang/OTP did."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.otp.compare import first_difference
from tests.otp.records import CASES, CORPUS, recorded
from tests.otp.replay import replay_acted, replay_pure
from tests.otp.terms import Script

RECORDS = [*recorded(CORPUS), *recorded(CASES)]


def kind_of(record: Script) -> str:
    name: str = record["name"]
    return "case" if name.startswith("case-") else name.rsplit("-", maxsplit=1)[-1]


def test_the_corpus_is_whole() -> None:
    assert len(RECORDS) == 609 + 6
    assert len({record["name"] for record in RECORDS}) == len(RECORDS)


@pytest.mark.parametrize("replay", [replay_pure, replay_acted])
@pytest.mark.parametrize("kind", sorted({kind_of(r) for r in RECORDS}))
def test_every_recorded_scenario_replays_exactly(
    kind: str, replay: Callable[[Script], str]
) -> None:
    """S1: event by event, reply by reply, tree by tree: the core, and the real supervisor."""
    mine = [r for r in RECORDS if kind_of(r) == kind]

    assert {r["name"]: d for r in mine if (d := replay(r))} == {}


def test_a_difference_is_found_and_named() -> None:
    record: Script = json.loads(json.dumps(RECORDS[0]))
    record["trace"][1]["events"][0][2] += 1

    assert "step 1" in replay_pure(record)
    assert first_difference(RECORDS[0], RECORDS[0]["trace"]) == ""
