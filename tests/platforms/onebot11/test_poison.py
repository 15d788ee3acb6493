"""One frame that nobody can read: it costs itself, or only what is wrong in it."""

from __future__ import annotations

import json

import pytest

from platforms.onebot11.wire import Event, Fault, FaultKind, decode, to_inbound
from tests.platforms.onebot11.test_fuzz import OBJECTS
from tests.platforms.poison import HOLES, POISON, poisoned


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_any_field_of_a_message_may_hold_poison(poison: str | bytes) -> None:
    said = next(each for each in OBJECTS if each.get("post_type") == "message")
    for key in said:
        decoded = decode(poisoned(json.dumps({**said, key: "POISON"}), poison))
        if poison in HOLES.values():
            assert isinstance(decoded, Fault)
            assert decoded.kind is FaultKind.TOO_DEEP
        elif key != "post_type":
            assert isinstance(decoded, Event)
            to_inbound(decoded, "1")
