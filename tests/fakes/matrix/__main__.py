"""Be a homeserver with one room, and a person in it, by hand.

    python -m tests.fakes.matrix [--listen PORT] [--user ann]

Point a platform at it: `type = "matrix"`, `homeserver = "http://127.0.0.1:8008"`,
`access_token = "t"`. Each line typed is said by the user; `/slow 5`, `/drop` and
`/logout` are what they say they do. What the bot says is printed.
"""

import argparse
import sys

import trio

from tests.fakes.matrix import FakeHomeserver, Room
from tests.fakes.matrix.rooms import Event


def show(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def hear(room: Room, content: Event, txn: str) -> None:
    show(f"< {content.get('body', content)} ({room.id}, {txn})")
    await trio.lowlevel.checkpoint()


def obey(server: FakeHomeserver, line: str) -> bool:
    match line.split():
        case ["/slow", seconds]:
            server.too_many(float(seconds))
        case ["/drop"]:
            server.drops += 1
        case ["/logout"]:
            server.log_out()
        case _:
            return False
    return True


async def main(port: int, name: str) -> None:
    server = FakeHomeserver()
    server.heard = hear
    server.login("bot", "ROOKERY", token="t")
    user = server.user(name)
    room = server.create(user, server.user("bot"), direct=True)
    async with server.serving(port) as url:
        show(f"listening on {url}, access_token t")
        async for line in trio.wrap_file(sys.stdin):
            if not obey(server, line.strip()):
                server.say(room.id, user, line.rstrip("\n"))
        await trio.sleep(2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.matrix")
    parser.add_argument("--listen", type=int, default=8008)
    parser.add_argument("--user", default="ann")
    options = parser.parse_args()
    trio.run(main, options.listen, options.user)
