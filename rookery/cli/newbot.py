"""What a new bot looks like, and how it gets into the configuration.

Pure, but for looking up which names of modules are taken.
"""

from __future__ import annotations

import keyword
import re

from rookery.cli.modules import is_taken
from rookery.config import EMBEDDED

_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,63}")

TEMPLATE = '''\
"""The bot "{id}": say /hello, or /hello Ada, in a chat where it listens."""

from rookery import Bot, Context

bot = Bot("{id}")


@bot.command("hello")
async def hello(ctx: Context, name: str = "world") -> None:
    """Greet somebody."""
    await ctx.reply(f"Hello, {{name}}!")
'''

ENTRY = """\
[bots.{id}]
use = "{file}:bot"
"""


def bad_name(name: str) -> str | None:
    """Return what is wrong with *name* as a bot's id, or None."""
    if not _SLUG.fullmatch(name) or keyword.iskeyword(name):
        return f"a bot's name must begin with a-z, hold a-z, 0-9, - and _ only, and be no word of Python's own (got {name!r})"
    module = file_name(name).removesuffix(".py")
    if is_taken(module):
        return f"a bot's name must not be that of a module that others import: {module}.py would come before it (got {name!r})"
    return None


def file_name(bot_id: str) -> str:
    return f"{bot_id.replace('-', '_')}.py"


def source(bot_id: str) -> str:
    return TEMPLATE.format(id=bot_id)


def what_next(bot_id: str, file: str, *, configured: bool) -> str:
    """Return how to make it run. Without a file yet, a whole one is shown."""
    entry = ENTRY.format(id=bot_id, file=file)
    if configured:
        return f"Add this to your rookery.toml, then run `rookery reload`:\n\n{entry}"
    return (
        "There is no rookery.toml here yet. Save this as rookery.toml (it is what runs "
        f"without one, and your bot), then run `rookery run` or `rookery reload`:\n\n{EMBEDDED}\n{entry}"
    )
