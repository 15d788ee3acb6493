"""Markdown as plain text: what a person reads stays, its markup goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.base.forms import plain

CASES = {
    "heading": ("# Weather\n\nIt is **fine** and *warm*.", "Weather\n\nIt is fine and warm."),
    "code in a line": ("run `make test` now", "run make test now"),
    "fence": ("see:\n\n```python\ndef f():\n    return 1\n```", "see:\n\ndef f():\n    return 1"),
    "link": ("[the docs](https://a.b/c)", "the docs (https://a.b/c)"),
    "bare link": ("<https://a.b/c>", "https://a.b/c"),
    "mail": ("<ann@x.org>", "ann@x.org"),
    "image": ("![a rook](https://x/y.png)", "[image a rook] https://x/y.png"),
    "list": ("- one\n- two\n  - three", "• one\n• two\n  • three"),
    "numbers": ("3. c\n4. d", "3. c\n4. d"),
    "loose list": ("- one\n\n- two", "• one\n\n• two"),
    "quotation": ("> said\n> he", "> said\n> he"),
    "rule": ("a\n\n---\n\nb", "a\n\n———\n\nb"),
    "struck": ("~~no~~ yes", "no yes"),
    "escaped": (r"2 \* 3 \* 4", "2 * 3 * 4"),
    "entity": ("a &amp; b", "a & b"),
    "html is text": ("<b>x</b>", "<b>x</b>"),
    "lines": ("a\nb  \nc", "a\nb\nc"),
}  # fmt: skip


@pytest.mark.parametrize(("given", "told"), CASES.values(), ids=list(CASES))
def test_markup_goes_and_words_stay(given: str, told: str) -> None:
    assert plain(given) == told


def test_a_narrow_table_keeps_its_columns_also_in_chinese() -> None:
    table = "| 城市 | °C |\n| --- | --- |\n| 上海 | 21 |\n| Bern | **9** |"
    assert plain(table).splitlines() == [
        "城市 | °C",
        "-----+---",
        "上海 | 21",
        "Bern | 9",
    ]


def test_a_wide_table_becomes_a_list_of_its_rows() -> None:
    wide = "x" * 30
    table = f"| name | what it is |\n| --- | --- |\n| {wide} | {wide} |\n| b | c |"
    assert plain(table) == (
        f"name: {wide}\nwhat it is: {wide}\n\nname: b\nwhat it is: c"
    )


@given(st.text(alphabet="ab*_`#>|-~[]()!\n 1.<&\\", max_size=80) | st.text(max_size=40))
def test_any_text_at_all_can_be_told(text: str) -> None:
    """Whatever an author, or a model that writes for him, takes for markdown."""
    assert isinstance(plain(text), str)


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=8))
def test_words_are_never_lost(words: list[str]) -> None:
    marked = "\n\n".join(f"- **{word}** `{word}` [{word}](http://x)" for word in words)
    told = plain(marked)
    assert [told.count(word) >= 3 for word in words] == [True] * len(words)
