"""Matrix: any homeserver, over its client-server API.

What does not happen here: encryption, of which there is none; HTTP, when to dial again,
keeping messages.

Read `platform` first. Then by what you look for:

- what comes in: `session` (who we are; events in order and without gaps), `filling` (what
  was missed in a room)
- into which rooms we go: `joining`, `following` (is it the room that it claims to be?),
  `turns` (a slow server delays nobody else's invitations)
- what goes out: `speaking`, `finding` (which room is meant), `actions` (`ctx.call`),
  `devices` (does the homeserver still know our transaction ids?)
- how the homeserver is asked, and what its answers mean: `server`, `verdicts`
- the protocol as values: `wire`; the configuration: `config`
"""

from platforms.matrix.config import MatrixConfig
from platforms.matrix.platform import Matrix

__all__ = ["Matrix", "MatrixConfig"]
