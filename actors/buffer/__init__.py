"""The outbox: what was said and cannot leave yet. The one writer of outbound states.

Read `keys` for what makes two messages the same. What does not happen here: sending.
"""

from actors.buffer.keys import notice_key, reply_key

__all__ = ["notice_key", "reply_key"]
