"""What is seen of a tree while it is being broken: lives that end, and come back."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import define, field

from actors.kernel import LifeBegan, LifeEnded, LifeUp
from supervision import events

RECOVERIES_KEPT = 10_000
ESCALATIONS_KEPT = 100


@define(eq=False)
class Seen:
    """What was seen since `Observer.look`."""

    restarts: int = 0
    """Lives that began at a path where there had been one."""
    escalated: int = 0
    """How many supervisors gave up."""
    escalations: deque[str] = field(factory=lambda: deque(maxlen=ESCALATIONS_KEPT))
    """The newest supervisors that gave up, by path."""
    recoveries: deque[float] = field(factory=lambda: deque(maxlen=RECOVERIES_KEPT))
    """Seconds from the end of a life until the next one at that path was up."""
    down: dict[str, float] = field(factory=dict)
    """Paths where somebody ended and nobody is up yet; the instant of the end."""


class Observer:
    """Hears of every life of a system (it is a `Witness`), and counts while it is to."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._clock: Callable[[], float] | None = None

    def look(self, clock: Callable[[], float]) -> None:
        """Forget what was seen, and count from now on; *clock* gives monotonic seconds."""
        self.seen = Seen()
        self._clock = clock

    def look_away(self) -> None:
        """Count nothing more; what was seen stays."""
        self._clock = None

    def __call__(self, told: object) -> None:
        """Count one thing that the system tells; see `actors.kernel.Witness`."""
        if self._clock is None:
            return
        seen = self.seen
        match told:
            case LifeBegan(path, incarnation):
                # Below a supervisor that was restarted, incarnations begin anew.
                seen.restarts += incarnation > 1 or path in seen.down
            case LifeUp(path):
                ended = seen.down.pop(path, None)
                if ended is not None:
                    seen.recoveries.append(self._clock() - ended)
            case LifeEnded(path):
                seen.down.setdefault(path, self._clock())
            case events.Decided(path, events.GaveUp()):
                seen.escalated += 1
                seen.escalations.append(path)
            case _:
                pass
