"""OneBot segments and ours, both ways. What we have no word for is kept as it is.

A segment that our vocabulary cannot hold without loss of meaning (share, location,
json, poke, music, ...) becomes `Raw("onebot11", {"type": ..., "data": {...}})` and
goes out again unchanged. A part that is no segment at all is passed over here; the
whole frame stays in `Inbound.raw`.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import assert_never

from attrs import frozen

from actors.messages import (
    ALL,
    Audio,
    Emoji,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Node,
    Raw,
    Reply,
    Segment,
    Source,
    Text,
    Video,
)
from platforms.onebot11.wire import cq
from platforms.onebot11.wire.lenient import (
    JsonObject,
    as_id,
    as_list,
    as_object,
    as_text,
)

PLATFORM = "onebot11"

SEGMENTS: frozenset[type[Segment]] = frozenset(
    {Text, Mention, Reply, Image, Audio, Video, File, Emoji, Forward, Raw}
)
"""What can be handed to `write_body` without loss; `Markdown` goes out as text."""

MAX_NESTED_FORWARDS = 8
"""Bundles within bundles deeper than this are kept raw."""


@frozen
class Unsendable(Exception):
    """A body that OneBot cannot express. Nothing was sent."""

    why: str

    def __str__(self) -> str:
        return self.why


def read_body(message: object, depth: int = 0) -> tuple[Segment, ...]:
    """Return a message of any of the three forms (array, string, one segment)."""
    if isinstance(message, str):
        if "[CQ:" not in message:
            return (Text(cq.unescape(message)),) if message else ()
        message = cq.parse(message)
    elif isinstance(message, dict):
        message = [message]
    elif not isinstance(message, list):
        return ()
    body: list[Segment] = []
    for part in message:
        if not isinstance(part, dict):
            if isinstance(part, str) and part:
                body.append(Text(part))
            continue
        kind = part.get("type")
        data = part.get("data")
        if not isinstance(data, dict):
            data = {}
        if kind == "text":
            text = data.get("text")
            if text:
                body.append(Text(text if isinstance(text, str) else as_text(text)))
        elif kind == "node" and depth <= MAX_NESTED_FORWARDS:
            _join(body, _read_node(data, depth))
        elif isinstance(kind, str):
            reader = _READERS.get(kind)
            read = reader(data, depth) if reader is not None else None
            body.append(Raw(PLATFORM, part) if read is None else read)
    return tuple(body)


def _join(body: list[Segment], node: Node) -> None:
    """Nodes that follow one another are one bundle."""
    if body and isinstance(body[-1], Forward) and not body[-1].id:
        body[-1] = Forward((*body[-1].messages, node))
    else:
        body.append(Forward((node,)))


def _read_at(data: JsonObject, _: int) -> Segment | None:
    user = as_id(data.get("qq"))
    if user == "all":
        return Mention(ALL)
    return Mention(user, as_text(data.get("name"))) if user else None


def _read_reply(data: JsonObject, _: int) -> Segment | None:
    message = as_id(data.get("id"))
    return Reply(message) if message else None


def _read_face(data: JsonObject, _: int) -> Segment | None:
    face = as_id(data.get("id"))
    return Emoji(face) if face else None


def _read_image(data: JsonObject, _: int) -> Segment | None:
    source = _read_source(data)
    return Image(source, as_text(data.get("summary"))) if source else None


def _read_record(data: JsonObject, _: int) -> Segment | None:
    source = _read_source(data)
    return Audio(source) if source else None


def _read_video(data: JsonObject, _: int) -> Segment | None:
    source = _read_source(data)
    return Video(source) if source else None


def _read_file(data: JsonObject, _: int) -> Segment | None:
    name = as_text(data.get("name")) or as_text(data.get("file"))
    source = _read_source(data)
    return File(source, name) if source else None


def _read_markdown(data: JsonObject, _: int) -> Segment | None:
    content = data.get("content")
    return Markdown(content) if isinstance(content, str) and content else None


def _read_source(data: JsonObject) -> str:
    """Return what can be fetched or sent again: a link, else the peer's own name.

    Some implementations put a path of *their* machine in `url`: the name is better.
    """
    url, file = as_text(data.get("url")), as_text(data.get("file"))
    if url.startswith(("http://", "https://")):
        return url
    return file or as_text(data.get("file_id")) or url or as_text(data.get("path"))


def _read_forward(data: JsonObject, depth: int) -> Segment | None:
    if depth > MAX_NESTED_FORWARDS:
        return None
    nodes = tuple(
        _read_node(node, depth) for node in map(as_object, as_list(data.get("content")))
    )
    bundle = as_id(data.get("id"))
    return Forward(nodes, bundle) if bundle or nodes else None


def _read_node(node: JsonObject, depth: int) -> Node:
    """A node segment's data, a whole node segment, or a message (as NapCat nests them)."""
    if node.get("type") == "node":
        node = as_object(node.get("data"))
    sender = as_object(node.get("sender"))
    content = node.get("content")
    return Node(
        id=as_id(node.get("id")),
        user=as_id(node.get("user_id"))
        or as_id(node.get("uin"))
        or as_id(sender.get("user_id")),
        name=as_text(node.get("nickname"))
        or as_text(node.get("name"))
        or as_text(sender.get("nickname")),
        body=read_body(node.get("message") if content is None else content, depth + 1),
    )


_READERS: dict[str, Callable[[JsonObject, int], Segment | None]] = {
    "at": _read_at,
    "reply": _read_reply,
    "face": _read_face,
    "image": _read_image,
    "record": _read_record,
    "video": _read_video,
    "file": _read_file,
    "markdown": _read_markdown,
    "forward": _read_forward,
}


def write_body(body: Iterable[Segment]) -> list[JsonObject]:
    """Return a body in array format.

    Raises:
        Unsendable: a `Raw` of another platform, or a relative path.
    """
    segments: list[JsonObject] = []
    for part in body:
        if isinstance(part, Text):
            segments.append({"type": "text", "data": {"text": part.text}})
        elif isinstance(part, Forward) and part.messages:
            segments += [_segment("node", _write_node(node)) for node in part.messages]
        else:
            segments.append(_write(part))
    return segments


def write_text(body: Iterable[Segment]) -> str:
    """Return a body in string format (CQ codes).

    Raises:
        Unsendable: as `write_body`, or a name that CQ codes cannot express.
    """
    try:
        return cq.render(write_body(body))
    except ValueError as error:
        raise Unsendable(str(error)) from None


def _segment(kind: str, data: JsonObject) -> JsonObject:
    return {"type": kind, "data": data}


def _write(part: Segment) -> JsonObject:
    match part:
        case Text(text) | Markdown(text):
            return _segment("text", {"text": text})
        case Mention(user):
            who = "all" if user is ALL else user
            return _segment("at", {"qq": who})
        case Reply(message):
            return _segment("reply", {"id": message})
        case Image(source, alt):
            file = _write_source(source)
            return _segment(
                "image", {"file": file, **({"summary": alt} if alt else {})}
            )
        case Audio(source):
            return _segment("record", {"file": _write_source(source)})
        case Video(source):
            return _segment("video", {"file": _write_source(source)})
        case File(source, name):
            file = _write_source(source)
            return _segment("file", {"file": file, **({"name": name} if name else {})})
        case Emoji(face):
            return _segment("face", {"id": face})
        case Forward(_, bundle):
            return _segment("forward", {"id": bundle})
        case Raw(platform, data):
            if platform != PLATFORM or not isinstance(data.get("type"), str):
                msg = f'a Raw segment must be Raw("onebot11", {{"type": ..., "data": ...}}) (got Raw({platform!r}, {dict(data)!r:.80}))'
                raise Unsendable(msg)
            return data
        case _:
            assert_never(part)


def _write_node(node: Node) -> JsonObject:
    if node.id and not node.body:
        return {"id": node.id}
    body = write_body(node.body)
    return {"user_id": node.user, "nickname": node.name, "content": body}


def _write_source(source: Source) -> str:
    """A name, URL or `base64://` text goes as it is; bytes as base64."""
    if isinstance(source, bytes):
        return "base64://" + b64encode(source).decode()
    if isinstance(source, Path):
        if not source.is_absolute():
            msg = f"a path to be sent must be absolute (got {str(source)!r})"
            raise Unsendable(msg)
        return source.as_uri()
    return source
