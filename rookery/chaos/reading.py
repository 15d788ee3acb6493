"""Read a plan: TOML in, a plan or all of its mistakes out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from attrs import field, frozen
from cattrs import Converter

from rookery.chaos.tables import (
    BELONGS,
    EFFECTS,
    FaultTable,
    Hang,
    Named,
    PlanTable,
    Span,
    Yes,
    plan_converter,
)
from rookery.config import (
    ConfigRefused,
    Fault,
    document_of,
    faults_of,
    join,
    one_of,
    shown,
)
from supervision.chaos import (
    BadPlan,
    BlocksLoop,
    Chaos,
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    PlannedFault,
    Raises,
    Reorders,
    When,
    Where,
    fault_wrongs,
    plan_wrongs,
    point_of,
)
from supervision.chaos import Wrong as PlanWrong

_TABLES = ("fault", "plan")

T = TypeVar("T")


def read_plan(text: str, *, name: str) -> Chaos:
    """Return the plan that *text* (TOML) describes.

    Args:
        text: the file's content.
        name: what to call the text in a fault of its syntax: the file's name.

    Raises:
        ConfigRefused: with every mistake at once.
    """
    reader = _Reader(plan_converter())
    plan = reader.plan(document_of(text, name))
    if reader.faults:
        raise ConfigRefused(tuple(reader.faults))
    return plan


@frozen
class _Reader:
    """One reading: collects mistakes while it builds."""

    converter: Converter
    faults: list[Fault] = field(factory=list)

    def plan(self, document: Mapping[str, object]) -> Chaos:
        for key in sorted(set(document) - set(_TABLES)):
            message = f"expected {one_of(_TABLES)}, got an unknown table"
            self.faults.append(Fault(join("", key), message))
        table = self._value(document.get("plan", {}), PlanTable, "plan")
        if table is not None:
            self._note("plan", plan_wrongs(table.duration, table.max_faults))
        faults = tuple(self._planned(document.get("fault", [])))
        if self.faults:
            return Chaos()
        assert table is not None
        return Chaos(
            table.seed,
            faults,
            duration=table.duration,
            max_faults=table.max_faults,
        )

    def _planned(self, tables: object) -> list[PlannedFault]:
        if not isinstance(tables, Sequence) or isinstance(tables, str):
            message = f"expected tables [[fault]], got {shown(tables)}"
            self.faults.append(Fault("fault", message))
            return []
        if not tables:
            self.faults.append(Fault("fault", "expected at least one, got none"))
        found = (self._fault(each, f"fault[{n}]") for n, each in enumerate(tables))
        return [fault for fault in found if fault is not None]

    def _fault(self, value: object, path: str) -> PlannedFault | None:
        before = len(self.faults)
        table = self._value(value, FaultTable, path)
        if table is None:
            return None
        point = self._point(table.at, path)
        effect = self._effect(table, path)
        when = _when_of(table)
        if point is not None and effect is not None:
            wrongs = fault_wrongs(
                point, effect, path=table.path, message=table.message, when=when
            )
            self._note(path, wrongs)
        else:
            self._note(path, when.wrongs())
        if len(self.faults) > before or point is None or effect is None:
            return None
        return PlannedFault(point, effect, table.path, table.message, when)

    def _point(self, name: str, path: str) -> Where | None:
        try:
            return point_of(name)
        except BadPlan as bad:
            self._note(path, [bad.wrong])
            return None

    def _effect(self, table: FaultTable, path: str) -> Effect | None:
        given = [name for name in EFFECTS if getattr(table, name) is not None]
        for key, owner in BELONGS.items():
            if getattr(table, key) is not None and owner not in given:
                message = f"expected nothing without {owner}, got a value"
                self.faults.append(Fault(join(path, key), message))
        if len(given) != 1:
            got = " and ".join(given) or "none"
            message = f"expected one of {one_of(EFFECTS)}, got {got}"
            self.faults.append(Fault(path, message))
            return None
        return _effect_of(table)

    def _value(self, value: object, kind: type[T], path: str) -> T | None:
        try:
            return self.converter.structure(value, kind)
        except Exception as error:  # noqa: BLE001 - faults_of raises what is none
            self.faults.extend(faults_of(error, path))
            return None

    def _note(self, path: str, wrongs: Iterable[PlanWrong]) -> None:
        """Collect what the plan's own rules find, in the words of a configuration's."""
        for wrong in wrongs:
            expected = wrong.must.removeprefix("must be ")
            message = f"expected {expected}, got {shown(wrong.got)}"
            self.faults.append(Fault(join(path, wrong.field), message))


def _when_of(table: FaultTable) -> When:
    p, span = table.p, table.between
    return When(
        nth=table.nth,
        times=table.times,
        every=table.every,
        p=None if p is None else p.value,
        between=None if span is None else (span.low, span.high),
        after=table.after,
    )


def _effect_of(table: FaultTable) -> Effect:
    match table:
        case FaultTable(raises=Named(kind)):
            return Raises(kind)
        case FaultTable(hangs=Hang(so_long), ignore_cancel=ignore):
            return Hangs(so_long, bool(ignore))
        case FaultTable(delays=Span(low, high)):
            return Delays(low, high)
        case FaultTable(drops=Yes()):
            return Drops()
        case FaultTable(duplicates=Yes()):
            return Duplicates()
        case FaultTable(reorders=int(window), within=within):
            return Reorders(window) if within is None else Reorders(window, within)
        case FaultTable(fills_mailbox=Yes()):
            return FillsMailbox()
        case FaultTable(blocks_loop=float(so_long)):
            return BlocksLoop(so_long)
        case _:
            return Kills()
