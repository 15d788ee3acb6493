"""Every codec can be fuzzed at any time: its entry runs, and what is broken is JSON still."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.damage import damaged
from tests.fuzz.targets import TARGETS
from tests.meta.sources import ROOT


@pytest.mark.parametrize("name", TARGETS)
def test_what_it_starts_from_survives(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name].survives(seed)


def test_every_codec_has_an_entry() -> None:
    wires = {path.parent.name for path in ROOT.glob("platforms/*/wire*")}
    assert wires <= set(TARGETS)


@given(
    st.sampled_from([0, "a", [], {}, {"a": [1, "x"], "b": {"c": None}}]), st.integers()
)
def test_what_is_damaged_is_json_still(value: object, seed: int) -> None:
    before = json.dumps(value)
    random, broken = Random(seed), json.loads(before)
    for _ in range(5):
        broken = damaged(broken, random)
    json.dumps(broken)
    assert json.dumps(value) == before
