"""What is wrong with a spec or a policy: the field, what must hold, what was got."""

from __future__ import annotations

from attrs import frozen


@frozen
class Fault:
    """One thing wrong with a spec or a policy."""

    field: str
    """`strategy`, `max_restarts`, `within`, `auto_shutdown`, `needs_operator`, `children`, `child`,
    `id`, `args`, `duplicate`, `restart`, `significant`, `start`, `shutdown`, `backoff`, `counted`;
    of limits, `breaker.`, `pace.` or `permits.` and a field."""
    must: str
    got: object = None
    child: str = ""
    """The id of the child at fault; empty for the supervisor's own flags."""

    def __str__(self) -> str:
        where = f"child {self.child!r}: " if self.child else ""
        return f"{where}{self.field} {self.must} (got {self.got!r})"


class BadSpec(ValueError):
    """A supervisor, a child spec or a policy that cannot work. `fault` says which part."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault
