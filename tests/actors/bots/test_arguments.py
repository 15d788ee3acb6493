"""Arguments: from words to typed values, and the usage line when they do not fit."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bots import BotMistake, Context, use
from actors.bots.arguments import WrongArguments, read, usage
from actors.bots.signatures import read_signature
from actors.bots.words import Line, quote, read_line
from actors.messages import Mention, Text


class Colour(Enum):
    RED = "crimson"
    BLUE = "azure"


def reading(
    function: Callable[..., object], text: str
) -> dict[str, object] | WrongArguments:
    return read(read_signature(function, "test").arguments, Line(text), 0)


async def take_all(  # noqa: PLR0917
    ctx: Context,
    name: str,
    number: int,
    weight: float,
    sure: bool,
    way: Literal["up", "down", 3],
    colour: Colour,
    who: Mention,
    rest: str,
) -> None: ...


@given(
    name=st.text(min_size=1, max_size=8),
    number=st.integers(-(10**12), 10**12),
    weight=st.floats(allow_nan=False, allow_infinity=False),
    sure=st.booleans(),
    way=st.sampled_from(["up", "down", 3]),
    colour=st.sampled_from(Colour),
    rest=st.text(min_size=1).filter(lambda text: text.strip()),
)
def test_every_kind_of_argument_comes_back_as_it_was(
    *,
    name: str,
    number: int,
    weight: float,
    sure: bool,
    way: str | int,
    colour: Colour,
    rest: str,
) -> None:
    values: list[object] = [name, number, weight, "yes" if sure else "off", way]
    words = [quote(str(value)) for value in values]
    line = " ".join([*words, colour.value, "@bob", rest])
    assert reading(take_all, line) == {
        "name": name,
        "number": number,
        "weight": weight,
        "sure": sure,
        "way": way,
        "colour": colour,
        "who": Mention("bob"),
        "rest": rest.strip(),
    }


@given(text=st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    assert isinstance(reading(take_all, text), dict | WrongArguments)


async def roll(ctx: Context, sides: int = 6, colour: Colour = Colour.RED) -> None: ...


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("six", "[SIDES] must be a whole number (got 'six')"),
        ("6 green", "must be one of crimson, azure (got 'green')"),
        ("6 red more words", "nothing is expected at 'more words'"),
    ],
)
def test_what_does_not_fit_is_said(text: str, why: str) -> None:
    got = reading(roll, text)
    assert isinstance(got, WrongArguments)
    assert why.removeprefix("[SIDES] ") in got.why


def test_enums_are_read_by_name_or_value_in_any_case() -> None:
    assert reading(roll, "6 BLUE") == {"sides": 6, "colour": Colour.BLUE}
    assert reading(roll, "6 Azure") == {"sides": 6, "colour": Colour.BLUE}


def test_what_is_left_out_takes_its_default() -> None:
    assert reading(roll, " ") == {"sides": 6, "colour": Colour.RED}


async def remind(
    ctx: Context,
    who: Mention,
    minutes: int | None = None,
    text: str = "",
) -> None: ...


def test_a_value_that_may_be_none_is_one_that_may_be_left_out() -> None:
    line = read_line((Text("/remind "), Mention("5", "Ann"), Text(" 3 to sleep")))
    got = read(read_signature(remind, "test").arguments, line, len("/remind"))
    assert got == {"who": Mention("5"), "minutes": 3, "text": "to sleep"}
    assert reading(remind, "@5") == {"who": Mention("5"), "minutes": None, "text": ""}


@pytest.mark.parametrize("word", ["nan", "inf", "1e999"])
def test_a_number_is_finite(word: str) -> None:
    async def weigh(ctx: Context, kilos: float) -> None: ...

    got = reading(weigh, word)
    assert got == WrongArguments(f"KILOS must be a finite number (got {word!r})")


def test_the_usage_line_says_everything() -> None:
    def shown(function: Callable[..., object]) -> str:
        return usage("/do", read_signature(function, "test").arguments)

    assert shown(roll) == "/do [SIDES] [crimson|azure]"
    assert shown(remind) == "/do @WHO [MINUTES] [TEXT]"
    assert shown(take_all).endswith("SURE up|down|3 crimson|azure @WHO REST")


async def missing(ctx: Context, thing) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001
async def unreadable(ctx: Context, thing: dict[str, int]) -> None: ...
async def unknown(ctx: Context, thing: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821
async def many(ctx: Context, *things: str) -> None: ...
async def late(ctx: Context, *, a: int = 1, b: int) -> None: ...
async def yields(ctx: Context) -> object:
    yield 1


async def nothing() -> None: ...


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (missing, "parameter 'thing' must be annotated, as in `thing: str`"),
        (unreadable, "must be annotated with str, int"),
        (unknown, "'Nowhere' cannot be resolved"),
        (many, "take the rest of the message as a last `text: str`"),
        (late, "'b' must have a default, because 'a' before it has one"),
        (yields, "must not yield"),
        (nothing, "must take the context first"),
        ("ping", "must be a function (got 'ping')"),
    ],
)
def test_a_signature_that_cannot_work_is_refused_at_once(
    function: Callable[..., object], said: str
) -> None:
    with pytest.raises(BotMistake) as refused:
        read_signature(function, "command 'do'")
    assert said in str(refused.value)
    assert str(refused.value).startswith("command 'do'")


def test_dependencies_are_no_arguments() -> None:
    async def note(ctx: Context, text: str, db: object = use("db")) -> None: ...

    signature = read_signature(note, "test")
    assert [argument.name for argument in signature.arguments] == ["text"]
    assert signature.arguments[0].rest
    assert signature.uses == {"db": "db"}
