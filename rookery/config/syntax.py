"""TOML as plain values, or the one fault of its syntax."""

from __future__ import annotations

import tomllib

from rookery.config.faults import ConfigRefused, Fault


def document_of(text: str, name: str) -> dict[str, object]:
    """Return what *text* holds.

    Args:
        text: the file's content.
        name: what to call the text in a fault of its syntax: the file's name.

    Raises:
        ConfigRefused: it is no TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        fault = Fault(name, f"expected TOML, got a syntax error: {error}")
    except RecursionError:
        fault = Fault(name, "expected TOML, got brackets nested too deeply")
    raise ConfigRefused((fault,))
