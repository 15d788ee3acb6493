"""Be a OneBot v11 implementation by hand.

    python -m tests.fakes.onebot ws://127.0.0.1:6700 [--token T] [--self-id N] [--user N]
    python -m tests.fakes.onebot --listen 6800

Each line typed is said by the user; `#42 text` says it in group 42. What the bot asks
for is printed.
"""

import argparse
import functools
import sys
from contextlib import AbstractAsyncContextManager

import trio

from tests.fakes.onebot import FakeOneBot, text_of
from tests.fakes.onebot.actions import SENDS


async def listen(fake: FakeOneBot) -> None:
    while True:
        action = await fake.hears(within=float("inf"))
        what = text_of(action) if action.name in SENDS else action.params
        where = action.params.get("group_id") or action.params.get("user_id") or ""
        sys.stdout.write(f"< {action.name} {where}: {what}\n")
        sys.stdout.flush()


async def main(options: argparse.Namespace) -> None:
    fake = FakeOneBot(
        options.self_id, token=options.token, heartbeat_seconds=options.heartbeat
    )
    way: AbstractAsyncContextManager[object]
    if options.url is None:
        way = fake.serving(options.listen)
    else:
        way = fake.dialling(options.url, redial_seconds=3.0)
    async with way as url, trio.open_nursery() as nursery:
        sys.stdout.write(f"listening on {url}\n" if url else "dialling\n")
        sys.stdout.flush()
        nursery.start_soon(listen, fake)
        async for line in trio.wrap_file(sys.stdin):
            await fake.connected()
            group, text = None, line.rstrip("\n")
            if text.startswith("#"):
                group, _, text = text[1:].partition(" ")
            await fake.says(text, user=options.user, group=group and int(group))
        await trio.sleep(options.linger)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.onebot")
    parser.add_argument("url", nargs="?")
    parser.add_argument("--listen", type=int, default=0)
    parser.add_argument("--token")
    parser.add_argument("--self-id", type=int, default=10001)
    parser.add_argument("--user", type=int, default=14)
    parser.add_argument("--heartbeat", type=float)
    parser.add_argument("--linger", type=float, default=2.0, help="s after the input")
    trio.run(functools.partial(main, parser.parse_args()))
