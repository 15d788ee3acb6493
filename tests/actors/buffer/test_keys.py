"""Idempotency keys: equal for the same reply, different for any other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.buffer import notice_key, part_key, reply_key

names = st.text(max_size=8)
parts = st.tuples(
    names,
    st.integers(0, 2**63),
    names,
    names,
    names,
    st.integers(0, 9) | names,
    st.integers(0, 3),
)


def key_of(p: tuple[str, int, str, str, str, int | str, int]) -> str:
    whole = reply_key(p[0], p[1], bot=p[2], handler=p[3], target=p[4], mark=p[5])
    return part_key(whole, p[6])


@given(parts, parts)
def test_keys_are_equal_exactly_for_the_same_reply(
    one: tuple[str, int, str, str, str, int | str, int],
    other: tuple[str, int, str, str, str, int | str, int],
) -> None:
    """Law 5: the ordinal 1 and `key="1"` are two replies, too."""
    assert (key_of(one) == key_of(other)) == (one == other)
    assert len(key_of(one)) <= 25
    assert key_of(one).isalnum()


def test_keys_do_not_change_between_releases() -> None:
    """A journal that is read by a newer version must find its replies again."""
    key = reply_key("j", 7, bot="demo", handler="ping", target="qq/1/group:2", mark=0)
    assert key == "00000007c82e77283985b02e"
    assert notice_key("abc") == "0a45e3be24362b5d0a4bfa05"
    assert part_key(key, 0) == key
    assert part_key(key, 1) == "b8bfd22627d0d4f30c82a556"


@given(st.integers(0, 2**32 - 2))
def test_replies_to_what_came_together_stand_together(row: int) -> None:
    """In the file's index of keys: what is written in one commit dirties few pages."""
    one, next_one = (
        reply_key("j", each, bot="b", handler="h", target="t", mark=0)
        for each in (row, row + 1)
    )
    assert one < next_one
    assert int(one[:8], 16) == row
