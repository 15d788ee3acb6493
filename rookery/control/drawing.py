"""The supervision tree as plain values, and as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from actors.kernel import ActorSnapshot


def tree_of(actor: ActorSnapshot) -> dict[str, object]:
    """Return *actor* and everything below it, ready for JSON."""
    return {
        "name": "root" if actor.path == "/" else actor.name,
        "path": actor.path,
        "supervisor": actor.supervisor,
        "phase": actor.phase,
        "note": actor.note,
        "seconds_left": actor.seconds_left,
        "incarnation": actor.incarnation,
        "depth": actor.depth,
        "handled": actor.handled,
        "dropped": actor.dropped,
        "in_hand": actor.in_hand,
        "await_stack": list(actor.await_stack),
        "children": [tree_of(child) for child in actor.children],
    }


def tree_text(tree: Mapping[str, object]) -> str:
    """Draw the tree, one line an actor."""
    return "\n".join(_branch(tree, "", ""))


def _branch(node: Mapping[str, object], lead: str, below: str) -> Iterator[str]:
    yield f"{lead}{node['name']}  {_state(node)}"
    children = node["children"]
    assert isinstance(children, list)
    for nth, child in enumerate(children, start=1):
        last = nth == len(children)
        corner, more = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _branch(child, below + corner, below + more)


def _state(node: Mapping[str, object]) -> str:
    facts = [str(node["phase"])]
    if node["note"]:
        facts.append(f"({node['note']})")
    left = node["seconds_left"]
    if isinstance(left, float | int):
        facts.append(f"next try in {left:.1f} s")
    if node["incarnation"] not in (0, 1):
        facts.append(f"life {node['incarnation']}")
    if node["in_hand"]:
        facts.append(f"handling {node['in_hand']}")
    facts += [f"{key} {node[key]}" for key in ("depth", "dropped") if node[key]]
    return " ".join(facts)
