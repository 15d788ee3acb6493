"""A OneBot v11 implementation without an account: what NapCat and the like are to us.

Here: both ways to connect, the events it reports, the actions it answers, and every
way in which real ones misbehave. Not here: our transport and our codec; the fake has
its own of both, so that an error of ours is not on both sides. That it behaves like a
real one is checked against a real framework in `tests/peers`.

Read `fake` first, then `sockets`; `events` and `actions` are pure. By hand:
`python -m tests.fakes.onebot ws://127.0.0.1:6700 --token t`, then type what to say.
"""

from tests.fakes.onebot.actions import Action, Reply, text_of
from tests.fakes.onebot.events import (
    Event,
    group_message,
    heartbeat,
    lifecycle,
    private_message,
)
from tests.fakes.onebot.fake import FakeOneBot
from tests.fakes.onebot.sockets import TokenCheck

__all__ = [
    "Action",
    "Event",
    "FakeOneBot",
    "Reply",
    "TokenCheck",
    "group_message",
    "heartbeat",
    "lifecycle",
    "private_message",
    "text_of",
]
