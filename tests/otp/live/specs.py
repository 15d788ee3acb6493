"""Random supervisors and children, as the scenarios describe them.

Weights are chosen so that what is rare in life (a refused stop, a start that fails twice)
is common here. Nothing is made that OTP leaves undefined.
"""

from __future__ import annotations

from random import Random
from typing import TypeVar

from tests.otp.terms import Json

T = TypeVar("T")
Spec = dict[str, Json]

LONG = 3600
"""Seconds: a window that no scenario outlives."""
STRATEGIES = ["one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"]
STARTS: list[tuple[int, list[str]]] = [
    (62, ["ok"]),
    (6, ["ok", "error", "ok"]),
    (3, ["ok", "ok", "error", "ok"]),
    (4, ["ok", "crash", "ok"]),
    (3, ["ok", "raise", "ok"]),
    (3, ["ok", "error", "crash", "ok"]),
    (2, ["ok", "crash", "crash", "crash", "ok"]),
    (3, ["ok", "error"]),
    (2, ["ok", "ok", "crash"]),
    (2, ["ok", "ignore", "ok"]),
    (2, ["ok", "ignore"]),
    (2, ["ignore"]),
    (2, ["ignore", "ok"]),
]
"""How the first, second, ... start of a child goes; the last word stands for all later."""
STARTS_LATER = [
    *STARTS,
    (4, ["error"]),
    (3, ["crash"]),
    (3, ["raise"]),
    (4, ["error", "ok"]),
]
"""The same for one that is added at run time: there the first start may fail, too."""
MANNERS = [(58, "plain"), (24, "trap"), (8, "odd"), (10, "refuse")]


class Supervised:
    """A supervisor of the scenario, as far as its steps need to know it."""

    def __init__(self, name: str, spec: Spec, quiet: bool, parent: str | None) -> None:
        self.name = name
        self.quiet = quiet
        """Nothing below it traps exits, so killing it leaves no order to disagree on."""
        self.parent = parent
        self.children: list[str] = []
        self.dynamic = spec.get("strategy") == "simple_one_for_one"
        self.auto = spec.get("auto_shutdown", "never")


class Specs:
    """Makes specs, and remembers what there is to make steps about."""

    def __init__(self, rng: Random) -> None:
        self.random = rng
        self.made = 0
        self.supervisors: dict[str, Supervised] = {}
        self.workers: dict[str, str] = {}
        """Its supervisor, by the id of a worker."""
        self.shaky: list[str] = []
        """Workers whose start may fail."""
        self.always_auto: str | None = None

    def pick(self, weighted: list[tuple[int, T]]) -> T:
        values = [value for _, value in weighted]
        return self.random.choices(values, [weight for weight, _ in weighted])[0]

    def fresh(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.made}"

    # --- supervisors ------------------------------------------------------------------

    def flags(self, strategy: str | None) -> Spec:
        three = [(34, STRATEGIES[0]), (30, STRATEGIES[1]), (30, STRATEGIES[2])]
        auto = [
            (78, None),
            (4, "never"),
            (9, "any_significant"),
            (9, "all_significant"),
        ]
        tries = [(8, 0), (20, 1), (24, 2), (20, 3), (14, 5), (10, 8), (4, None)]
        drawn: Spec = {
            "strategy": strategy or self.pick([*three, (6, None)]),
            "intensity": self.pick(tries),
            "period": self.pick([(96, LONG), (4, None)]),
            "auto_shutdown": self.pick(auto),
        }
        spec = {key: value for key, value in drawn.items() if value is not None}
        if strategy == "simple_one_for_one":
            # Newer OTP refuses the combination, older accepts it.
            spec.pop("auto_shutdown", None)
        if "period" not in spec and self.random.random() < 0.5:
            spec.pop("intensity", None)
        if self.always_auto and strategy != "simple_one_for_one":
            spec["auto_shutdown"] = self.always_auto
        return spec

    def supervisor(
        self,
        name: str,
        strategy: str | None = None,
        *,
        depth: int = 0,
        quiet: bool = False,
        parent: str | None = None,
        most: int = 4,
        least: int = 0,
    ) -> Spec:
        spec = self.flags(strategy)
        me = self.supervisors[name] = Supervised(name, spec, quiet, parent)
        if me.dynamic:
            spec["children"] = [self.template(me)]
            return spec
        spec["children"] = []
        for _ in range(self.random.randint(max(least, 1 if depth else 0), most)):
            nested = depth > 0 and self.random.random() < 0.45
            child = self.nested(me, depth - 1) if nested else self.worker(me)
            spec["children"].append(child)
        if depth and not any("sup" in child for child in spec["children"]):
            place = self.random.randint(0, len(spec["children"]))
            spec["children"].insert(place, self.nested(me, depth - 1))
        return spec

    def nested(self, parent: Supervised, depth: int) -> Spec:
        name = self.fresh("s")
        spec: Spec = {"id": name, "type": "supervisor"}
        self.restart(spec, parent.auto)
        quiet = parent.quiet or self.random.random() < 0.35
        grace = [(70, None), (20, "infinity"), (10, "brutal_kill" if quiet else 5000)]
        shutdown = self.pick(grace)
        if shutdown:
            spec["shutdown"] = shutdown
        if self.random.random() < 0.08:
            plans = [
                ["ok", "error", "ok"],
                ["ok", "crash", "ok"],
                ["ok", "ignore"],
                ["ok", "raise"],
            ]
            spec["start"] = self.random.choice(plans)
        strategy = "simple_one_for_one" if self.random.random() < 0.2 else None
        spec["sup"] = self.supervisor(
            name, strategy, depth=depth, quiet=quiet, parent=parent.name
        )
        parent.children.append(name)
        return spec

    # --- children ---------------------------------------------------------------------

    def worker(
        self, parent: Supervised, name: str | None = None, *, later: bool = False
    ) -> Spec:
        spec: Spec = {"id": name or self.fresh("w")}
        self.restart(spec, parent.auto)
        plan = self.pick(STARTS_LATER if later else STARTS)
        if plan != ["ok"]:
            spec["start"] = plan
            self.shaky.append(spec["id"])
        if self.random.random() < 0.3:
            spec["type"] = "worker"
        self.manners(spec, parent.quiet)
        self.workers[spec["id"]] = parent.name
        if spec["id"] not in parent.children:
            parent.children.append(spec["id"])
        return spec

    def template(self, parent: Supervised) -> Spec:
        spec: Spec = {"id": self.fresh("t")}
        self.restart(spec, parent.auto)
        self.manners(spec, parent.quiet)
        return spec

    def restart(self, spec: Spec, auto: str) -> None:
        kinds = [(46, "permanent"), (30, "transient"), (18, "temporary"), (6, None)]
        kind = self.pick(kinds)
        if auto != "never" and self.random.random() < 0.6:
            kind = self.random.choice(["transient", "temporary"])
            spec["significant"] = True
        elif self.random.random() < 0.03:
            spec["significant"] = False
        if kind:
            spec["restart"] = kind

    def manners(self, spec: Spec, quiet: bool) -> None:
        """Lay down how a worker behaves when it is told to stop."""
        how = "plain" if quiet else self.pick(MANNERS)
        grace: list[tuple[int, str | int | None]] = [
            (40, None),
            (20, 1000),
            (10, 5000),
            (4, 0),
            (12, "infinity"),
            (18, "brutal_kill"),
        ]
        if how != "plain":
            spec["trap"] = True
            grace = [(40, None), (25, 1000), (20, "infinity"), (15, "brutal_kill")]
        shutdown: str | int | None = self.pick(grace)
        if how == "refuse":
            spec["term_ms"] = "never"
            refusal: list[tuple[int, str | int]] = [(70, 30), (30, "brutal_kill")]
            shutdown = self.pick(refusal)
        elif how != "plain" and self.random.random() < 0.5:
            spec["term_ms"] = self.random.choice([5, 10, 15])
        if how == "odd":
            reasons: list[Json] = ["normal", "boom", {"shutdown": "t"}]
            spec["term_reason"] = self.random.choice(reasons)
        if shutdown is not None:
            spec["shutdown"] = shutdown
