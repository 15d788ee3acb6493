"""A tree as lines of text: what stands where, and never wider than asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.control import cut, tree_lines, visible

USUAL: Mapping[str, object] = {
    "phase": "running",
    "note": "",
    "seconds_left": None,
    "incarnation": 1,
    "in_hand": "",
    "waits_for": [],
    "depth": 0,
    "capacity": 64,
    "dropped": 0,
    "folded": {},
}


def node(name: str, *children: object, **facts: object) -> dict[str, object]:
    path = "/" if name == "root" else f"/somewhere/{name}"
    return {"name": name, "path": path, **USUAL, "children": list(children), **facts}


def test_what_is_not_as_usual_stands_behind_the_name() -> None:
    tree = node(
        "root",
        node("core", node("router", depth=3, in_hand="Wake", waits_for=["/db", "/x"])),
        node(
            "session",
            phase="waiting",
            note="no\nroute",
            seconds_left=4.24,
            incarnation=4,
            dropped=2,
        ),
    )

    assert tree_lines(tree) == [
        "root          running",
        "├─ core       running",
        "│  └─ router  running  mail 3/64  handling Wake  waits for /db, /x",
        r"└─ session    waiting  next try in 4.2 s  restarts 3  dropped 2  (no\nroute)",
    ]
    assert tree_lines(tree, 30) == [
        "root          running",
        "├─ core       running",
        "│  └─ router  running  mail 3…",
        "└─ session    waiting  next t…",
    ]


def test_a_part_of_the_tree_says_where_it_is() -> None:
    assert tree_lines(node("qq", node("10001"))) == [
        "/somewhere/qq  running",
        "└─ 10001       running",
    ]


def test_most_of_a_crowd_is_counted() -> None:
    folded = {"running": 99_970, "waiting": 10}

    assert tree_lines(node("root", node("a"), node("b", node("c"), folded=folded))) == [
        "root     running",
        "├─ a     running",
        "└─ b     running",
        "   ├─ c  running",
        "   └─ ... 99,980 more: 99,970 running, 10 waiting",
    ]


def test_one_long_name_does_not_move_the_others() -> None:
    """On a pipe nothing is lost; on a terminal half of the width is for what is said."""
    tree = node("root", node("n" * 60), node("short"))

    wide, narrow = tree_lines(tree), tree_lines(tree, 40)

    assert wide[1] == f"├─ {'n' * 60}  running"
    assert wide[2] == f"{'└─ short':48}  running"
    assert narrow[1] == f"├─ {'n' * 16}…  running"
    assert narrow[2] == f"{'└─ short':20}  running"


# --- whatever the names are -------------------------------------------------------------

# How many cells each takes, as a person counts them; the code takes it from elsewhere.
CELLS = {"a": 1, "é": 1, "文": 2, "한": 2, "🐦": 2, "ｗ": 2}
plain = st.text(st.sampled_from(list(CELLS)), min_size=1, max_size=30)
anything = st.text(max_size=30)


def cells(line: str) -> int:
    return sum(CELLS.get(character, 1) for character in line)


Tree: TypeAlias = dict[str, object]


def trees(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Tree]:
    @st.composite
    def nodes(draw: st.DrawFn, below: st.SearchStrategy[list[Tree]]) -> Tree:
        return node(
            draw(texts),
            *draw(below),
            phase=draw(st.sampled_from(["running", "needs_operator"])),
            note=draw(st.just("") | texts),
            seconds_left=draw(st.none() | st.floats(0, 1e6)),
            folded=draw(st.sampled_from([{}, {"running": 7}])),
        )

    return st.recursive(
        nodes(st.just([])),
        lambda below: nodes(st.lists(below, max_size=3)),
        max_leaves=6,
    )


@given(trees(plain), st.integers(1, 120))
def test_no_line_is_wider_than_the_terminal(tree: Tree, width: int) -> None:
    assert max(map(cells, tree_lines(tree, width))) <= width


@given(trees(plain), st.integers(60, 200))
def test_phases_stand_below_each_other(tree: Tree, width: int) -> None:
    columns = {
        cells(line[: found.start()])
        for line in tree_lines(tree, width)
        if (found := re.search(r"  (running|needs_operator)\b", line))
        and "..." not in line
    }
    assert len(columns) == 1


@given(trees(anything), st.integers(1, 120) | st.none())
def test_nothing_reaches_the_terminal_that_it_would_obey(
    tree: Tree, width: int | None
) -> None:
    drawn = tree_lines(tree, width)

    assert len(drawn) == lines_of(tree)
    harmless = re.compile(
        r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]*"
    )
    assert all(map(harmless.fullmatch, drawn))


def lines_of(tree: Mapping[str, object]) -> int:
    children = tree["children"]
    assert isinstance(children, list)
    return 1 + bool(tree["folded"]) + sum(map(lines_of, children))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("文 é 🐦 👨\u200d👩\u200d👧 a\u3000b", "文 é 🐦 👨\u200d👩\u200d👧 a\u3000b"),
        ("\x1b[2J\r\n\t\x07", r"\x1b[2J\r\n\t\x07"),
        ("\x9b\u202egpj.exe", r"\x9b\u202egpj.exe"),
        ("\ud800\u2028", r"\ud800\u2028"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_an_escape(
    text: str, shown: str
) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "left"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("文文", 4, "文文"),
        ("文文文", 5, "文文…"),
        ("文文文", 4, "文 …"),
        ("👨\u200d👩\u200d👧👧", 3, "👨\u200d👩\u200d👧…"),
        ("文", 1, "…"),
        ("a", 0, ""),
    ],
)
def test_cutting_never_cuts_a_character_in_two(
    text: str, width: int, left: str
) -> None:
    assert cut(text, width) == left
