"""A whole host on a real IRC server, as somebody in the channel sees it.

The paces are real here: a long answer takes as long as IRC wants it to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest
import trio

from tests.e2e.conftest import HostProcess
from tests.peers.ircds import Person, Server, inspircd, ngircd, person, require_ircds

pytestmark = pytest.mark.peer

CONFIGURATION = """\
[host]
data = "rookery-data"
[bots.demo]
use = "rookery.demo:bot"
[bots.mine]
use = "mine.py:bot"
[platforms.net]
type = "irc"
host = "127.0.0.1"
port = {port}
tls = false
nick = "rook"
channels = ["#rooks"]
"""
BOT = """\
from rookery import Bot, Context

bot = Bot("mine")


@bot.command("count")
async def count(ctx: Context, most: int) -> None:
    await ctx.reply("\\n".join(f"number {n} of {most}" for n in range(1, most + 1)))
"""


class Run(Protocol):
    """Runs a server in a folder."""

    __name__: str

    def __call__(self, folder: Path) -> AbstractContextManager[Server]: ...


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    require_ircds()
    run: Run = request.param
    with run(tmp_path / "ircd") as server:
        yield server


def housed(server: Server, folder: Path) -> Callable[[], HostProcess]:
    folder.mkdir(exist_ok=True)
    text = CONFIGURATION.format(port=server.port)
    (folder / "rookery.toml").write_text(text)
    (folder / "mine.py").write_text(BOT)
    return lambda: HostProcess(folder, "rookery.toml")


def numbers(ann: Person) -> list[int]:
    found = (re.search(r":number (\d+) of", line) for line in ann.lines)
    return [int(number[1]) for number in found if number]


async def test_a_long_answer_is_paced_and_the_connection_lives(tmp_path: Path) -> None:
    """On both at once: most of the time nobody says anything."""
    require_ircds()
    async with trio.open_nursery() as nursery:
        for run in (inspircd, ngircd):
            nursery.start_soon(a_long_answer, run, tmp_path / run.__name__)


async def a_long_answer(run: Run, folder: Path) -> None:
    with run(folder / "ircd") as server:
        await is_paced_and_the_connection_lives(server, folder)


async def is_paced_and_the_connection_lives(server: Server, folder: Path) -> None:
    host = housed(server, folder / "host")()
    try:
        async with person(server, "ann", "#rooks") as ann:
            await ann.hears("JOIN")
            await ann.hears("rook!")
            await ann.says("PRIVMSG #rooks :/remind 0.1s the tea")
            await ann.hears("you asked me to remind you: the tea")
            began = trio.current_time()
            await ann.says("PRIVMSG #rooks :rook: /count 6")
            await ann.hears("number 6 of 6")
            assert trio.current_time() - began > 5
            assert numbers(ann) == list(range(1, 7))
            assert ann.heard("QUIT") == []
        listed = await host.rookery("platforms")
        assert re.search(r"net +rook +irc +up", listed.stdout)
    finally:
        end = await host.leave()
        host.end()
    assert end == 0


@pytest.mark.parametrize("server", [inspircd], indirect=True)
async def test_what_a_killed_host_had_begun_to_say_is_said_once_or_unknown(
    server: Server, tmp_path: Path
) -> None:
    start = housed(server, tmp_path / "host")
    host = start()
    try:
        async with person(server, "ann", "#rooks") as ann:
            await ann.hears("rook!")
            await ann.says("PRIVMSG #rooks :/count 6")
            await ann.hears("number 3 of 6")
            host.process.kill()
            await host.gone()
            host.end()
            await ann.hears(" QUIT ")
            host = start()
            await ann.hears("number 6 of 6")
            heard = numbers(ann)
            listed = await host.rookery(
                "outbox", "list", "--json", "--state", "unknown"
            )
            unknown = [
                int(re.search(r"number (\d+)", json.dumps(row))[1])  # type: ignore[index]
                for row in json.loads(listed.stdout)["messages"]
            ]
        assert heard == sorted(set(heard))
        assert set(heard) | set(unknown) == set(range(1, 7))
        assert len(unknown) <= 1
    finally:
        await host.leave()
        host.end()
