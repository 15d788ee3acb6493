"""Be Telegram by hand.

    python -m tests.fakes.telegram [--port 8081] [--token T] [--user N]

Each line typed is said by the user in private; `#-42 text` says it in the group -42. What
the bot says is printed.
"""

import argparse
import sys

import trio

from tests.fakes.telegram.fake import TOKEN, FakeTelegram
from tests.fakes.telegram.methods import SENDS


async def listen(fake: FakeTelegram) -> None:
    while True:
        asked = await fake.hears(*SENDS, "setWebhook", within=float("inf"))
        what = asked.text or asked.params
        sys.stdout.write(f"< {asked.method} {asked.chat}: {what}\n")
        sys.stdout.flush()


async def main(options: argparse.Namespace) -> None:
    fake = FakeTelegram(options.token)
    async with fake.serving(options.port) as url, trio.open_nursery() as nursery:
        sys.stdout.write(f"Bot API on {url}, token {fake.token}\n")
        sys.stdout.flush()
        nursery.start_soon(listen, fake)
        async for line in trio.wrap_file(sys.stdin):
            group, text = None, line.rstrip("\n")
            if text.startswith("#"):
                group, _, text = text[1:].partition(" ")
            fake.says(text, by=options.user, in_=group and int(group))
        await trio.sleep(options.linger)
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fakes.telegram")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--user", type=int, default=14)
    parser.add_argument("--linger", type=float, default=2.0, help="s after the input")
    trio.run(main, parser.parse_args())
