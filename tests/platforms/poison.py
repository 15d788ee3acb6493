"""What stands in the JSON of real programs and cannot be read, or not without harm."""

from __future__ import annotations

from typing import Final

NUMBERS: Final = {
    "beyond-a-float": "1e400",
    "far-below": "-1e400",
    "not-a-number": "NaN",
    "infinite": "-Infinity",
    "400-digits": "9" * 400,
    "5000-digits": "9" * 5000,
    "5000-digits-and-a-half": "9" * 5000 + ".5",
}
TEXTS: Final = {
    "half-an-emoji": '"\\ud83d"',
    "the-other-half": '"\\udc4d"',
    "a-control-character": '"a\x01b"',
    "no-text": b'"\xff"',
}
HOLES: Final = {
    "deep": "[" * 70 + "]" * 70,
    "deeper": '{"a":' * 1_500 + "1" + "}" * 1_500,
    "deepest": "[" * 100_000 + "]" * 100_000,
}
POISON: Final = {**NUMBERS, **TEXTS, **HOLES}


def poisoned(json: str | bytes, poison: str | bytes, mark: str = "POISON") -> bytes:
    """Return *json* with *poison* in the place of the text *mark*."""
    json = json.encode() if isinstance(json, str) else json
    poison = poison.encode() if isinstance(poison, str) else poison
    place = f'"{mark}"'.encode()
    assert place in json
    return json.replace(place, poison)
