"""What to keep running, as values: a child, and a supervisor with its children.

A spec is checked where it meets a supervisor, not when it is written: whether
`significant` makes sense depends on the supervisor, and OTP's order of checks is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from actors.kernel import AnyActor
from supervision.backoff import Backoff
from supervision.faults import BadSpec, Fault
from supervision.numbers import is_seconds, is_time, is_whole
from supervision.values import (
    DEFAULT_WORKER_GRACE,
    DYNAMIC,
    FOREVER,
    NEVER,
    ONE_FOR_ONE,
    PERMANENT,
    TRANSIENT,
    AutoShutdown,
    Brutal,
    Forever,
    Grace,
    Restart,
    Strategy,
)

if TYPE_CHECKING:
    from supervision.supervisor import SupervisorActor

_ID_MUST = "must be a non-empty string without a slash"
_CHILDREN_MUST = "must be ChildSpecs, in the order in which they start"

StartActor: TypeAlias = Callable[..., AnyActor]


def _in_order(children: Iterable[ChildSpec]) -> tuple[ChildSpec, ...]:
    try:
        return tuple(children)
    except TypeError:
        raise BadSpec(Fault("children", _CHILDREN_MUST, children)) from None


@frozen(eq=False)
class Supervisor:
    """A supervisor and the children it keeps running, as a value.

    It runs nothing itself. `System(spec.actor)`, or a `ChildSpec` that has it as `start`,
    makes a supervising actor of it, as often as one likes.

    Raises:
        BadSpec: a flag or one of the children is wrong; the first fault in OTP's order.
    """

    strategy: Strategy = ONE_FOR_ONE
    children: tuple[ChildSpec, ...] = field(default=(), converter=_in_order)
    """In the order in which they start. For `DYNAMIC` exactly one: the template."""
    max_restarts: int = 3
    within: float = 5.0
    """More than `max_restarts` restarts within this many seconds: it gives up."""
    auto_shutdown: AutoShutdown = NEVER
    needs_operator: bool = field(default=False, kw_only=True)
    """Giving up is for a person to look at: exit with `NeedsOperator`, which nobody
    above tries again, instead of `shutdown`."""

    def __attrs_post_init__(self) -> None:
        fault = flags_fault(self) or children_fault(self)
        if fault is not None:
            raise BadSpec(fault)

    def actor(self) -> SupervisorActor:
        """Return a fresh actor that supervises by this spec: what `System(...)` takes."""
        # Imported here: `supervisor` imports this file.
        from supervision.supervisor import SupervisorActor  # noqa: PLC0415

        return SupervisorActor(self)


@frozen
class ChildSpec:
    """One child: how to start it, and what to do when it ends."""

    id: str
    start: StartActor | Supervisor
    """Makes a fresh actor for each incarnation; or a supervisor, for a nested one.
    Of a template it is called with the arguments of the `Instance`."""
    restart: Restart = PERMANENT
    shutdown: Grace | None = None
    """How long it may take to stop: seconds, `BRUTAL` or `FOREVER`; 0 asks and does not
    wait. `None` is 5.0 for a worker and `FOREVER` for a supervisor."""
    significant: bool = False
    """Its end counts for the supervisor's `auto_shutdown`."""
    backoff: Backoff | None = None
    """`None` restarts at once, as OTP does."""
    counted: bool = True
    """Whether its failures count for the supervisor's window. Not for a session that
    ends because the peer is away: that is no fault of ours. Needs a backoff."""

    @property
    def is_supervisor(self) -> bool:
        return isinstance(self.start, Supervisor)

    @property
    def grace(self) -> Grace:
        """How long it may take to stop, with the default filled in."""
        if self.shutdown is not None:
            return self.shutdown
        return FOREVER if self.is_supervisor else DEFAULT_WORKER_GRACE


@frozen
class Instance:
    """A child of a `DYNAMIC` supervisor: its id, and the arguments for the template."""

    id: str
    args: tuple[object, ...] = ()


def flags_fault(flags: Supervisor) -> Fault | None:
    """Return what is wrong with the flags of a supervisor, in OTP's order of checks."""
    if not isinstance(flags.strategy, Strategy):
        must = "must be ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE or DYNAMIC"
        return Fault("strategy", must, flags.strategy)
    if not is_whole(flags.max_restarts) or flags.max_restarts < 0:
        must = "must be a whole number from 0"
        return Fault("max_restarts", must, flags.max_restarts)
    if not is_seconds(flags.within):
        return Fault("within", "must be a positive number of seconds", flags.within)
    if not isinstance(flags.auto_shutdown, AutoShutdown):
        must = "must be NEVER, ANY_SIGNIFICANT or ALL_SIGNIFICANT"
        return Fault("auto_shutdown", must, flags.auto_shutdown)
    if not _is_flag(flags.needs_operator):
        return Fault("needs_operator", "must be True or False", flags.needs_operator)
    return None


def children_fault(flags: Supervisor) -> Fault | None:
    """Return the first fault among the children, or `None`."""
    if flags.strategy is DYNAMIC and len(flags.children) != 1:
        must = "must be exactly one, the template, for a DYNAMIC supervisor"
        return Fault("children", must, len(flags.children))
    if flags.strategy is DYNAMIC and flags.auto_shutdown is not NEVER:
        must = "must be NEVER for a DYNAMIC supervisor"
        return Fault("auto_shutdown", must, flags.auto_shutdown)
    seen: set[str] = set()
    for spec in flags.children:
        if not isinstance(spec, ChildSpec):
            return Fault("children", _CHILDREN_MUST, spec)
        fault = child_fault(spec, flags)
        if fault is None and spec.id in seen:
            fault = Fault("duplicate", "must be unique", spec.id, spec.id)
        if fault is not None:
            return fault
        seen.add(spec.id)
    return None


def child_fault(spec: ChildSpec, flags: Supervisor) -> Fault | None:
    """Return what is wrong with *spec* under a supervisor with *flags*, or `None`."""
    for field_name, must, got in _child_faults(spec, flags):
        return Fault(field_name, must, got, spec.id if _is_id(spec.id) else "")
    return None


def instance_fault(instance: Instance) -> Fault | None:
    """Return what is wrong with *instance*, or `None`."""
    if not _is_id(instance.id):
        return Fault("id", _ID_MUST, instance.id)
    if not isinstance(instance.args, tuple):
        must = "must be a tuple, of what the template is called with"
        return Fault("args", must, instance.args, instance.id)
    return None


def _child_faults(
    spec: ChildSpec, flags: Supervisor
) -> Iterable[tuple[str, str, object]]:
    # The order is OTP's; the parts that OTP does not have come last.
    if not _is_id(spec.id):
        yield "id", _ID_MUST, spec.id
    if not isinstance(spec.restart, Restart):
        must = "must be PERMANENT, TRANSIENT or TEMPORARY"
        yield "restart", must, spec.restart
    yield from _significant_faults(spec, flags)
    if not isinstance(spec.start, Supervisor) and not callable(spec.start):
        must = "must be a Supervisor or something to call that makes an actor"
        yield "start", must, spec.start
    if spec.shutdown is not None and not _is_grace(spec.shutdown):
        must = "must be a number of seconds from 0, BRUTAL, FOREVER or None"
        yield "shutdown", must, spec.shutdown
    yield from _backoff_faults(spec, flags)


def _significant_faults(
    spec: ChildSpec, flags: Supervisor
) -> Iterable[tuple[str, str, object]]:
    if not _is_flag(spec.significant):
        yield "significant", "must be True or False", spec.significant
    elif spec.significant:
        if flags.auto_shutdown is NEVER:
            must = "must be False where auto_shutdown is NEVER"
            yield "significant", must, True
        if spec.restart is PERMANENT:
            yield "significant", "must be False for a PERMANENT child", True


def _backoff_faults(
    spec: ChildSpec, flags: Supervisor
) -> Iterable[tuple[str, str, object]]:
    backoff: object = spec.backoff
    if backoff is None:
        if not _is_flag(spec.counted) or not spec.counted:
            must = "must be True for a child without backoff: nothing would end a storm"
            yield "counted", must, spec.counted
    elif not isinstance(backoff, Backoff):
        yield "backoff", "must be a Backoff or None", backoff
    elif not _is_flag(spec.counted):
        yield "counted", "must be True or False", spec.counted
    elif backoff.give_up is None and not (
        spec.counted and _window_can_trip(backoff, flags)
    ):
        must = (
            f"must have give_up (a number or FOREVER): with its delays "
            f"{flags.max_restarts + 1} failures never fall within {flags.within:g} s"
        )
        yield "backoff", must, spec.backoff


def _window_can_trip(backoff: Backoff, flags: Supervisor) -> bool:
    needs = backoff.seconds_to_trip(flags.max_restarts, flags.within)
    return needs <= flags.within


def caution(spec: ChildSpec) -> str:
    """Return a warning about what is allowed in *spec* and hardly meant, or `""`."""
    if (
        spec.restart is TRANSIENT
        and isinstance(spec.start, Supervisor)
        and not spec.start.needs_operator
    ):
        return (
            f"child {spec.id!r} is a TRANSIENT supervisor: giving up exits with shutdown, "
            "which counts as a clean end, so it would stay down; PERMANENT is restarted"
        )
    return ""


def _is_id(value: object) -> bool:
    return isinstance(value, str) and bool(value) and "/" not in value


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_grace(value: object) -> bool:
    return isinstance(value, Brutal | Forever) or is_time(value)
