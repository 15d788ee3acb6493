"""The supervision tree as plain values, and as lines of text. Pure.

branch and name        phase     what is not as usual            (the supervisor's note)
├─ session             waiting   next try in 4.2 s  restarts 3   (cannot connect)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen
from rich.cells import cell_len

from actors.kernel import ActorSnapshot
from rookery.control.cells import cut, fitted, visible

Node = Mapping[str, object]

_GAP = "  "
_WIDEST_NAME = 48
"""In cells. One long name must not push everything else out of sight."""


def tree_of(actor: ActorSnapshot) -> dict[str, object]:
    """Return *actor* and everything below it, ready for JSON."""
    return node_of(actor, [tree_of(child) for child in actor.children])


def node_of(actor: ActorSnapshot, children: Sequence[object]) -> dict[str, object]:
    """Return *actor* as a node above *children*."""
    return {
        "name": "root" if actor.path == "/" else actor.name,
        "path": actor.path,
        "supervisor": actor.supervisor,
        "phase": actor.phase,
        "note": actor.note,
        "seconds_left": actor.seconds_left,
        "incarnation": actor.incarnation,
        "depth": actor.depth,
        "capacity": actor.capacity,
        "handled": actor.handled,
        "dropped": actor.dropped,
        "in_hand": actor.in_hand,
        "waits_for": list(actor.waits_for),
        "await_stack": list(actor.await_stack),
        "children": children,
        "folded": dict(actor.folded),
    }


def tree_lines(tree: Node, width: int | None = None) -> list[str]:
    """Draw the tree, one line an actor, none of more than *width* cells."""
    rows = list(_rows(tree, "", ""))
    widest = _WIDEST_NAME if width is None else min(_WIDEST_NAME, width // 2)
    name_cells = min(widest, max(cell_len(row.name) for row in rows if row.phase))
    phase_cells = max(cell_len(row.phase) for row in rows)
    lines = []
    for row in rows:
        if not row.phase:
            line = row.name
        else:
            name = row.name if width is None else cut(row.name, name_cells)
            parts = [
                fitted(name, max(name_cells, cell_len(name))),
                fitted(row.phase, phase_cells),
                *row.facts,
            ]
            line = _GAP.join(parts).rstrip(" ")
        lines.append(line if width is None else cut(line, width))
    return lines


def tree_text(tree: Node) -> str:
    """Draw the tree as one text."""
    return "\n".join(tree_lines(tree))


@frozen
class _Row:
    name: str
    """With the branch before it."""
    phase: str = ""
    """Empty where the whole line is the name: it then stands in no column."""
    facts: tuple[str, ...] = ()


def _rows(node: Node, lead: str, below: str) -> Iterator[_Row]:
    name = node["name"] if lead or node["path"] == "/" else node["path"]
    yield _Row(lead + visible(str(name)), visible(str(node["phase"])), _facts(node))
    children, folded = node["children"], node["folded"]
    assert isinstance(children, list)
    assert isinstance(folded, dict)
    last = len(children) + bool(folded)
    for nth, child in enumerate(children, start=1):
        corner, more = ("└─ ", "   ") if nth == last else ("├─ ", "│  ")
        yield from _rows(child, below + corner, below + more)
    if folded:
        yield _Row(f"{below}└─ {_folded_text(folded)}")


def _folded_text(folded: Mapping[str, int]) -> str:
    counts = ", ".join(f"{count:,} {visible(phase)}" for phase, count in folded.items())
    return f"... {sum(folded.values()):,} more: {counts}"


def _facts(node: Node) -> tuple[str, ...]:
    facts = []
    left, lives, waits_for = (
        node["seconds_left"],
        node["incarnation"],
        node["waits_for"],
    )
    if isinstance(left, float | int):
        facts.append(f"next try in {left:.1f} s")
    if isinstance(lives, int) and lives > 1:
        facts.append(f"restarts {lives - 1}")
    if node["depth"]:
        facts.append(f"mail {node['depth']}/{node['capacity']}")
    if node["in_hand"]:
        facts.append(f"handling {visible(str(node['in_hand']))}")
    if isinstance(waits_for, list) and waits_for:
        facts.append(f"waits for {visible(', '.join(waits_for))}")
    if node["dropped"]:
        facts.append(f"dropped {node['dropped']}")
    if node["note"]:
        facts.append(f"({visible(str(node['note']))})")
    return tuple(facts)
