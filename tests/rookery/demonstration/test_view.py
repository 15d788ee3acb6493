"""What the demo shows, by examples."""

from __future__ import annotations

import pytest

from rookery.demonstration import (
    Account,
    Snapshot,
    plain_line,
    report_text,
    screen_lines,
)

Node = dict[str, object]


def node(name: str, *children: Node, phase: str = "running", lives: int = 1) -> Node:
    return {
        "name": name,
        "phase": phase,
        "incarnation": lives,
        "children": list(children),
    }


CORE = ("tracker", "outbox", "sender", "router", "scheduler", "monitor", "announcer")
TREE = node(
    "root",
    node("journal", lives=2),
    node("core", *(node(name, lives=3) for name in CORE)),
    node("bots", node("bridge", node("v1", phase="waiting"))),
    node("control", phase="down"),
)
NOW = Snapshot(
    seconds=20.0,
    web="http://127.0.0.1:8643/web/",
    onebot="127.0.0.1:6700",
    account=Account(said=81, through=80, under_way=1),
    faults=5,
    restarts=7,
    said_again=2,
    tree=TREE,
    broken=("killed /journal", "killed /core/router"),
    chat=tuple(f"[qq] rook: caw ({n})" for n in range(30)),
)


def test_the_screen_shows_counts_tree_and_chat_above_the_prompt() -> None:
    lines = [line.plain.rstrip() for line in screen_lines(NOW, 80, 20)]
    assert lines == [
        "Rookery demo, 20 s: three platforms, one bridge; a fault every few seconds",
        "web chat http://127.0.0.1:8643/web/   OneBot v11 127.0.0.1:6700",
        "through 80 (4.0/s)  under way 1  unknown 0  lost 0  doubled 0",
        "faults 5  restarts 7  last: killed /core/router",
        "● root",
        "├─ ● journal ×2",
        "├─ ● core        ● tracker ×3  ● outbox ×3  ● sender ×3  ● router ×3",
        "│                ● scheduler ×3  ● monitor ×3  ● announcer ×3",
        "├─ ● bots",
        "│  └─ ● bridge  ○ v1",
        "└─ ✗ control",
        "── the console: what you type, the others hear; Ctrl-C leaves ──────────────────",
        *[f"[qq] rook: caw ({n})" for n in range(23, 30)],
        ">",
    ]


@pytest.mark.parametrize("size", [(80, 24), (20, 5), (132, 50), (40, 1)])
def test_the_screen_fits_a_terminal_of_any_size(size: tuple[int, int]) -> None:
    width, height = size
    lines = screen_lines(NOW, width, height)
    assert len(lines) == height
    assert max(line.cell_len for line in lines) <= width
    assert lines[-1].plain == "> "


def test_what_is_wrong_is_red() -> None:
    for account, name in (
        (Account(lost=1), "lost 1"),
        (Account(doubled=2), "doubled 2"),
    ):
        line = screen_lines(Snapshot(account=account), 80, 24)[2]
        [style] = [s.style for s in line.spans if name in line.plain[s.start : s.end]]
        assert style == "bold red"


def test_nobody_draws_on_the_terminal_but_us() -> None:
    told = screen_lines(Snapshot(chat=("\x1b[2Jgone",)), 80, 24)
    assert not any("\x1b" in line.plain for line in told)


def test_a_host_that_does_not_answer_is_named() -> None:
    assert "does not answer" in screen_lines(Snapshot(), 80, 24)[4].plain


def test_a_plain_line() -> None:
    assert plain_line(NOW) == (
        "   20 s: through 80, under way 1, faults 5, restarts 7, unknown 0, lost 0, "
        "doubled 0; last: killed /core/router"
    )


def test_the_last_words() -> None:
    told = report_text(NOW, {"events done": 40, "messages sent": 80})
    assert told.split("\n") == [
        "The demo ran for 20 s.",
        "  messages  80 of 81 came through",
        "  repeated  2 by the scripted peer, for lines that were lost",
        "  faults    5",
        "  restarts  7",
        "  journal   40 events done, 80 messages sent",
        "  lost      0",
        "  doubled   0",
    ]
    said = report_text(Snapshot(account=Account(unknown=1)), {})
    assert "scripted peer" not in said
    assert "unknown   1: cut off between a message and its answer" in said
