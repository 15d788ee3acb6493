"""What bots may ask of a homeserver by name: `await ctx.call("kick", room=..., ...)`. Pure.

Source: Matrix specification v1.15, client-server API; the name of each is the last word
of its path.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from attrs import frozen

from platforms.matrix.wire import Unsendable, as_object, write

_ROOM: Final = "/_matrix/client/v3/rooms/{room}"
ACTIONS: Final[Mapping[str, tuple[str, str]]] = {
    "join": ("POST", "/_matrix/client/v3/join/{room}"),
    "leave": ("POST", f"{_ROOM}/leave"),
    "forget": ("POST", f"{_ROOM}/forget"),
    "invite": ("POST", f"{_ROOM}/invite"),
    "kick": ("POST", f"{_ROOM}/kick"),
    "ban": ("POST", f"{_ROOM}/ban"),
    "unban": ("POST", f"{_ROOM}/unban"),
    "members": ("GET", f"{_ROOM}/joined_members"),
    "state": ("GET", f"{_ROOM}/state/{{type}}/{{key}}"),
    "set_state": ("PUT", f"{_ROOM}/state/{{type}}/{{key}}"),
    "event": ("GET", f"{_ROOM}/event/{{event}}"),
    "read": ("POST", f"{_ROOM}/receipt/m.read/{{event}}"),
    "typing": ("PUT", f"{_ROOM}/typing/{{user_id}}"),
    "profile": ("GET", "/_matrix/client/v3/profile/{user_id}"),
    "rooms": ("GET", "/_matrix/client/v3/joined_rooms"),
    "resolve": ("GET", "/_matrix/client/v3/directory/room/{alias}"),
}
_WANTED = re.compile(r"\{(\w+)\}")
_OPTIONAL: Final = {"key": ""}


@frozen
class Asked:
    """One request to the homeserver: method, path and body."""

    method: str
    target: str
    body: bytes = b""


def asking(action: str, params: Mapping[str, object], us: str) -> Asked:
    """Return the request that *action* is; what its path does not take goes into its body.

    Raises:
        Unsendable: there is no such action, or it lacks something.
    """
    if action not in ACTIONS:
        msg = f"Matrix has no action {action!r}; there are {', '.join(ACTIONS)} and download"
        raise Unsendable(msg)
    method, path = ACTIONS[action]
    given = {"user_id": us, **_OPTIONAL, **params}
    wanted = _WANTED.findall(path)
    missing = [
        name
        for name in wanted
        if not isinstance(given.get(name), str)
        or not (given[name] or name in _OPTIONAL)
    ]
    if missing:
        msg = f"{action} needs a text as {', '.join(missing)}"
        raise Unsendable(msg)
    target = path.format(**{name: _part(str(given[name])) for name in wanted})
    if method == "GET":
        return Asked(method, target)
    rest = {name: value for name, value in params.items() if name not in wanted}
    content = rest.pop("content", rest) if action == "set_state" else rest
    return Asked(method, target, write(as_object(content)))


def _part(text: str) -> str:
    """Return *text* as one part of a path.

    Raises:
        Unsendable: it is `.` or `..`, which a proxy would take for a way up, or no text.
    """
    try:
        part = quote(text, safe="")
    except UnicodeEncodeError as error:
        raise Unsendable(str(error)) from None
    if part in (".", ".."):
        msg = f"what is asked about must have a name (got {text!r})"
        raise Unsendable(msg)
    return part
