"""OneBot v11: QQ and others, over WebSockets in either direction.

Read `platform` first, then `session` (one account's sockets, and what comes in), `speaker`
(what goes out) and the two ways in which sockets come about: `listener` (they dial us) and
`dialling` (we dial them). `wire` is the protocol as values; `config`, `roles`, `calls` and
`language` are small and pure. Not here: sockets, when to dial again, keeping messages.
"""

from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.platform import OneBot11

__all__ = ["OneBot11", "OneBot11Config"]
