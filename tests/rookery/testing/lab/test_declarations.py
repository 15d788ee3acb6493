"""What a peer declares impossible is believed only as far as it can be checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from attrs import evolve

from rookery.testing.lab import Case, Peer, prove
from rookery.testing.lab.conformance import WrongDeclaration
from tests.fakes.tinychat.peer import TinyPeer
from tests.rookery.testing.lab.sabotaged import lines
from tests.rookery.testing.lab.sabotaged.table import peer_of
from tests.rookery.testing.lab.sabotaged.whole import Tiny, TinySlowPeer


def declaring(cannot: Mapping[Case, str], platform: type[Any] = Tiny) -> type[Peer]:
    return type("Declaring", (TinySlowPeer,), {"kind": platform, "cannot": cannot})


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_only_what_is_a_matter_of_the_protocol_may_be_declared(case: Case) -> None:
    protocol = "REDELIVERS", "REORDERS", "GAP", "TOO_MANY", "BAD_TOKEN"
    if case.name not in protocol:
        with pytest.raises(WrongDeclaration, match="only what is a matter"):
            prove(declaring({case: "it is hard"}), Case.TALKS)


def test_a_reason_is_given() -> None:
    with pytest.raises(WrongDeclaration, match="must say why it cannot GAP"):
        prove(declaring({Case.GAP: " "}), Case.TALKS)


def test_what_holds_after_all_is_not_declared() -> None:
    with pytest.raises(
        WrongDeclaration, match="but it holds: a number that is missing"
    ):
        prove(declaring({Case.GAP: "nobody counts"}), Case.GAP)


def test_who_resumes_is_told_again() -> None:
    with pytest.raises(WrongDeclaration, match="caps says that it resumes"):
        prove(declaring({Case.REDELIVERS: "never"}), Case.TALKS)


def test_who_keeps_a_cursor_is_told_again() -> None:
    class Modest(Tiny):
        caps = evolve(Tiny.caps, resumes=False)

    with pytest.raises(WrongDeclaration, match=r"keeps a cursor \('6'\)"):
        prove(declaring({Case.REDELIVERS: "never"}, Modest), Case.GAP)


def test_what_is_told_again_is_promised() -> None:
    class Modest(Tiny):
        caps = evolve(Tiny.caps, resumes=False)

    with pytest.raises(AssertionError, match=r"caps\.resumes says that nothing is"):
        prove(declaring({}, Modest), Case.REDELIVERS)


def test_a_key_that_is_promised_is_known() -> None:
    class Keyless(TinyPeer):
        async def hears(self, room: int, text: str, key: str | None = None) -> None:
            await super().hears(room, text)

    with pytest.raises(AssertionError, match="the peer was told no key"):
        prove(Keyless, Case.CUT)


def test_a_key_that_is_known_is_promised() -> None:
    class Modest(Tiny):
        caps = evolve(Tiny.caps, idempotent_for=0.0)

    class Knowing(TinyPeer):
        kind = Modest

    with pytest.raises(AssertionError, match="says that it knows none"):
        prove(Knowing, Case.CUT)


def test_a_peer_that_never_refuses_is_asked_to() -> None:
    polite: type[Peer] = type("Polite", (TinyPeer,), {"cannot": {}})
    with pytest.raises(AssertionError, match=r"must ask `refusal\(\)` before"):
        prove(polite, Case.TOO_MANY)


def test_what_cannot_be_is_told_with_its_reason() -> None:
    assert prove(TinyPeer, Case.TOO_MANY) == "TinyChat has no word for it"


def test_a_declared_case_may_fail_in_its_own_way_only() -> None:
    """A platform that is broken elsewhere is not excused by a declaration."""
    with pytest.raises(AssertionError):
        prove(peer_of(lines.Mute), Case.TALKS)
