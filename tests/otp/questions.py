"""Questions to a moment of a scenario: does it show this case of OTP's own test suite?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tests.otp.moments import Moment
from tests.otp.terms import Json

Question: TypeAlias = Callable[[Moment], bool]

X: Json = {"shutdown": "x"}
GROUPS = ("one_for_all", "rest_for_one")


def ended(restart: str, *reasons: Json) -> Callable[[Moment], str]:
    """Return who, of that restart type, ended by himself with one of these reasons."""

    def found(m: Moment) -> str:
        name, why = m.ended
        mine = name and "sup" not in m.cast.specs[name] and m.restart(name) == restart
        return name if mine and why in reasons and m.lives_on else ""

    return found


def comes_back(restart: str, *reasons: Json) -> Question:
    who = ended(restart, *reasons)
    return lambda m: bool(who(m)) and isinstance(m.state(who(m)), int)


def stays_down(restart: str, *reasons: Json) -> Question:
    who = ended(restart, *reasons)
    return lambda m: bool(who(m)) and m.state(who(m)) is None


def is_forgotten(restart: str, *reasons: Json) -> Question:
    who = ended(restart, *reasons)
    return lambda m: bool(who(m)) and m.state(who(m)) == "absent"


def replaced(strategy: str) -> Question:
    """One crashed among several; who else was replaced is what the strategy says."""

    def asks(m: Moment) -> bool:
        name, why = m.ended
        if m.strategy != strategy or why not in ("boom", "killed") or not m.lives_on:
            return False
        order = [child for child, _ in reversed(m.before[m.supervisor]["children"])]
        if name not in order or len(order) < 3 or m.of("start_fail"):
            return False
        place = order.index(name)
        reach = {
            "one_for_all": order,
            "rest_for_one": order[place:],
            "one_for_one": [name],
        }
        if strategy == "rest_for_one" and place == 0:
            return False
        return m.who("start") == reach[strategy]

    return asks


def gives_up(strategy: str) -> Question:
    """It had been restarted before; one crash more ends it, the others stop first."""

    def asks(m: Moment) -> bool:
        name, why = m.ended
        return (
            m.strategy == strategy
            and why in ("boom", "killed")
            and m.stop_reasons().get(m.supervisor) == "shutdown"
            and len(m.of("stop")) > 2
            and not m.of("start", name)
            and m.state(name, before=True) not in ("absent", 1)
        )

    return asks


def escalates(strategy: str) -> Question:
    """Starts fail until the supervisor gives up, and with it those that ran."""

    def asks(m: Moment) -> bool:
        gave_up = m.stop_reasons().get(m.supervisor) == "shutdown"
        return (
            m.strategy == strategy
            and m.op == "crash"
            and gave_up
            and len(m.of("start_fail")) > 1
            and len(m.of("stop")) > 2
        )

    return asks


def other_fails(
    strategy: str, told: Callable[[str, str], list[tuple[str, str]]]
) -> Question:
    """The first came back, the next one failed to: what is done then is *told*."""

    def asks(m: Moment) -> bool:
        story = m.story()
        if m.strategy != strategy or m.op != "crash" or not m.lives_on:
            return False
        for at in range(len(story) - 2):
            (first, a), (then, b) = story[at : at + 2]
            after = told(a, b)
            came = story[at + 2 :][: len(after)]
            if (first, then) == ("start", "start_fail") and came == after:
                return True
        return False

    return asks


def no_shutdown(restart: str, auto: str, *reasons: Json) -> Question:
    """One that is not significant ended, and it did not matter."""
    who = ended(restart, *reasons)
    return lambda m: m.auto == auto and bool(who(m)) and not m.is_significant(who(m))


def shutdown(restart: str, auto: str, *reasons: Json) -> Question:
    """A significant one ended, and its supervisor with it."""

    def asks(m: Moment) -> bool:
        name, why = m.ended
        return (
            m.auto == auto
            and m.restart(name) == restart
            and m.is_significant(name)
            and why in reasons
            and m.stop_reasons().get(m.supervisor) == "shutdown"
            and not m.of("start", name)
        )

    return asks


def not_the_last(restart: str, *reasons: Json) -> Question:
    who = ended(restart, *reasons)
    return lambda m: (
        m.auto == "all_significant"
        and bool(who(m))
        and m.is_significant(who(m))
        and not m.of("start")
    )


def by_hand(restart: str) -> Question:
    """A significant one was terminated, and it did not matter."""
    return lambda m: (
        m.op == "terminate_child"
        and m.auto != "never"
        and m.restart(m.step.get("child", "")) == restart
        and m.is_significant(m.step.get("child", ""))
        and bool(m.of("stop", m.step["child"]))
        and m.lives_on
    )


def bystander(m: Moment) -> bool:
    """A significant one was stopped by the restart of its group, and nobody shut down."""
    return (
        m.op == "crash"
        and m.auto != "never"
        and m.lives_on
        and any(
            m.is_significant(n) and n != m.step["child"] and m.restart(n) == "temporary"
            for n in m.who("stop")
        )
    )


def passes_on(significant: bool) -> Question:
    """A significant end took its supervisor down; did it take the one above along?"""

    def asks(m: Moment) -> bool:
        name, why = m.ended
        inner = m.supervisor
        outer = m.cast.parents.get(inner, "")
        over = m.stop_reasons().get(inner) == "shutdown" and m.is_significant(name)
        if not (over and outer and m.auto == "any_significant" and why == "normal"):
            return False
        if m.restart(inner) == "permanent" or outer not in m.before:
            return False
        return (outer not in m.after) == significant == m.is_significant(inner)

    return asks


def looping(strategy: str, *, also: Callable[[Moment], bool]) -> Question:
    """A batch found a child between two tries of its restart."""
    return lambda m: m.op == "batch" and m.strategy == strategy and also(m)


def ends_the_loop(m: Moment) -> bool:
    """It was terminated between two tries, and there was no other."""
    for name in {str(i.get("child") or i.get("name")) for i in m.items}:
        story = [kind for kind, who in m.story() if who == name]
        asked = ["reply", "terminate_child", m.supervisor, name, "ok"] in m.events
        if asked and story == ["stop", "start_fail"]:
            return m.state(name) in (None, "absent")
    return False


def rest_stays_down(m: Moment) -> bool:
    """Those after the one whose loop was ended are down, too."""
    if not ends_the_loop(m) or m.supervisor not in m.after:
        return False
    states = [state for _, state in m.after[m.supervisor]["children"]]
    return states[0] is None and states.count(None) > 1


def escalated(m: Moment) -> bool:
    """An inner supervisor gave up, and the whole tree was made anew."""
    inner = [name for name in m.who("stop") if name in m.cast.supervisors]
    return (
        m.op == "crash"
        and "root" not in inner
        and bool(inner)
        and m.cast.supervisors["root"].get("strategy") == "one_for_all"
        and len(m.who("init")) >= len(inner)
        and any(
            name in m.cast.late and name not in m.who("start") for name in m.who("stop")
        )
    )


def stays_below(m: Moment) -> bool:
    return (
        m.op == "crash"
        and m.supervisor not in ("", "root")
        and len(m.before) > 2
        and m.who("start") == [m.step["child"]]
    )


def with_kids(m: Moment, order: str) -> list[str]:
    return [c for c, s in reversed(m.before[order]["children"]) if isinstance(s, int)]


def stops_in_reverse(m: Moment) -> bool:
    if m.op != "final" or "root" not in m.before or len(m.before) > 1:
        return False
    order = with_kids(m, "root")
    return (
        m.strategy != "simple_one_for_one"
        and len(order) > 3
        and m.who("stop") == [*reversed(order), "root"]
    )


def at_the_end(want: Callable[[Json], bool], reason: Json) -> Question:
    """Whoever is like that ended so when the root was stopped; another one otherwise."""

    def asks(m: Moment) -> bool:
        stops = m.stop_reasons()
        mine = [why for name, why in stops.items() if want(m.cast.specs[name])]
        return m.op == "final" and reason in mine and len(stops) > len(mine) + 1

    return asks


def at_once(want: Callable[[Json], bool], reason: Json) -> Question:
    """An instance like that ended so when all were stopped with their supervisor."""

    def asks(m: Moment) -> bool:
        bags = [event[1] for event in m.events if event[0] == "unordered"]
        return any(
            event[0] == "stop" and event[3] == reason and want(m.cast.specs[event[1]])
            for bag in bags
            for event in bag
        )

    return asks


def ignored(m: Moment, name: str) -> bool:
    return bool(m.of("ignore", name))


def started(m: Moment) -> str:
    """Return whom a single start_child was about."""
    if m.op != "start_child":
        return ""
    return str(m.step.get("name") or m.step["spec"].get("id", ""))


def new_and_ignored(restart: str, *, simple: bool, kept: bool) -> Question:
    return lambda m: (
        (m.strategy == "simple_one_for_one") == simple
        and ignored(m, started(m))
        and m.restart(started(m)) == restart
        and m.replies("start_child", {"ok": None})
        and (m.state(started(m)) is None) == kept
    )


def new_and_failed(*, simple: bool) -> Question:
    return lambda m: (
        (m.strategy == "simple_one_for_one") == simple
        and m.refused("start_child", "start") == [started(m)]
        and m.state(started(m)) == "absent"
    )


def shows_grace(shutdown: Json) -> Question:
    return lambda m: any(
        event[1] == "get_childspec"
        and event[4].get("ok", {}).get("shutdown") == shutdown
        for event in m.of("reply")
    )


def answered(op: str, kind: str) -> Question:
    """That call was refused so."""
    return lambda m: bool(m.refused(op, kind))


def said(op: str, text: str) -> Question:
    """What was answered to that call, written out, holds this text."""
    return lambda m: any(text in str(e[4]) for e in m.of("reply") if e[1] == op)


def temporary_bystander(strategy: str) -> Question:
    return lambda m: (
        m.op == "crash"
        and m.strategy == strategy
        and m.lives_on
        and any(
            m.restart(name) == "temporary" and m.state(name) == "absent"
            for name in m.who("stop")
            if name != m.step["child"]
        )
    )


def survives_for_ever(m: Moment) -> bool:
    """More restarts than the intensity, spread over time."""
    sleeps = sum(entry["step"] == "sleep" for entry in m.trace[: m.at])
    root = m.cast.supervisors["root"]
    restarts = sum(
        event[0] == "start" and event[2] > 1
        for entry in m.trace[: m.at + 1]
        for event in entry["events"]
    )
    return sleeps > 1 and restarts > root["intensity"] and m.lives_on
