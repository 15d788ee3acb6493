"""The suite as pytest runs it."""

from __future__ import annotations

from typing import ClassVar

import pytest

from rookery.testing.lab.conformance.proving import prove
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.values import Case


class Conformance:
    """Extend it in a test module, and say whose `peer` it is.

    Plain functions, each with a run of trio and a virtual clock of its own: no plugin for
    asynchronous tests is needed, and none disturbs it.
    """

    peer: ClassVar[type[Peer]]

    @pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
    def test_conforms(self, case: Case, rookery_seed: int) -> None:
        """What `Case` says must hold; one that the protocol cannot do is skipped."""
        excuse = prove(self.peer, case, seed=rookery_seed)
        if excuse:
            pytest.skip(f"the protocol cannot: {excuse}")
