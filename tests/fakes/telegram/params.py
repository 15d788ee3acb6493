"""What a client asks with: a query, a form, JSON, or a form with files. Pure.

Parsing is the standard library's, so that no mistake of ours is on both sides.
"""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from attrs import field, frozen

from tests.fakes.telegram.http import Request

Params: TypeAlias = dict[str, Any]  # as JSON has it

# Those that are JSON even where the request is a form.
STRUCTURED = frozenset(
    [
        "entities",
        "caption_entities",
        "reply_parameters",
        "reply_markup",
        "allowed_updates",
        "media",
        "link_preview_options",
        "reaction",
        "message_ids",
    ]
)


@frozen
class Asked:
    """One request to a method of the Bot API."""

    method: str
    params: Params
    files: dict[str, tuple[str, bytes]] = field(factory=dict, repr=False)
    """By parameter: its file name and bytes."""

    @property
    def chat(self) -> int | str:
        """Where it is to be said: a number where it is one."""
        chat = self.params.get("chat_id", "")
        return int(chat) if str(chat).lstrip("-").isdigit() else str(chat)

    @property
    def text(self) -> str:
        return str(self.params.get("text", self.params.get("caption", "")))


def asked_of(method: str, request: Request) -> Asked:
    """Return what *request* asks of *method*."""
    params: Params = dict(parse_qsl(request.query, keep_blank_values=True))
    files: dict[str, tuple[str, bytes]] = {}
    kind = request.headers.get("content-type", "")
    if kind.startswith("application/json"):
        params |= json.loads(request.body or b"{}")
    elif kind.startswith("application/x-www-form-urlencoded"):
        params |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    elif kind.startswith("multipart/form-data"):
        for name, file_name, data in _parts(kind, request.body):
            if file_name is None:
                params[name] = data.decode()
            else:
                files[name] = (file_name, data)
    for name in STRUCTURED & params.keys():
        if isinstance(params[name], str):
            params[name] = json.loads(params[name])
    for name, value in params.items():
        # PTB and grammY refer to a part of the form so.
        if isinstance(value, str) and value.startswith("attach://"):
            files[name] = files[value.removeprefix("attach://")]
    return Asked(method, params, files)


def _parts(kind: str, body: bytes) -> list[tuple[str, str | None, bytes]]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    assert not message.defects, message.defects
    found = []
    for part in message.iter_parts():
        assert not part.defects, part.defects
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(data, bytes)
        found.append((name, part.get_filename(), data))
    return found
