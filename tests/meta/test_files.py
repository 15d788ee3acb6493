"""Habits that a reviewer should not have to look for."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

from tests.meta.sources import FILES, ROOT, TESTS, docstrings, name_of

MAX_LINES = 350
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
_LESSON = re.compile(r"[A-E]\d\d")
# What looks like an attempt at one: a letter and some digits, in any spelling.
_LIKE_A_LESSON = re.compile(r"\b[A-Za-z][- ]?\d{1,3}\b")


def test_a_file_can_be_read_in_one_sitting() -> None:
    lines = {name_of(file): len(file.read_text("utf-8").splitlines()) for file in FILES}
    assert {name: n for name, n in lines.items() if n > MAX_LINES} == {}


def comments(file: Path) -> list[str]:
    tokens = tokenize.generate_tokens(io.StringIO(file.read_text("utf-8")).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def test_nothing_is_put_off() -> None:
    said = [
        (name_of(file), text)
        for file in FILES
        for text in comments(file) + docstrings(file)
    ]
    assert [(name, text) for name, text in said if _UNFINISHED.search(text)] == []


def test_a_silenced_rule_is_named() -> None:
    nameless = [
        (name_of(file), comment)
        for file in (*FILES, *TESTS)
        for comment in comments(file)
        if ("noqa" in comment and not re.search(r"noqa: [A-Z]+\d+", comment))
        or ("type: ignore" in comment and not re.search(r"ignore\[[\w-]+", comment))
    ]
    assert nameless == []


def test_lessons_are_named_in_one_way() -> None:
    """An id is a letter from A to E and two digits; a list of them holds nothing else."""
    malformed = [
        (name_of(file), listed)
        for file in TESTS
        for docstring in docstrings(file)
        for listed in listed_ids(docstring)
        if not _LESSON.fullmatch(listed)
    ]
    assert malformed == []


def listed_ids(docstring: str) -> list[str]:
    """Return the ids of a trailing `(A01, A02)`, `A01.` or `A01:` at the beginning."""
    found = re.findall(
        rf"(?:^|[(\n. ])((?:{_LIKE_A_LESSON.pattern})(?:, (?:{_LIKE_A_LESSON.pattern}))*)[):.]",
        docstring,
    )
    return [one for group in found for one in group.split(", ") if looks_meant(one)]


def looks_meant(word: str) -> bool:
    """An id of the lessons, or one letter off; not `v2`, `m1` or `T17`, which are others."""
    return bool(re.fullmatch(r"[A-Ea-e][- ]?\d{1,3}", word))


def test_ids_are_found_where_they_stand() -> None:
    assert listed_ids("Nothing is lost (A01, B12).") == ["A01", "B12"]
    assert listed_ids("A01: nothing is lost.") == ["A01"]
    assert listed_ids("Nothing is lost. A1.") == ["A1"]
    assert listed_ids("T17 is another matter, and v2.") == []


def test_no_address_of_an_index_or_a_home_is_in_the_project() -> None:
    wrong = re.compile(r"index-url|file:///|/root/|/home/\w+/")
    for name in ("pyproject.toml", "constraints.txt", "Makefile", ".ci/run"):
        assert not wrong.search((ROOT / name).read_text()), name
