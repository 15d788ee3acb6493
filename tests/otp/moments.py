"""Moments of recorded scenarios: a step, what came of it, and what stood before and after."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from tests.otp.terms import Json, Script

State = int | str | None
"""Of a child: its number, `"restarting"`, or `None` if it is not running."""


class Cast:
    """All that a scenario ever speaks of, by id."""

    def __init__(self, scenario: Script) -> None:
        self.specs: dict[str, Script] = {}
        self.supervisors: dict[str, Script] = {}
        self.parents: dict[str, str] = {}
        self.late: set[str] = set()
        """Added at run time."""
        self._add_supervisor("root", scenario["root"])
        self.specs["root"] = {"id": "root"}
        for step in scenario["steps"]:
            for item in step.get("items", [step]):
                self._add_started(item, step.get("sup", "root"))

    def _add_started(self, item: Script, supervisor: str) -> None:
        if item["op"] != "start_child" or supervisor not in self.supervisors:
            return
        if "name" in item:
            template = self.supervisors[supervisor]["children"][0]
            own = {key: item[key] for key in item if key not in ("op", "sup", "name")}
            self._add({**template, **own, "id": item["name"]}, supervisor)
            self.late.add(item["name"])
        elif "id" in item["spec"] and item["spec"]["id"] not in self.specs:
            self._add(item["spec"], supervisor)
            self.late.add(item["spec"]["id"])

    def _add(self, child: Script, supervisor: str) -> None:
        self.specs[child["id"]] = child
        self.parents[child["id"]] = supervisor
        if "sup" in child:
            self._add_supervisor(child["id"], child["sup"])

    def _add_supervisor(self, name: str, flags: Script) -> None:
        self.supervisors[name] = flags
        if flags.get("strategy") != "simple_one_for_one":
            for child in flags.get("children", []):
                self._add(child, name)


class Moment:
    """One step of one record."""

    def __init__(self, cast: Cast, steps: list[Script], trace: Json, at: int) -> None:
        self.cast = cast
        self.trace = trace
        self.at = at
        self.step = steps[at]
        self.op: str = self.step["op"]
        self.items: list[Script] = self.step.get("items", [self.step])
        self.events: list[Json] = trace[at]["events"]
        self.after: Json = trace[at]["tree"]
        self.before: Json = trace[at - 1]["tree"] if at else {}

    # --- who and what -----------------------------------------------------------------

    @property
    def supervisor(self) -> str:
        """Whom the step is about: the one that is called, or that of who ended."""
        if self.op == "crash":
            return self.cast.parents.get(self.step["child"], "")
        name: str = self.step.get("sup", "root")
        return name

    @property
    def strategy(self) -> str:
        flags = self.cast.supervisors.get(self.supervisor, {})
        return str(flags.get("strategy", "one_for_one"))

    @property
    def auto(self) -> str:
        flags = self.cast.supervisors.get(self.supervisor, {})
        return str(flags.get("auto_shutdown", "never"))

    @property
    def lives_on(self) -> bool:
        """The supervisor was there, is there, and it is the same one."""
        name = self.supervisor
        return name in self.after and not self.of("stop", name)

    def restart(self, name: str) -> str:
        return str(self.cast.specs.get(name, {}).get("restart", "permanent"))

    def is_significant(self, name: str) -> bool:
        return bool(self.cast.specs.get(name, {}).get("significant", False))

    # --- what happened ----------------------------------------------------------------

    @cached_property
    def flat(self) -> list[Json]:
        """The events, bags emptied."""
        found: list[Json] = []
        for event in self.events:
            found += event[1] if event[0] == "unordered" else [event]
        return found

    def of(self, kind: str, name: str | None = None) -> list[Json]:
        return [e for e in self.flat if e[0] == kind and name in (None, e[1])]

    def who(self, kind: str) -> list[str]:
        return [event[1] for event in self.of(kind)]

    def story(self) -> list[tuple[str, str]]:
        """Return starts, failed starts and stops as they came."""
        kinds = ("start", "start_fail", "stop")
        return [(event[0], event[1]) for event in self.flat if event[0] in kinds]

    def replies(self, op: str, *results: Json) -> bool:
        """Tell whether that call was answered with each of these."""
        given = [e[4] for e in self.of("reply") if e[1] == op]
        return all(result in given for result in results)

    def refused(self, op: str, kind: str) -> list[str]:
        """Return whose call was answered by an error of that kind."""
        return [
            event[3]
            for event in self.of("reply")
            if event[1] == op and kind in _error_of(event[4])
        ]

    def state(self, name: str, *, before: bool = False) -> State:
        """Return what its supervisor believes; `"absent"` if it does not know it."""
        tree = self.before if before else self.after
        listed = tree.get(self.cast.parents.get(name, ""), {"children": []})
        return dict(listed["children"]).get(name, "absent")  # type: ignore[no-any-return]  # as the trace has it

    @property
    def ended(self) -> tuple[str, Json]:
        """Return who ended by himself in this step, and why; only for a single crash."""
        if self.op != "crash" or self.of("noproc"):
            return "", None
        name: str = self.step["child"]
        return name, self.of("stop", name)[0][3]

    def stop_reasons(self) -> dict[str, Json]:
        return {event[1]: event[3] for event in self.of("stop")}


def _error_of(result: Json) -> Json:
    error = result.get("error", "") if isinstance(result, dict) else ""
    return error if isinstance(error, str | dict) else ""


def moments(record: Script) -> Iterator[Moment]:
    """Yield every moment of a record, the start and the end included."""
    scenario = record["scenario"]
    cast = Cast(scenario)
    steps = [{"op": "start"}, *scenario["steps"], {"op": "final"}]
    for at in range(len(steps)):
        yield Moment(cast, steps, record["trace"], at)
