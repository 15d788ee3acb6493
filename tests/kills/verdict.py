"""What must hold after the last plug was pulled. Pure.

Accepted means journalled: what was still in a socket at a kill never came. Everything
else is seen by opening the journal afterwards, and by asking the peer what it heard.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

from attrs import field, frozen

DESPAIR = 3
"""In doubt so often, a message is repeated after minutes only: longer than we wait."""
REPLIES = 2
"""Every event asks for so many replies, told apart by their ends."""


def asked(number: int) -> str:
    """Return what somebody says to get the replies of *number*."""
    return f"/say {number}"


def replies(number: int) -> list[str]:
    """Return what the bot answers to that, in this order."""
    return [f"re {number} {part}" for part in range(REPLIES)]


@frozen
class Said:
    """A row of the outbox."""

    key: str
    text: str
    state: str
    doubts: int = 0
    """How often it was in doubt."""


@frozen(kw_only=True)
class Evidence:
    """What is found at the end."""

    handled: Mapping[int, str]
    """State of each event that was journalled, by its number, in the journal's order."""
    outbox: tuple[Said, ...]
    heard: tuple[tuple[int, str], ...]
    """Chat and text of everything the peer was told, in its order."""
    in_the_air: frozenset[str] = frozenset()
    """Keys that were `sending` when a process was killed."""
    torn: bool = False
    """Lines were cut while the host lived: more than those may be unknown."""
    certain: int = 0
    """The peer tells again what was not acknowledged: the events 1 to this one were
    accepted."""
    keyed: bool = False
    """The peer knows a key again: nothing is left unknown."""
    lines: int = 1
    """Events whose numbers leave the same rest come one after the other; others beside
    them."""
    faults: tuple[str, ...] = field(default=())
    """What is wrong with the file itself."""


def complaints(found: Evidence) -> Iterator[str]:
    """Yield every promise that was broken; nothing, as a rule."""
    yield from (f"the file: {fault}" for fault in found.faults)
    rows: dict[str, Said] = {}
    for row in found.outbox:
        if row.text in rows:
            yield f"{row.text!r} was written down twice"
        rows[row.text] = row
    for number in set(range(1, found.certain + 1)) - found.handled.keys():
        yield f"event {number} was told until it was acknowledged, and is in no journal"
    heard = Counter(text for _, text in found.heard)
    for number, state in found.handled.items():
        if state != "done":
            yield f"event {number} was accepted and is {state}"
            continue
        for text in replies(number):
            if text not in rows:
                yield f"{text!r} is lost: its event was handled and it was never written"
    for text, row in rows.items():
        if row.state == "sent" and heard[text] != 1:
            yield f"{text!r} is sent, and the peer heard it {heard[text]} times"
        elif row.state == "unknown" and found.keyed and row.doubts < DESPAIR:
            yield f"{text!r} is unknown, where its key is known for ever"
        elif row.state == "unknown":
            if heard[text] > 1:
                yield f"{text!r} is unknown, and was said {heard[text]} times"
            if not found.torn and row.key not in found.in_the_air:
                yield f"{text!r} is unknown and was not on its way at any kill"
        elif row.state not in ("sent", "unknown"):
            yield f"{text!r} is {row.state}: neither at the peer nor listed as unknown"
    for text in heard.keys() - rows.keys():
        yield f"{text!r} was said and is in no journal"
    yield from _disorder(found)


def _disorder(found: Evidence) -> Iterator[str]:
    """What is said first is accepted first, and answered first in its chat.

    Also where a torn line is read to its end while the next one brings more.
    """
    for rest in range(found.lines):
        line = (number for number in found.handled if number % found.lines == rest)
        for earlier, later in pairwise(line):
            if later < earlier:
                yield f"event {later} was accepted after event {earlier}"
    # A chat waits for the first repetition; what is in doubt after that may come late.
    doubted = {row.text for row in found.outbox if row.doubts > 1}
    last: dict[int, tuple[int, int]] = {}
    for chat, text in found.heard:
        if text in doubted:
            continue
        _, number, part = text.split()
        at = (int(number), int(part))
        if chat in last and at < last[chat]:
            yield f"in chat {chat}, {text!r} was said after what was asked for later"
        last[chat] = at
