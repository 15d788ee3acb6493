"""A request to the Bot API as bytes: JSON, or a form where it brings a file.

Sources: core.telegram.org/bots/api#making-requests; RFC 7578 for the form.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Final

import msgspec
from attrs import field, frozen

from platforms.telegram.wire.lenient import writable

JSON: Final = "application/json"


@frozen
class Upload:
    """A file in a request, and the parameter that it is."""

    name: str
    file_name: str
    data: bytes = field(repr=False)


@frozen
class Call:
    """One method, and what it is asked."""

    method: str
    params: Mapping[str, object] = field(factory=dict)
    uploads: tuple[Upload, ...] = ()


def body_of(call: Call) -> tuple[str, bytes]:
    """Return the content type and the body of the request that *call* is.

    Raises:
        TypeError: a parameter holds what JSON does not have.
    """
    if not call.uploads:
        return JSON, _json(dict(call.params))
    parts = [
        _part(f'name="{_quoted(name)}"', _plain(value))
        for name, value in call.params.items()
    ]
    parts += [
        _part(
            f'name="{_quoted(file.name)}"; filename="{_quoted(file.file_name)}"',
            file.data,
            "Content-Type: application/octet-stream\r\n",
        )
        for file in call.uploads
    ]
    boundary = _boundary(parts)
    edge = f"--{boundary}".encode()
    body = b"".join(edge + b"\r\n" + part + b"\r\n" for part in parts)
    return f"multipart/form-data; boundary={boundary}", body + edge + b"--\r\n"


def _part(disposition: str, content: bytes, more: str = "") -> bytes:
    head = f"Content-Disposition: form-data; {disposition}\r\n{more}\r\n"
    return head.encode() + content


def _plain(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    return _json(value)


def _json(value: object) -> bytes:
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:  # half of an emoji: a text that was cut somewhere
        return msgspec.json.encode(writable(value))


def _quoted(name: str) -> str:
    """Return *name* quoted as browsers do it (WHATWG HTML, "multipart form data")."""
    plain = name.encode("utf-8", "replace").decode()
    return plain.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _boundary(parts: list[bytes]) -> str:
    """Return a line that stands in none of *parts*; the same for the same parts."""
    digest = blake2b(digest_size=16)
    for part in parts:
        digest.update(part)
    while True:
        found = digest.hexdigest()
        if not any(found.encode() in part for part in parts):
            return found
        digest.update(b"again")
