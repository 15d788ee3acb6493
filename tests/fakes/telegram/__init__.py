"""The Bot API of Telegram without Telegram: what api.telegram.org is to us.

Here: long polls and their offsets, a day of keeping, webhooks, files, every refusal that
a bot meets. Not here: our transport and our codec; the fake has its own of both, so that
an error of ours is not on both sides. That it behaves like the real one is checked with
real client libraries in `tests/peers`.

Read `fake` first, then `waiting` (what is kept, and until when) and `methods` (what is
answered); `http` and `params` are how it is asked. By hand: `python -m
tests.fakes.telegram --port 8081`, then type what to say.
"""

from tests.fakes.telegram.fake import FakeTelegram
from tests.fakes.telegram.methods import Reply, bad, flood, migrated
from tests.fakes.telegram.params import Asked

__all__ = ["Asked", "FakeTelegram", "Reply", "bad", "flood", "migrated"]
