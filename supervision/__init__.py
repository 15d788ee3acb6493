"""What happens when work fails: who is restarted, when, and when to stop trying.

What happens here: child specs and supervisors as values, the pure decision core, and
the supervisor actor that does what the core decides; in `limits`, what keeps calls away
from a peer that fails or is busy. What does not: an actor's life itself
(`actors.kernel`), and which children a host has (`rookery`).

Read what one writes first: `values` and `specs`, with `backoff` and `calls` (what one may
ask). Then the decision core, all of it pure:

    events, state         what it is told and wants done; what it remembers
    decide                one event in, a new state and actions out
    transitions, fate     stopping and starting in order; what a failure leads to
    exits, calling        which exits are failures; how calls are answered
    faults, numbers       what is wrong with a spec

And last the shell around it: `supervisor`, its hold on the children (`crew`, `crowds` for
very many), what it logs (`journalist`), and the calls as functions (`asking`). `limits` and
`chaos` stand apart: nothing of a supervisor needs them.
"""

from supervision import events
from supervision.asking import (
    count_children,
    delete_child,
    get_child_spec,
    restart_child,
    restart_now,
    start_child,
    terminate_child,
    which_child,
    which_children,
)
from supervision.backoff import Backoff
from supervision.calls import (
    AlreadyStarted,
    ChildRow,
    ChildState,
    CountChildren,
    Counts,
    DeleteChild,
    Done,
    GetChildSpec,
    Ignored,
    Refusal,
    RestartChild,
    RestartNow,
    SpecRefused,
    StartChild,
    StartRefused,
    TerminateChild,
    Up,
    WhichChild,
    WhichChildren,
)
from supervision.faults import BadSpec, Fault
from supervision.specs import ChildSpec, Instance, Supervisor, caution
from supervision.supervisor import ChildNotStarted, SupervisorActor, SupervisorMessage
from supervision.values import (
    ALL_SIGNIFICANT,
    ANY_SIGNIFICANT,
    BRUTAL,
    DYNAMIC,
    EQUAL,
    FOREVER,
    FULL,
    NEVER,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    AutoShutdown,
    Forever,
    Grace,
    Jitter,
    Restart,
    Strategy,
)

__all__ = [
    "ALL_SIGNIFICANT",
    "ANY_SIGNIFICANT",
    "BRUTAL",
    "DYNAMIC",
    "EQUAL",
    "FOREVER",
    "FULL",
    "NEVER",
    "ONE_FOR_ALL",
    "ONE_FOR_ONE",
    "PERMANENT",
    "REST_FOR_ONE",
    "TEMPORARY",
    "TRANSIENT",
    "AlreadyStarted",
    "AutoShutdown",
    "Backoff",
    "BadSpec",
    "ChildNotStarted",
    "ChildRow",
    "ChildSpec",
    "ChildState",
    "CountChildren",
    "Counts",
    "DeleteChild",
    "Done",
    "Fault",
    "Forever",
    "GetChildSpec",
    "Grace",
    "Ignored",
    "Instance",
    "Jitter",
    "Refusal",
    "Restart",
    "RestartChild",
    "RestartNow",
    "SpecRefused",
    "StartChild",
    "StartRefused",
    "Strategy",
    "Supervisor",
    "SupervisorActor",
    "SupervisorMessage",
    "TerminateChild",
    "Up",
    "WhichChild",
    "WhichChildren",
    "caution",
    "count_children",
    "delete_child",
    "events",
    "get_child_spec",
    "restart_child",
    "restart_now",
    "start_child",
    "terminate_child",
    "which_child",
    "which_children",
]
