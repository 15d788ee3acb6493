"""Whole random scenarios, of nine kinds. The same seed gives the same ones."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random

from tests.otp.live.specs import STRATEGIES, Spec
from tests.otp.live.steps import Steps
from tests.otp.terms import Json, Script

KINDS = [
    (28, "flat"),
    (27, "deep"),
    (9, "simple"),
    (9, "auto"),
    (9, "burst"),
    (5, "expiry"),
    (6, "ending"),
    (4, "hand"),
    (3, "wrong"),
]
EXITS: list[Json] = ["normal", "shutdown", {"shutdown": "x"}, "boom", "kill"]


def scenarios(seed: str, count: int) -> Iterator[Script]:
    """Yield *count* different scenarios."""
    seen: set[str] = set()
    number = 0
    while len(seen) < count:
        scenario = scenario_of(seed, number)
        number += 1
        key = json.dumps([scenario["root"], scenario["steps"]], sort_keys=True)
        if key not in seen and scenario["steps"]:
            seen.add(key)
            yield scenario


def scenario_of(seed: str, number: int) -> Script:
    """Return one scenario; it depends on nothing but its arguments."""
    making = Scenarios(Random(f"{seed}/{number}"))
    kind = making.pick(KINDS)
    root, steps = getattr(making, kind)()
    return {"name": f"{seed}-{number:04d}-{kind}", "root": root, "steps": steps}


Made = tuple[Spec, list[Spec]]


class Scenarios(Steps):
    """One method for each kind; each returns the root and the steps."""

    def flat(self) -> Made:
        """One supervisor, anything may happen."""
        quiet = self.random.random() < 0.25
        root = self.supervisor("root", quiet=quiet, most=5, least=2)
        return root, self.steps(4, 10)

    def deep(self) -> Made:
        """Supervisors below supervisors."""
        depth = self.random.choice([1, 1, 2])
        quiet = self.random.random() < 0.2
        root = self.supervisor("root", depth=depth, quiet=quiet, most=3)
        first = [
            self.start_child(supervisor)
            for supervisor in list(self.supervisors.values())
            if supervisor.dynamic
            for _ in range(self.random.randint(1, 3))
        ]
        return root, first + self.steps(4, 10)

    def simple(self) -> Made:
        """Instances of a template."""
        quiet = self.random.random() < 0.25
        root = self.supervisor("root", "simple_one_for_one", quiet=quiet)
        me = self.supervisors["root"]
        first = [self.start_child(me) for _ in range(self.random.randint(1, 4))]
        return root, first + self.steps(3, 9)

    def auto(self) -> Made:
        """Supervisors that end once their significant children have."""
        self.always_auto = self.random.choice(["any_significant", "all_significant"])
        return self.deep() if self.random.random() < 0.4 else self.flat()

    def burst(self) -> Made:
        """Mostly crashes below one supervisor, so that intensity decides."""
        root = self.supervisor("root", least=1)
        root["intensity"] = self.random.randint(0, 4)
        root.pop("auto_shutdown", None)
        for child in root["children"]:
            child.pop("significant", None)
        self.supervisors["root"].auto = "never"
        many = range(self.random.randint(3, 8))
        return root, [s for s in (self.step(few_calls=True) for _ in many) if s]

    def expiry(self) -> Made:
        """Restarts that leave the window, every distance well off its edge.

        A period of 1 s and pauses of 2.2 s; or one of 3 s and pauses of 2 s, when a
        restart two pauses old is out and one that is one pause old is in.
        """
        root = self.supervisor("root", quiet=True, most=3, least=1)
        for child in root["children"]:
            child.pop("significant", None)
            child["restart"] = "permanent"
        slides = self.random.random() < 0.6
        root["period"] = 3 if slides else 1
        tries = self.random.randint(2, 3) if slides else self.random.randint(1, 2)
        root["intensity"] = tries
        steps: list[Spec | None] = []
        for _ in range(
            self.random.randint(3, 4) if slides else self.random.randint(2, 3)
        ):
            if steps:
                steps.append({"op": "sleep", "ms": 2000 if slides else 2200})
            steps += self.booms(self.random.randint(1, tries - slides))
        steps += self.booms(self.random.randint(0, 2))
        return root, [step for step in steps if step]

    def booms(self, many: int) -> list[Spec | None]:
        return [self.crash(None, "boom") for _ in range(many)]

    def ending(self) -> Made:
        """Significant children that end while others are being restarted."""
        strategy = self.random.choice(STRATEGIES[:3])
        quiet = self.random.random() < 0.5
        root = self.supervisor("root", strategy, quiet=quiet, least=2)
        modes = ["all_significant"] * 3 + ["any_significant"]
        root["auto_shutdown"] = self.random.choice(modes)
        root["intensity"] = self.random.randint(2, 8)
        plans = [["ok"], ["ok", "error", "ok"], ["ok", "error", "ok", "crash", "ok"]]
        for child in root["children"]:
            kinds = [(70, "transient"), (20, "temporary"), (10, "permanent")]
            kind = child["restart"] = self.pick(kinds)
            child["significant"] = kind != "permanent" and self.random.random() < 0.85
            child["start"] = self.random.choice(plans)
        names = [child["id"] for child in root["children"]]
        steps = []
        for _ in range(self.random.randint(2, 4)):
            some = self.random.sample(names, self.random.randint(1, min(3, len(names))))
            reasons = ["boom", "normal", "shutdown", "kill"]
            items: list[Spec] = [
                {"op": "crash", "child": n, "reason": self.random.choice(reasons)}
                for n in some
            ]
            if self.random.random() < 0.4:
                op = self.random.choice(["terminate_child", "restart_child"])
                items.append({"op": op, "child": self.random.choice(names)})
            batch: Spec = {"op": "batch", "items": items}
            steps.append(items[0] if len(items) == 1 else batch)
        return root, steps

    def hand(self) -> Made:
        """Children stopped and restarted by hand between crashes."""
        root = self.supervisor("root", least=2)
        root["intensity"] = self.random.randint(1, 2)
        names = [child["id"] for child in root["children"]]
        steps: list[Spec] = []
        for _ in range(self.random.randint(2, 4)):
            child = self.random.choice(names)
            steps.append({"op": "terminate_child", "child": child})
            x = self.random.random()
            if x < 0.45:
                steps.append({"op": "restart_child", "child": child})
            elif x < 0.6:
                steps.append({"op": "delete_child", "child": child})
            if self.random.random() < 0.5:
                who, why = self.random.choice(names), self.random.choice(EXITS)
                steps.append({"op": "crash", "child": who, "reason": why})
        return root, steps

    def wrong(self) -> Made:
        """Supervisors that do not come up."""
        root = self.supervisor("root", most=3, least=1)
        how = self.random.randrange(9)
        children = root["children"]
        flags: list[Spec] = [
            {"strategy": "all_for_nothing"},
            {"intensity": -1},
            {"period": 0},
            {"auto_shutdown": "sometimes"},
        ]
        match how:
            case 4:
                children.append({"id": children[0]["id"]})
            case 5:
                root["strategy"] = "simple_one_for_one"
                two: list[list[Spec]] = [[], [{"id": "t1"}, {"id": "t2"}]]
                root["children"] = self.random.choice(two)
            case 6:
                plan = self.random.choice(["error", "crash", "raise"])
                children[-1]["start"] = [plan]
            case 7:
                root["start"] = [self.random.choice(["ignore", "crash", "error"])]
            case 8:
                children[-1].update({"restart": "permanent", "significant": True})
            case _:
                root.update(flags[how])
        return root, self.steps(1, 2)
