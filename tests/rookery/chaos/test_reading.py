"""A plan's file: all of its mistakes at once, and what is written can be read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import ActorDown, MailboxFull
from rookery.chaos import read_plan, write_plan
from rookery.chaos.tables import EFFECTS, EXCEPTIONS, KEYS, PLAN_KEYS
from rookery.config import ConfigRefused
from supervision import ChildSpec, Supervisor
from supervision.chaos import POSSIBLE, Chaos
from supervision.chaos.strategies import plans
from tests.supervision.chaos.test_hooks import Post

HUGE = 10**400
"""A whole number that no float holds."""
TREE = Supervisor(children=[ChildSpec("a", Post), ChildSpec("b", Post)])


def test_a_plan_is_read_as_it_is_meant() -> None:
    text = """
        [plan]
        seed = 7
        duration = "2m"
        max_faults = 50

        [[fault]]
        at = "before_handle"
        path = "/platforms/*"
        message = "Ring"
        p = 0.01
        raises = "ConnectionError"

        [[fault]]
        at = "stop"
        hangs = "forever"

        [[fault]]
        at = "deliver"
        delays = ["10ms", 2]
        between = ["5s", "1m"]
        after = 3

        [[fault]]
        at = "send"
        reorders = 4
    """
    plan = Chaos(seed=7, duration=120.0, max_faults=50)
    plan = plan.at("handle", "/platforms/*", "Ring").p(0.01).raises(ConnectionError)
    plan = plan.at("stop").hangs()
    plan = plan.at("deliver").between(5.0, 60.0).after(3).delays(0.01, 2.0)
    plan = plan.at("send").reorders(4)

    assert read_plan(text, name="plan.toml") == plan


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("[plan", ["x.toml: expected TOML, got a syntax error: *"]),
        ("", ["fault: expected at least one, got none"]),
        (
            f'[plan]\nduration = {HUGE}\n[[fault]]\nat = "stop"\np = {HUGE}\nkills = true',
            [
                "plan.duration: expected seconds *",
                "fault[0].p: expected a chance above 0 and at most 1, *",
            ],
        ),
        ("fault = 3", ["fault: expected tables [[fault]], got the integer 3"]),
        ("fault = [3]", ["fault[0]: expected a table, got the integer 3"]),
        (
            '[plans]\n[plan]\nseed = "x"\n[[fault]]\nkills = true',
            [
                "plans: expected fault or plan, got an unknown table",
                'plan.seed: expected an integer, got the text "x"',
                "fault[0].at: expected a value, got nothing (the key is missing)",
            ],
        ),
        (
            (
                '[plan]\nduration = 0\n[[fault]]\nat = "send"\np = 2\nafter = -1\n'
                'drops = true\nkills = true\n[[fault]]\nat = "nowhere"\nkills = 1'
            ),
            [
                "plan.duration: expected a positive number of seconds, got the number 0",
                "fault[0]: expected one of *, got drops and kills",
                "fault[0].after: expected a whole number from 0, got the integer -1",
                "fault[0].p: expected a chance above 0 and at most 1, got the integer 2",
                "fault[1].kills: expected true, or for it to be left out, got the integer 1",
            ],
        ),
        (
            (
                '[[fault]]\nat = "nowhere"\nkills = true\n[[fault]]\nat = "stop"\n'
                'path = "db"\nmessage = "Say"\ndrops = true\nwithin = 3'
            ),
            [
                "fault[0].at: expected one of restart, start, *, got *",
                "fault[1].within: expected nothing without reorders, got a value",
                "fault[1].path: expected a path with a slash in front, *",
                (
                    "fault[1].message: expected nothing at stop, where there is no message, "
                    'got the text "Say"'
                ),
                (
                    "fault[1].at: expected one of send, deliver, timer, reply for drops, "
                    'got the text "stop"'
                ),
            ],
        ),
        (
            (
                '[[fault]]\nat = "handle"\nraises = "os:system"\n[[fault]]\nat = "send"\n'
                'raises = "OSError"\n[[fault]]\nat = "handle"\nraises = "KeyboardInterrupt"'
            ),
            [
                "fault[0].raises: expected the name of one of Python's own exceptions, *",
                "fault[1].raises: expected MailboxFull or ActorDown *",
                "fault[2].raises: expected the name of one of Python's own exceptions, *",
            ],
        ),
        (
            (
                '[[fault]]\nat = "handle"\ndelays = [1, 2, 3]\n'
                '[[fault]]\nat = "handle"\nhang = 1\n'
            ),
            [
                "fault[0].delays: expected one duration, or two in a list, got 3 in a list",
                "fault[1].hang: expected *, got the unknown key hang",
            ],
        ),
    ],
)
def test_every_mistake_is_said_at_once(text: str, faults: list[str]) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_plan(text, name="x.toml")
    said = [str(fault) for fault in refused.value.faults]
    assert len(said) == len(faults), said
    for line, wanted in zip(said, faults, strict=True):
        parts = wanted.split("*")
        assert line.startswith(parts[0]), line
        assert all(part in line for part in parts), line


@settings(max_examples=100)
@given(plan=plans(TREE), message=st.text(st.characters(codec="utf-8")))
def test_what_is_written_is_read_again(plan: Chaos, message: str) -> None:
    plan = plan.at("deliver", "/a/**", message or None).drops()
    assert read_plan(write_plan(plan), name="") == plan


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(ConfigRefused, match="expected"):  # no text is a plan by chance
        read_plan(text, name="x.toml")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 10)
    | st.floats()
    | st.sampled_from(["send", "handle", "OSError", "forever", "1s", "", "/a"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=3,
)


@settings(max_examples=200)
@given(
    st.dictionaries(st.sampled_from(PLAN_KEYS), VALUES, max_size=3),
    st.lists(
        st.dictionaries(st.sampled_from([*KEYS, "bogus"]), VALUES, max_size=6),
        max_size=3,
    ),
)
def test_any_document_is_a_plan_or_has_mistakes_of_one_line(
    plan: dict[str, object], faults: list[dict[str, object]]
) -> None:
    from rookery.chaos.reading import _Reader
    from rookery.chaos.tables import plan_converter

    reader = _Reader(plan_converter())
    read = reader.plan({"plan": plan, "fault": faults})
    for fault in reader.faults:
        assert "\n" not in str(fault)
        assert "expected" in str(fault)
    if not reader.faults:
        assert len(read.faults) == len(faults)


def test_only_what_a_file_can_say_is_written() -> None:
    plan = Chaos().at("deliver", where=bool).drops()
    with pytest.raises(ValueError, match="predicate"):
        write_plan(plan)
    plan = Chaos().at("handle").raises(OSError("with a text of its own"))
    with pytest.raises(ValueError, match="Python's own"):
        write_plan(plan)


def test_no_exception_that_can_be_named_ends_the_process() -> None:
    assert all(issubclass(kind, Exception) for kind in EXCEPTIONS.values())
    assert EXCEPTIONS["MailboxFull"] is MailboxFull
    assert EXCEPTIONS["ActorDown"] is ActorDown


def test_every_effect_has_a_key_of_its_name() -> None:
    assert set(EFFECTS) == {effect.name for effect in POSSIBLE}
    assert set(EFFECTS) <= set(KEYS)
