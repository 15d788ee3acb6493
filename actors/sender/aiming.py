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

    The message was said before, in the same chat, and a chat is in order: so where it
    stands now is final, as far as it ever will be.

    Args:
        out: What leaves.
        change: What that does.
        outcome: Where the message stands.
        repeated: An earlier attempt may have gone out.

    Raises:
        Rejected: the message has no id, or none that is known.
        OutcomeUnknown: the same, but it may have had one when an earlier attempt went
            out. Then the platform may have done it, and only we refuse now.
    """
    what = _WHAT[type(change)]
    target = change.target
    # Whether its id may have been known before: then an earlier attempt may have been made.
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
