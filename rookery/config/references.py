"""`{ env = "NAME" }` in the place of a text: so a secret need not stand in the file."""

from __future__ import annotations

from collections.abc import Mapping

from rookery.config.faults import Wrong, kind_of


def is_reference(value: object) -> bool:
    """Say whether *value* stands for a text that is kept somewhere else."""
    return isinstance(value, Mapping) and set(value) == {"env"}


def resolve(value: object, env: Mapping[str, str]) -> str:
    """Return the text a reference stands for.

    Raises:
        Wrong: it names no variable, or one that is not set or empty. An empty token
            would silently be no token at all.
    """
    assert isinstance(value, Mapping)
    name = value["env"]
    if not isinstance(name, str) or not name:
        raise Wrong(
            expected="the name of an environment variable", got=kind_of(name), key="env"
        )
    text = env.get(name, "")
    if not text:
        state = "an empty one" if name in env else "nothing"
        raise Wrong(expected=f"the environment variable {name} to be set", got=state)
    return text
