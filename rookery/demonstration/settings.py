"""What the demo's host is told: its configuration, and how it is broken. Pure."""

from __future__ import annotations

from typing import Final

CONSOLE: Final = "terminal/local/private:console"
GROUPS: Final = {42: "rook", 43: "crow"}
"""Two groups of the scripted peer, and who speaks there."""
ACCOUNT: Final = 10001


def group_chat(group: int) -> str:
    return f"qq/{ACCOUNT}/group:{group}"


def settings_text(onebot_port: int, web_port: int) -> str:
    """Return the configuration, as one would write it."""
    return f"""\
[host]
data = "data"

[ingress]
listen = "127.0.0.1:{web_port}"

[bots.bridge]
use = "rookery.bridge:bot"

[platforms.qq]
type = "onebot11"
mode = "reverse"
listen = "127.0.0.1:{onebot_port}"

[platforms.web]
type = "webchat"
title = "Rookery demo"

[platforms.terminal]
type = "console"
"""


# A tick is once a second for each actor. The numbers are such that each part has its turn,
# and that nobody fails so often that his supervisor, rightly, gives up.
PLAN: Final = """\
[[fault]]
at = "tick"
path = "/platforms/*/*"
nth = 15
kills = true

[[fault]]
at = "tick"
path = "/platforms/*/*"
every = 60
kills = true

[[fault]]
at = "tick"
path = "/core/*"
every = 99
kills = true

[[fault]]
at = "tick"
path = "/bots/*/*"
every = 67
kills = true

[[fault]]
at = "tick"
path = "/*"
every = 148
kills = true
"""
