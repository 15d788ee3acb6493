"""An event as one line of text: the same in every process, for the same run.

So there is no address of an object in it, no time of a real clock, no hash order.
"""

from __future__ import annotations

import re
from enum import Enum

from actors.kernel import LifeBegan, LifeEnded, LifeUp
from supervision import events

_ADDRESS = re.compile(r"0x[0-9a-fA-F]+")


def line(event: object) -> str:
    """Return what *event* says."""
    return _ADDRESS.sub("0x..", _text(event))


def _text(event: object) -> str:
    match event:
        case LifeBegan(path, number):
            return f"{path}#{number} begins"
        case LifeUp(path, number):
            return f"{path}#{number} is up"
        case LifeEnded(path, number, reason):
            return f"{path}#{number} ends: {reason}"
        case events.Decided(path, action):
            return f"{path}: {told(action)}"
        case _:
            return str(event)


def told(action: events.Action) -> str:
    """Return what a supervisor is about to do, or notes."""
    match action:
        case events.Start(child):
            return f"start {child}"
        case events.Halt(child):
            return f"halt {child}"
        case events.HaltAll(children):
            return f"halt {', '.join(child for child, _ in children)} at once"
        case events.Look():
            return "look who is left"
        case events.PostRetry(child):
            return f"try {child} again"
        case events.SetTimer(child, seconds=seconds, streak=streak, why=why):
            return f"{child} sleeps {seconds:.6f} s, failure {streak}: {why}"
        case events.DropTimer():
            return "end a sleep"
        case events.Hold(child, leader):
            return f"{child} comes back with {leader}"
        case events.Rest(child, reason):
            return f"{child} stays down: {reason}"
        case events.Forget(child, reason):
            return f"forget {child}: {reason}"
        case events.Reply(ref, answer):
            return f"answer {_call(ref)}: {_answer(answer)}"
        case events.ReplyCounts(ref):
            return f"answer {_call(ref)}"
        case events.Booted():
            return "all are up"
        case events.BootFailed(child):
            return f"{child} did not come up"
        case events.Exit(reason):
            return f"exit: {reason}"
        case events.Restarted(child, number):
            return f"{child} is back as #{number}"
        case events.ChildEnded(child, number, reason, restarts):
            back = "comes back" if restarts else "does not come back"
            return f"{child}#{number} ended and {back}: {reason}"
        case events.RestartFailed(child, exception):
            return f"{child} did not come back: {exception!r}"
        case events.OperatorNeeded(child, why):
            return f"{child} needs an operator: {why}"
        case events.GaveUp(child, failures, breaker):
            return f"give up over {child}: {failures} failures, {breaker}"
        case events.ShuttingDown(child):
            return f"significant {child} has ended"
        case events.Abandon(child):
            return f"{child} does not come back: this is the end"
        case events.Doubtful(child, why):
            return f"{child} is hardly meant so: {why}"


def _call(ref: object) -> str:
    child = getattr(ref, "child", "")
    name = child if isinstance(child, str) else getattr(child, "id", "")
    return f"{type(ref).__name__} {name}".rstrip()


def _answer(answer: object) -> str:
    if isinstance(answer, Enum):
        return str(answer.value)
    return type(answer).__name__
