"""What became of everything that was said, by what was heard at the other ends. Pure.

The host is not asked: who spoke knows what was said, and who listened knows what was heard.
The one thing that is taken from the host is which messages it lists as unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from attrs import frozen


@frozen
class Said:
    """Something that was said in one chat, and shall be heard in the others."""

    chat: str
    text: str
    """As the others hear it."""


@frozen(kw_only=True)
class Account:
    """How many messages there were; one counts once for each chat that shall hear it."""

    said: int = 0
    through: int = 0
    under_way: int = 0
    unknown: int = 0
    """Not heard, and the host itself lists them as unknown."""
    lost: int = 0
    doubled: int = 0


def account_of(
    said: Sequence[Said],
    heard: Mapping[str, Sequence[str]],
    unknown: Collection[tuple[str, str]] = (),
    *,
    over: bool = False,
) -> Account:
    """Hold *heard*, chat by chat, against what was *said*.

    A message that was not heard counts as under way, not as lost, until something is heard
    that was said later in the same chat (chats are kept in order), or until it is *over*.

    Args:
        said: Everything, in its order.
        heard: What was heard in each chat that is listened to.
        unknown: Chat and text of what the host lists as unknown.
        over: Nothing more will be heard.
    """
    through = under_way = in_doubt = lost = doubled = wanted_in_all = 0
    for chat, texts in heard.items():
        came = Counter(texts)
        doubts = {text for where, text in unknown if where == chat}
        wanted = Counter(one.text for one in said if one.chat != chat)
        wanted_in_all += wanted.total()
        through += (wanted & came).total()
        # What people say on pages is not known here, so it is not counted as too much.
        doubled += sum(max(0, came[text] - n) for text, n in wanted.items())
        on_its_way = set() if over else _not_passed(said, chat, came)
        for text, n in (wanted - came).items():
            if text in doubts:
                in_doubt += n
            elif text in on_its_way:
                under_way += n
            else:
                lost += n
    return Account(
        said=wanted_in_all,
        through=through,
        under_way=under_way,
        unknown=in_doubt,
        lost=lost,
        doubled=doubled,
    )


def _not_passed(said: Sequence[Said], chat: str, came: Mapping[str, int]) -> set[str]:
    """Return what was said after the last that *chat* has heard of each other chat."""
    behind: dict[str, set[str]] = {}
    for one in said:
        if one.chat == chat:
            continue
        if came.get(one.text):
            behind[one.chat] = set()
        else:
            behind.setdefault(one.chat, set()).add(one.text)
    return set().union(*behind.values())
