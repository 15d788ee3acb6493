"""Random steps: crashes, calls, stops, and batches of them that find a supervisor busy."""

from __future__ import annotations

from random import Random

from tests.otp.live.specs import STARTS_LATER, Spec, Specs, Supervised
from tests.otp.terms import Json

CALLS = ["terminate_child", "restart_child", "delete_child", "get_childspec"]
LOOKS = ["which_children", "count_children"]
INVALID: list[Spec | str] = [
    {"restart": "forever"},
    {"shutdown": -1},
    {"shutdown": "soon"},
    {"type": "actor"},
    {"significant": "maybe"},
    {"restart": "permanent", "significant": True},
    {"restart": "temporary", "significant": True},
    "no id",
]
REASONS: list[tuple[int, Json]] = [
    (15, "normal"),
    (12, "shutdown"),
    (9, {"shutdown": "x"}),
    (46, "boom"),
    (18, "kill"),
]


class Steps(Specs):
    """Makes steps about what `Specs` has made."""

    def __init__(self, rng: Random) -> None:
        super().__init__(rng)
        self.down: list[tuple[str, str]] = []
        """Supervisor and child: probably not running, after what was done to it."""

    def steps(self, least: int, most: int) -> list[Spec]:
        drawn = (self.step() for _ in range(self.random.randint(least, most)))
        return [step for step in drawn if step]

    def step(self, *, few_calls: bool = False) -> Spec | None:
        x = self.random.random() * (0.62 if few_calls else 1)
        if x < 0.48:
            return self.crash()
        if x < 0.62:
            return self.batch()
        supervisor = self.random.choice(list(self.supervisors.values()))
        if x < 0.78:
            return self.call(supervisor)
        if x < 0.92:
            return self.start_child(supervisor)
        if x < 0.96:
            return self.at(supervisor, {"op": self.random.choice(LOOKS)})
        reasons: list[Json] = ["normal", "shutdown", {"shutdown": "x"}, "boom"]
        stop = {"op": "stop", "reason": self.random.choice(reasons)}
        return self.at(supervisor, stop)

    def at(self, supervisor: Supervised, step: Spec) -> Spec:
        # The root is the default; sometimes it is named all the same.
        if supervisor.name != "root" or self.random.random() < 0.1:
            step["sup"] = supervisor.name
        return step

    def crash(
        self, supervisor: Supervised | None = None, reason: Json = None
    ) -> Spec | None:
        """Return the end of a worker, or the killing of a supervisor, below that one."""
        workers = [
            worker
            for worker, parent in self.workers.items()
            if supervisor is None or parent == supervisor.name
        ]
        quiet = [
            other.name
            for other in self.supervisors.values()
            if other.quiet and (supervisor is None or other.parent == supervisor.name)
        ]
        if quiet and (not workers or self.random.random() < 0.12):
            child = self.random.choice(quiet)
            return {"op": "crash", "child": child, "reason": "kill"}
        if not workers:
            return None
        reason = reason or self.pick(REASONS)
        child = self.random.choice(workers)
        return {"op": "crash", "child": child, "reason": reason}

    # --- calls ------------------------------------------------------------------------

    def start_child(self, supervisor: Supervised) -> Spec:
        if supervisor.dynamic:
            return self.start_instance(supervisor)
        x = self.random.random()
        if x < 0.10:
            wrong = self.random.choice(INVALID)
            spec: Spec = {"restart": "permanent"}
            if isinstance(wrong, dict):
                spec = {"id": self.fresh("b"), **wrong}
            return self.at(supervisor, {"op": "start_child", "spec": spec})
        if x < 0.35 and supervisor.children:
            known = self.random.choice(supervisor.children)
            if known in self.workers:
                owner = self.workers[known]
                spec = self.worker(supervisor, known, later=True)
                self.workers[known] = owner
                return self.at(supervisor, {"op": "start_child", "spec": spec})
        if x < 0.45 and len(self.supervisors) < 6:
            spec = self.nested(supervisor, 0)
        else:
            spec = self.worker(supervisor, later=True)
        return self.at(supervisor, {"op": "start_child", "spec": spec})

    def start_instance(self, supervisor: Supervised) -> Spec:
        name = self.fresh("d")
        step: Spec = {"op": "start_child", "name": name}
        # Ignored when it is restarted: OTP 25 leaves a broken entry behind.
        plan = self.pick([one for one in STARTS_LATER if "ignore" not in one[1][1:]])
        if plan != ["ok"]:
            step["start"] = plan
        self.workers[name] = supervisor.name
        return self.at(supervisor, step)

    def call(self, supervisor: Supervised) -> Spec:
        op = self.random.choice(CALLS)
        if supervisor.dynamic:
            return self.call_dynamic(supervisor, op)
        down = [child for parent, child in self.down if parent == supervisor.name]
        if down and self.random.random() < 0.7:
            likely = ["restart_child", "restart_child", "delete_child", op]
            op, child = self.random.choice(likely), self.random.choice(down)
        else:
            known = supervisor.children and self.random.random() < 0.93
            child = self.random.choice(supervisor.children if known else ["nobody"])
        if op == "terminate_child":
            self.down.append((supervisor.name, child))
        return self.at(supervisor, {"op": op, "child": child})

    def call_dynamic(self, supervisor: Supervised, op: str) -> Spec:
        mine = [w for w, parent in self.workers.items() if parent == supervisor.name]
        if mine and self.random.random() < 0.7:
            step: Spec = {"op": "terminate_child", "name": self.random.choice(mine)}
            return self.at(supervisor, step)
        if op == "get_childspec":
            op = "delete_child"
        child = self.random.choice(mine or ["nobody"])
        return self.at(supervisor, {"op": op, "child": child})

    # --- batches ----------------------------------------------------------------------

    def batch(self) -> Spec | None:
        if self.shaky and self.random.random() < 0.5:
            return self.busy()
        supervisor = self.random.choice(list(self.supervisors.values()))
        drawn = (self.item(supervisor) for _ in range(self.random.randint(2, 4)))
        items = [item for item in drawn if item]
        for item in items:
            item.pop("sup", None)
        return self.at(supervisor, {"op": "batch", "items": items}) if items else None

    def item(self, supervisor: Supervised) -> Spec | None:
        x = self.random.random()
        if x < 0.55:
            return self.crash(supervisor)
        if x < 0.75:
            return self.call(supervisor)
        if x < 0.85:
            return self.start_child(supervisor)
        if x < 0.97:
            return {"op": self.random.choice(LOOKS)}
        reason = self.random.choice(["shutdown", "normal", "boom"])
        return {"op": "stop", "reason": reason}

    def busy(self) -> Spec:
        """Return calls that find a child in the middle of being restarted."""
        who = self.random.choice(self.shaky)
        supervisor = self.supervisors[self.workers[who]]
        reason = self.random.choice(["boom", "boom", "kill", "normal"])
        items: list[Spec] = [{"op": "crash", "child": who, "reason": reason}]
        for _ in range(self.random.randint(1, 3)):
            choice: list[Spec] = [
                {"op": "terminate_child", "child": who},
                {"op": "restart_child", "child": who},
                {"op": "delete_child", "child": who},
                {"op": "which_children"},
                {"op": "count_children"},
                {"op": "start_child", "spec": {"id": who}},
                {"op": "stop", "reason": "shutdown"},
                self.crash(supervisor) or {"op": "which_children"},
            ]
            items.append(self.random.choice(choice))
        return self.at(supervisor, {"op": "batch", "items": items})
