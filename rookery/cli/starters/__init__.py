"""What `rookery new platform` writes: a platform that works, to be changed into one's own.

Each folder here holds a platform called MyChat, and the other end of its wire, for one
transport; `shared` holds what all of them have. They are code that runs: only names are
put in. What does not happen here: writing files. Read `writing`.
"""

from rookery.cli.starters.writing import (
    Transport,
    bad_name,
    table_of,
    texts_of,
    what_next,
)

__all__ = ["Transport", "bad_name", "table_of", "texts_of", "what_next"]
