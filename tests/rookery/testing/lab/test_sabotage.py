"""Whoever breaks a platform is noticed, by the case that is about it, and told how."""

from __future__ import annotations

import pytest

from rookery.testing.lab import Case, NotConforming, prove
from tests.rookery.testing.lab.sabotaged import whole
from tests.rookery.testing.lab.sabotaged.table import ALONE, BROKEN, peer_of
from tests.rookery.testing.lab.sabotaged.whole import Tiny


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_what_is_whole_conforms(case: Case) -> None:
    assert not prove(whole.Whole, case)


@pytest.mark.parametrize(
    ("case", "platform", "saw"),
    BROKEN,
    ids=[f"{case.name.lower()}-{platform.__name__}" for case, platform, _ in BROKEN],
)
def test_what_is_broken_does_not(case: Case, platform: type[Tiny], saw: str) -> None:
    with pytest.raises(NotConforming) as failed:
        prove(peer_of(platform), case)
    assert failed.value.case is case
    told = str(failed.value)
    assert told.startswith(f"{case.name}: {case.value}; but ")
    assert saw in told


def test_every_case_notices_something_that_no_other_does() -> None:
    """`python -m tests.rookery.testing.lab.sabotaged` tries each of them on all cases."""
    assert set(ALONE) == set(Case)
    assert set(ALONE.items()) <= {(case, platform) for case, platform, _ in BROKEN}


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_and_that_is_whole_where_another_looks(case: Case) -> None:
    another = Case.CUT if case is Case.TALKS else Case.TALKS
    assert not prove(peer_of(ALONE[case]), another)
