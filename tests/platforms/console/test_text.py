"""Bytes of a terminal in, lines out."""

import re

from hypothesis import given
from hypothesis import strategies as st

from platforms.console.text import MAX_LINE_BYTES, Lines, printable


@given(st.binary(max_size=200), st.lists(st.integers(0, 200)))
def test_lines_do_not_depend_on_how_the_bytes_arrive(
    data: bytes, cuts: list[int]
) -> None:
    whole = Lines()
    expected = [*whole.feed(data), *whole.end()]
    torn, got, at = Lines(), list[str](), 0
    for cut in [*sorted(cuts), len(data)]:
        got += torn.feed(data[at:cut])
        at = max(at, min(cut, len(data)))
    assert [*got, *torn.end()] == expected
    assert all(line == line.strip() != "" for line in expected)


def test_a_line_without_an_end_is_still_said() -> None:
    lines = Lines()
    assert list(lines.feed("/ping\r\n\n/echo 你".encode())) == ["/ping"]
    assert list(lines.feed("好".encode())) == []
    assert list(lines.end()) == ["/echo 你好"]
    assert list(lines.end()) == []


def test_input_without_an_end_does_not_eat_the_memory() -> None:
    lines = Lines()
    got = [line for _ in range(100) for line in lines.feed(b"x" * 10_000)]
    assert {len(line) for line in got} == {MAX_LINE_BYTES}
    assert sum(map(len, got)) + len("".join(lines.end())) == 1_000_000


@given(st.text())
def test_nothing_that_is_printed_drives_the_terminal(text: str) -> None:
    shown = printable(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown)
    assert printable(shown) == shown


def test_text_stays_text() -> None:
    assert printable("a\r\nb\tc 你好 🐦") == "a\nb\tc 你好 🐦"
    assert "\x1b" not in printable("\x1b[2J\x1b]0;owned\x07")
