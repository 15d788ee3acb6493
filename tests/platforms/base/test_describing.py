"""A class of a configuration says all that is to be known of it."""

from __future__ import annotations

from typing import Literal

import pytest
from attrs import Factory, field, frozen

from platforms.base import LIVE, Secret, keys_of, needs_reconnect, schema_of


@frozen
class Room:
    """One of several."""

    id: str
    """What it is called there."""


@frozen(kw_only=True)
class Radio:
    """Where it is, and how loud.

    More of it.
    """

    url: str
    """Where to dial,
    with a path."""
    token: Secret = field(default=Secret("hunter2"), repr=False)
    mode: Literal["am", "fm"] = "fm"
    volume: int = field(default=5, metadata=LIVE)
    """From 0 to 11."""
    pause: float = 1.5
    loud: bool = False
    note: str | None = None
    presets: tuple[str, ...] = ()
    rooms: list[Room] = field(factory=list)
    names: dict[str, str] = field(factory=dict)
    twice: int = Factory(lambda self: 2 * self.volume, takes_self=True)


@frozen
class Louder(Radio):
    """What extends another has its keys, and their meaning."""

    limit: int = 11
    """What nobody may exceed."""


def test_keys_have_names_types_defaults_and_meanings() -> None:
    keys = {key.name: key for key in keys_of(Radio)}
    assert {name: key.type for name, key in keys.items()} == {
        "url": "text",
        "token": "secret",
        "mode": '"am" or "fm"',
        "volume": "integer",
        "pause": "number",
        "loud": "boolean",
        "note": "text",
        "presets": "list of texts",
        "rooms": "list of tables",
        "names": "table of texts",
        "twice": "integer",
    }
    assert [key.name for key in keys.values() if key.required] == ["url"]
    assert [key.name for key in keys.values() if key.secret] == ["token"]
    assert [key.name for key in keys.values() if key.live] == ["volume"]
    assert keys["url"].doc == "Where to dial,\nwith a path."
    assert keys["mode"].doc == ""
    assert (keys["volume"].default, keys["rooms"].default) == (5, [])
    assert keys["twice"].default is None


def test_what_is_extended_lends_its_meaning() -> None:
    docs = {key.name: key.doc for key in keys_of(Louder)}
    assert docs["volume"] == "From 0 to 11."
    assert docs["limit"] == "What nobody may exceed."


def test_the_schema_says_the_same() -> None:
    schema = schema_of(Radio)
    properties = schema["properties"]
    assert isinstance(properties, dict)
    reference = {
        "type": "object",
        "properties": {"env": {"type": "string", "minLength": 1}},
        "required": ["env"],
        "additionalProperties": False,
    }
    assert schema["required"] == ["url"]
    assert schema["additionalProperties"] is False
    assert schema["description"] == "Where it is, and how loud.\n\nMore of it."
    assert properties["url"] == {
        "anyOf": [{"type": "string"}, reference],
        "description": "Where to dial,\nwith a path.",
        "x-needs-reconnect": True,
    }
    assert properties["volume"] == {
        "type": "integer",
        "description": "From 0 to 11.",
        "default": 5,
        "x-needs-reconnect": False,
    }
    assert properties["mode"]["enum"] == ["am", "fm"]
    # TOML has no null: what may be left out is left out.
    assert properties["note"]["anyOf"] == properties["url"]["anyOf"]
    assert properties["pause"]["anyOf"][0] == {"type": "number", "minimum": 0}
    assert properties["rooms"]["items"] == {"$ref": "#/$defs/Room"}
    parts = schema["$defs"]
    assert isinstance(parts, dict)
    assert parts["Room"]["properties"]["id"]["anyOf"][1] == reference


def test_a_secret_is_shown_nowhere() -> None:
    token = schema_of(Radio)["properties"]["token"]  # type: ignore[index]  # an object
    assert token["anyOf"][0]["writeOnly"] is True
    assert "default" not in token
    everything = f"{schema_of(Radio)}{keys_of(Radio)}{Radio(url='x')}"
    assert "hunter2" not in everything


@pytest.mark.parametrize(
    ("after", "reconnects"),
    [
        (Radio(url="a", volume=5), False),
        (Radio(url="a", volume=7, twice=10), False),
        (Radio(url="b"), True),
        (Radio(url="a", token=Secret("another")), True),
        (Radio(url="b", volume=7), True),
    ],
)
def test_only_what_is_marked_changes_under_a_connection(
    after: Radio, reconnects: bool
) -> None:
    assert needs_reconnect(Radio(url="a"), after) is reconnects
    assert needs_reconnect(Radio(url="a"), Louder(url="a"))
