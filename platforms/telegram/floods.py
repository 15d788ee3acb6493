"""Whether Telegram's *too many requests* is about one chat or the whole account. Pure.

Telegram counts both and answers both in the same words. So we guess: it is about the chat,
unless at the same time another chat of the account has to be left alone, too.
"""

from __future__ import annotations


class Floods:
    """The chats of one account that are to be left alone."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def refused(self, room: str, now: float, after: float) -> bool:
        """Note that *room* is to be left alone from *now* for *after* seconds.

        Returns:
            Whether it looks as if it was said to the whole account.
        """
        self._until = {each: at for each, at in self._until.items() if at > now}
        others = any(each != room for each in self._until)
        self._until[room] = now + after
        return others
