"""The laws themselves: what they let pass, and what they do not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.laws import Books, Went, everything_to_say_is_settled
from rookery.testing.hostsim.servers import Books as Seen
from rookery.testing.hostsim.servers import Server


def judged(*, detail: str, ends: list[float]) -> list[str]:
    """Return what the law finds in a message that was heard, and is called unknown."""
    seen = Seen(texts={"hello": 1})
    server = cast("Server", SimpleNamespace(books=seen))
    diary = cast("Diary", SimpleNamespace(ends=ends))
    row = Went(
        seq=1,
        key="key",
        state="unknown",
        detail=detail,
        expires_at=0.0,
        platform="north",
        chat="group:1",
        text="hello",
    )
    books = Books(diary, {"north": server}, [], [row], left_at=0.0)
    return list(everything_to_say_is_settled(books))


@pytest.mark.parametrize(
    "detail",
    [
        "the process ended before the answer came",
        # It came back, and was told to wait until the platform had forgotten its key.
        "an earlier attempt may have gone out",
    ],
)
def test_what_nobody_saw_the_end_of_may_stay_unknown(detail: str) -> None:
    """But only where somebody who could have seen it did end."""
    assert judged(detail=detail, ends=[1.0]) == []
    assert judged(detail=detail, ends=[]) != []


def test_nothing_is_unknown_for_no_reason() -> None:
    assert judged(detail="who knows", ends=[1.0]) != []
