"""Outcomes by the id that the platform gave the message. Pure.

Nearly every id is that of one message, which then stands in the dict itself. Platforms that
count in each chat anew give the same id to a message in each of them; these are kept by
chat. Should a platform give all its messages the same id, `NAMESAKES` of a chat are kept.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TypeAlias

from actors.messages import ChatAddress
from actors.tracker.values import Final

NAMESAKES = 16


Namesakes: TypeAlias = dict[ChatAddress, tuple[Final, ...]]


class Names(dict[str, "Final | Namesakes"]):
    """Finds the outcomes that bear an id.

    It is a dict, so that the usual entry costs its user one `setdefault`. Only where another
    outcome has that id already, `share` is called.
    """

    def share(self, final: Final) -> None:
        """Add an outcome whose id is borne by another one already."""
        message_id = final.outcome.message_id
        known = self[message_id]
        if isinstance(known, Final):
            known = self[message_id] = {known.to: (known,)}
        others = known.get(final.to, ())
        known[final.to] = (*others[1 - NAMESAKES :], final)

    def discard(self, final: Final) -> None:
        message_id = final.outcome.message_id
        known = self.get(message_id)
        if known is final:
            del self[message_id]
        elif isinstance(known, dict):
            left = tuple(each for each in known.get(final.to, ()) if each is not final)
            if left:
                known[final.to] = left
            else:
                known.pop(final.to, None)
                if not known:
                    del self[message_id]

    def find(self, message_id: str, to: ChatAddress | None) -> tuple[Final, ...]:
        """Return up to `NAMESAKES` outcomes, those of one chat oldest first."""
        known = self.get(message_id)
        if known is None:
            return ()
        if isinstance(known, Final):
            return (known,) if to is None or known.to == to else ()
        if to is not None:
            return known.get(to, ())
        return tuple(islice(chain.from_iterable(known.values()), NAMESAKES))
