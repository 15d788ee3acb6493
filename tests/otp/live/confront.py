"""Ours against the real one, scenario by scenario."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from enum import Enum

from attrs import frozen

from tests.otp.live.oracle import answers
from tests.otp.replay import replay
from tests.otp.terms import Json, Script

ASKED_AGAIN = 2


class Verdict(Enum):
    """What came of a scenario."""

    AGREE = "agree"
    DIFFER = "differ"
    ASIDE = "set aside"
    """OTP contradicts itself there: in two runs, or by its own miscount."""


@frozen
class Confronted:
    """A scenario that both have played."""

    record: Script
    verdict: Verdict
    why: str = ""


def confront(scenarios: Sequence[Script]) -> Generator[Confronted]:
    """Yield what came of each, in order; a difference only if OTP stays by its answer."""
    with closing(answers(scenarios)) as told:
        for scenario, answer in zip(scenarios, told, strict=True):
            yield _confronted(scenario, answer)


def _confronted(scenario: Script, answer: Json) -> Confronted:
    record = record_of(scenario, answer)
    if is_miscounted(record["trace"]):
        return Confronted(record, Verdict.ASIDE, "OTP miscounts")
    difference = difference_of(record)
    if not difference:
        return Confronted(record, Verdict.AGREE)
    again = list(answers([scenario] * ASKED_AGAIN))
    if any(record_of(scenario, other) != record for other in again):
        return Confronted(record, Verdict.ASIDE, "OTP does otherwise when asked again")
    return Confronted(record, Verdict.DIFFER, difference)


def record_of(scenario: Script, answer: Json) -> Script:
    """Return a record as a corpus holds it; without a trace if OTP could not play it."""
    return {
        "name": scenario["name"],
        "scenario": scenario,
        "trace": answer.get("trace", []),
    }


def difference_of(record: Script) -> str:
    """Return the first difference of the core, or of the real supervisors, or `""`."""
    if not record["trace"]:
        return "OTP could not play it"
    for pure in (True, False):
        difference = replay(record, pure=pure)
        if difference:
            return f"{'core' if pure else 'acted'}: {difference}"
    return ""


def is_miscounted(trace: list[Json]) -> bool:
    """Tell whether OTP's own bug shows.

    A simple_one_for_one supervisor that was told to terminate a child being restarted
    reports one `active` too few from then on.
    """
    return any(
        shown["count"][1]
        != sum(isinstance(state, int) for _, state in shown["children"])
        for entry in trace
        for shown in entry["tree"].values()
    )
