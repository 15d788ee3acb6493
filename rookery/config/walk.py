"""From the tree of exceptions that cattrs raises to a flat list of faults with paths."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
from cattrs.errors import (
    AttributeValidationNote,
    ClassValidationError,
    ForbiddenExtraKeysError,
    IterableValidationError,
    IterableValidationNote,
)

from rookery.config.faults import Fault, Wrong, join, one_of


def faults_of(error: Exception, path: str) -> Iterator[Fault]:
    """Yield every mistake in *error*, as seen from *path*.

    Raises:
        Exception: *error* itself, if it is no statement about the configuration.
    """
    match error:
        case ClassValidationError() | IterableValidationError():
            for inner in error.exceptions:
                yield from faults_of(inner, path + _step(inner, path))
        case ForbiddenExtraKeysError():
            for key in sorted(error.extra_fields):
                yield Fault(join(path, key), _no_such_key(error.cl, key))
        case Wrong():
            where = join(path, error.key) if error.key else path
            yield Fault(where, str(error))
        case KeyError():
            yield Fault(path, "expected a value, got nothing (the key is missing)")
        case _:
            raise error


def _step(error: Exception, path: str) -> str:
    """Return what leads from *path* to where *error* happened."""
    dot = "." if path else ""
    for note in getattr(error, "__notes__", ()):
        match note:
            case AttributeValidationNote():
                return f"{dot}{note.name}"
            case IterableValidationNote(index=int()):
                return f"[{note.index}]"
            case IterableValidationNote():
                return dot + join("", str(note.index))
            case _:
                pass
    return ""


def _no_such_key(owner: type, key: str) -> str:
    """Name what is possible here. The value is not shown: it may be a secret."""
    known = [field.name for field in attrs.fields(owner)]
    return f"expected {one_of(known) if known else 'no key here'}, got the unknown key {key}"
