"""Finding the first difference between two traces."""

from __future__ import annotations

import json

from tests.otp.terms import Json, Script


def first_difference(record: Script, trace: list[Json]) -> str:
    """Return where *trace* leaves the recorded one, or an empty string."""
    dynamic = dynamic_ids(record["scenario"])
    steps = [{"op": "start"}, *record["scenario"]["steps"], {"op": "final"}]
    expected = [tidy(entry, dynamic) for entry in record["trace"]]
    got = [tidy(entry, dynamic) for entry in trace]
    for number, (want, have, step) in enumerate(zip(expected, got, steps, strict=True)):
        if want != have:
            return f"step {number} {json.dumps(step)}: {_difference(want, have)}"
    return ""


def _text(term: Json) -> str:
    # A term we could not name is shown as it is.
    return json.dumps(term, default=repr)


def _difference(want: Json, have: Json) -> str:
    for number, (one, other) in enumerate(
        zip(want["events"], have["events"], strict=False)
    ):
        if one != other:
            return f"event {number}: OTP {_text(one)}, ours {_text(other)}"
    for key in ("events", "tree", "orphans"):
        one, other = want.get(key), have.get(key)
        if one != other:
            return f"{key}: OTP {_text(one)}, ours {_text(other)}"
    return f"OTP {_text(want)}, ours {_text(have)}"


def tidy(entry: Json, dynamic: set[str]) -> Json:
    """Return *entry* with everything sorted that has no order of its own."""
    tree = {
        name: {
            "children": in_bag(shown["children"], name in dynamic),
            "count": list(shown["count"]),
        }
        for name, shown in entry["tree"].items()
    }
    tidied = {"step": entry["step"], "tree": tree}
    tidied["events"] = [_tidy_event(event, dynamic) for event in entry["events"]]
    if "orphans" in entry:
        tidied["orphans"] = sorted(entry["orphans"])
    return tidied


def _tidy_event(event: Json, dynamic: set[str]) -> Json:
    if event[0] == "unordered":
        return ["unordered", in_bag(event[1], True)]
    if event[:2] == ["reply", "which_children"] and isinstance(event[4], list):
        return [*event[:4], in_bag(event[4], event[2] in dynamic)]
    return event


def in_bag(items: list[Json], is_bag: bool) -> list[Json]:
    return sorted(items, key=json.dumps) if is_bag else items


def dynamic_ids(scenario: Script) -> set[str]:
    """Return the ids of all simple_one_for_one supervisors of a scenario."""
    found: set[str] = set()
    _collect("root", scenario["root"], found)
    for step in scenario["steps"]:
        for item in step.get("items", [step]):
            spec = item.get("spec", {})
            if "sup" in spec:
                _collect(spec["id"], spec["sup"], found)
    return found


def _collect(name: str, flags: Script, found: set[str]) -> None:
    if flags.get("strategy") == "simple_one_for_one":
        found.add(name)
    for child in flags.get("children", []):
        if "sup" in child:
            _collect(child["id"], child["sup"], found)
