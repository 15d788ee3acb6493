"""Plain values in, typed values out: nothing is guessed, nothing is let pass.

cattrs does the walking. It would turn `"42"` into 42, `true` into 1 and a text into
a list of letters without a word, so each of these types gets a hook that refuses.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

import attrs
from cattrs import Converter
from cattrs.gen import make_dict_structure_fn

from platforms.base import Secret
from rookery.config.durations import seconds
from rookery.config.faults import Wrong, kind_of, one_of, shown
from rookery.config.references import is_reference, resolve

# What cattrs itself asks of a hook.
Hook: TypeAlias = Callable[[Any, Any], Any]


def strict_converter(env: Mapping[str, str]) -> Converter:
    """Return a converter that raises `Wrong` for every value that is not meant so.

    Args:
        env: What `{ env = "NAME" }` is looked up in.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(bool, _plain(bool, "true or false"))
    converter.register_structure_hook(int, _integer)
    converter.register_structure_hook(float, lambda value, _: seconds(value))
    converter.register_structure_hook(str, lambda value, _: _text(value, env))
    converter.register_structure_hook(Secret, lambda value, _: _secret(value, env))
    converter.register_structure_hook_func(_is_literal, _literal)
    converter.register_structure_hook_factory(
        _is_optional, lambda kind: _present(converter, kind)
    )
    converter.register_structure_hook_factory(
        attrs.has, lambda kind: _table(make_dict_structure_fn(kind, converter))
    )
    _guard_shape(converter, (tuple, frozenset, list), list, "a list")
    _guard_shape(converter, (dict, Mapping), Mapping, "a table")
    return converter


def _plain(kind: type, expected: str) -> Hook:
    def hook(value: object, _: object) -> object:
        if isinstance(value, kind):
            return value
        raise Wrong(expected=expected, got=shown(value))

    return hook


def _integer(value: object, _: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise Wrong(expected="an integer", got=shown(value))


def _text(value: object, env: Mapping[str, str]) -> str:
    if is_reference(value):
        return resolve(value, env)
    if isinstance(value, str):
        return value
    hint = f' (write "{value}")' if type(value) is int else ""
    raise Wrong(expected="a text", got=f"{shown(value)}{hint}")


def _secret(value: object, env: Mapping[str, str]) -> Secret:
    if is_reference(value):
        return Secret(resolve(value, env))
    if isinstance(value, str) and value:
        return Secret(value)
    raise Wrong(expected='a text or { env = "NAME" }', got=kind_of(value))


def _is_literal(kind: object) -> bool:
    return get_origin(kind) is Literal


def _literal(value: object, kind: object) -> object:
    choices = get_args(kind)
    # `in` alone would take true for 1.
    if any(value == choice and type(value) is type(choice) for choice in choices):
        return value
    raise Wrong(one_of(f'"{choice}"' for choice in choices), shown(value))


def _is_optional(kind: object) -> bool:
    return get_origin(kind) in (Union, types.UnionType) and type(None) in get_args(kind)


def _present(converter: Converter, kind: object) -> Hook:
    """TOML has no null: what is there is the other half of `X | None`."""
    inner = tuple(part for part in get_args(kind) if part is not type(None))
    assert len(inner) == 1, f"a key of a configuration has one type (got {kind})"
    return lambda value, _: converter.structure(value, inner[0])


def _table(structure: Hook) -> Hook:
    def hook(value: object, kind: object) -> object:
        if not isinstance(value, Mapping):
            raise Wrong(expected="a table", got=shown(value))
        return structure(value, kind)

    return hook


def _guard_shape(
    converter: Converter, origins: tuple[type, ...], shape: type, expected: str
) -> None:
    """Put a check of *shape* before what cattrs does for these containers."""

    def concerns(kind: object) -> bool:
        return get_origin(kind) in origins

    def factory(kind: Any) -> Hook:
        inner = plain.get_structure_hook(kind)

        def hook(value: object, _: object) -> object:
            if not isinstance(value, shape):
                raise Wrong(expected=expected, got=shown(value))
            return inner(value, kind)

        return hook

    plain = converter.copy()
    converter.register_structure_hook_factory(concerns, factory)
