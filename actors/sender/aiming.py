"""Which message of the platform a change is meant for. Pure."""

from __future__ import annotations

from attrs import evolve

from actors.messages import (
    Change,
    Delete,
    Edit,
    Ours,
    Outbound,
    OutboundState,
    Outcome,
    React,
)
from actors.sender.line import OutcomeUnknown, Rejected

_S = OutboundState
_WHAT = {
    Edit: "the message to edit",
    Delete: "the message to delete",
    React: "the message to react to",
}


def aimed(
    out: Outbound, change: Change, outcome: Outcome | None, *, repeated: bool = False
) -> Outbound:
    """Return *out* with the platform's id of the message of ours that it changes.

    Order within a chat has let that go first: whatever it is now, it stays.

    Args:
        out: What leaves.
        change: What that does.
        outcome: Where the message stands.
        repeated: An earlier attempt may have gone out.

    Raises:
        Rejected: it has no id, or no one that is known.
        OutcomeUnknown: it may have had one when an earlier attempt went out: it is we
            who refuse now, and the platform may have done it.
    """
    what = _WHAT[type(change)]
    target = change.target
    # Whether it may have had an aim before: then what is repeated may have hit it.
    lost = False
    if isinstance(change, Edit) and isinstance(target, Ours) and target.parts > 1:
        why = f"{what} was said in {target.parts} parts, and an edit replaces one"
    elif outcome is None:
        why, lost = f"{what} is not in the journal (any more)", True
    elif outcome.delivered and outcome.message_id:
        return evolve(out, change=evolve(change, target=outcome.message_id))
    elif outcome.delivered:
        why = f"{what} was given no id by the platform"
    elif outcome.state is _S.UNKNOWN:
        why, lost = f"nobody knows whether {what} was said", True
    elif outcome.state in (_S.QUEUED, _S.SENDING):
        why, lost = f"{what} was not said yet", True
    else:
        detail = f": {outcome.detail}" if outcome.detail else ""
        why = f"{what} was never said ({outcome.state.value}{detail})"
    if repeated and lost:
        msg = f"an earlier attempt may have gone out; now {why}"
        raise OutcomeUnknown(msg)
    raise Rejected(why)
