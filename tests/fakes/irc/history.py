"""What was said before, and how it is told again: `draft/chathistory`, as Ergo has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from tests.fakes.irc.clients import Client

CAP: Final = "draft/chathistory"


@frozen
class Past:
    """Something that was said in a channel."""

    channel: str
    prefix: str
    words: tuple[str, ...]
    tags: dict[str, str]


class Refused(Exception):
    """A code of the specification, and what it was about."""


def page_of(past: list[Past], params: list[str], most: int) -> list[Past]:
    """Return what `CHATHISTORY params` asks for, oldest first.

    Raises:
        Refused: with the code of the specification.
    """
    if len(params) != 4:
        raise Refused("NEED_MORE_PARAMS")
    how, channel, reference, limit = params
    said = [each for each in past if each.channel == channel.lower()]
    times = [each.tags["time"] for each in said]
    kind, _, value = reference.partition("=")
    match how, kind:
        case "LATEST", "timestamp":
            found = [each for each in said if each.tags["time"] > value]
        case "BEFORE", "timestamp":
            found = [each for each in said if each.tags["time"] < value]
        case "BEFORE", "msgid":
            ids = [each.tags.get("msgid") for each in said]
            if value not in ids:
                raise Refused("MESSAGE_ERROR")
            at = times[ids.index(value)]
            found = [each for each in said if each.tags["time"] < at]
        case _:
            raise Refused("INVALID_PARAMS")
    return found[-min(int(limit), most) :]


def tell(client: Client, name: str, channel: str, page: list[Past], ref: str) -> None:
    """Say *page* in a batch."""
    client.tell(name, "BATCH", f"+{ref}", "chathistory", channel)
    for each in page:
        client.tell(each.prefix, *each.words, tags={**each.tags, "batch": ref})
    client.tell(name, "BATCH", f"-{ref}")
