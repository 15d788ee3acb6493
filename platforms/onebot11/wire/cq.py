"""Messages as text: CQ codes such as `[CQ:face,id=178]`, both ways.

Source: botuniverse/onebot-11, `message/string.md`. Rules of this file:

1. In text `&`, `[` and `]` are escaped, in parameters `,` as well.
2. Unescaping takes `&amp;` last, or `&amp;#91;` would become a bracket.
3. A parameter is split at its first `=`; blanks belong to the value.
4. What is no whole CQ code is text.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from platforms.onebot11.wire.lenient import JsonObject


def escape_text(text: str) -> str:
    """Escape what stands between CQ codes."""
    return text.replace("&", "&amp;").replace("[", "&#91;").replace("]", "&#93;")


def escape_param(value: str) -> str:
    """Escape the value of a parameter."""
    return escape_text(value).replace(",", "&#44;")


def unescape(text: str) -> str:
    """Undo either escaping."""
    if "&" not in text:
        return text
    text = text.replace("&#91;", "[").replace("&#93;", "]").replace("&#44;", ",")
    return text.replace("&amp;", "&")


def parse(message: str) -> list[JsonObject]:
    """Return the segments of a message in string format; never raises.

    Takes time in proportion to the length, whatever the text is.
    """
    segments: list[JsonObject] = []
    done = searched = 0
    end = message.find("]")
    while end != -1:
        # The innermost start belongs to this end: what is before it is text.
        start = message.rfind("[CQ:", searched, end)
        if start != -1:
            kind, _, params = message[start + 4 : end].partition(",")
            if kind and "[" not in kind:
                if start > done:
                    segments.append(_text(message[done:start]))
                segments.append({"type": kind, "data": _params(params)})
                done = end + 1
        searched = end + 1
        end = message.find("]", end + 1)
    if done < len(message):
        segments.append(_text(message[done:]))
    return segments


def render(segments: Iterable[JsonObject]) -> str:
    """Return segments in string format.

    Values that are no text are written as JSON does; `None` is left out.

    Raises:
        ValueError: a type or parameter name holds what CQ codes cannot express.
    """
    return "".join(map(_render, segments))


def _text(escaped: str) -> JsonObject:
    return {"type": "text", "data": {"text": unescape(escaped)}}


def _params(joined: str) -> dict[str, str]:
    params: dict[str, str] = {}
    for part in joined.split(",") if joined else ():
        name, _, value = part.partition("=")
        if name:
            params[unescape(name)] = unescape(value)
    return params


def _render(segment: JsonObject) -> str:
    kind, data = segment.get("type"), segment.get("data")
    params = data if isinstance(data, dict) else {}
    if kind == "text":
        return escape_text(_plain(params.get("text", "")))
    if not isinstance(kind, str) or not kind or any(c in kind for c in ",[]"):
        msg = (
            f"a segment type in string format must be text without , [ ] (got {kind!r})"
        )
        raise ValueError(msg)
    written = "".join(_param(k, v) for k, v in params.items() if v is not None)
    return f"[CQ:{kind}{written}]"


def _param(name: str, value: object) -> str:
    if not name or "=" in name:
        msg = f"a parameter name in string format must be text without = (got {name!r})"
        raise ValueError(msg)
    return f",{escape_param(name)}={escape_param(_plain(value))}"


def _plain(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
