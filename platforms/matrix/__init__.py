"""Matrix: any homeserver, over its client-server API.

Read `platform` first, then `session` (who we are, and what came in, in order and without
gaps) and `speaking` (what goes out, into the room that `finding` has found). `server` is
what all of them ask the homeserver with; `filling` and `joining` are the two things that
a session does beside listening (`following`: into which room; `turns`: so that nobody
waits for another one's rooms); `devices` says whether the homeserver still knows our
transaction ids. `wire` is the protocol as values; `config`, `actions` and `verdicts` are
small and pure. Not here: encryption, of which there is none; HTTP, when to dial again,
keeping messages.
"""

from platforms.matrix.config import MatrixConfig
from platforms.matrix.platform import Matrix

__all__ = ["Matrix", "MatrixConfig"]
