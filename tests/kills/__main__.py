"""`python -m tests.kills`: pull the plug on a real host, so many times."""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import trio

from tests.kills.campaign import KINDS, Campaign
from tests.kills.networks import IrcPeer, MatrixPeer, WebChatPeer
from tests.kills.peers import OneBotPeer, Peer, TelegramPeer, TinyPeer
from tests.kills.verdict import complaints

SHOWN = 20
PEERS: dict[str, Callable[[random.Random], Peer]] = {
    "onebot": OneBotPeer,
    "tiny": TinyPeer,
    "telegram": TelegramPeer,
    "matrix": MatrixPeer,
    "irc": IrcPeer,
    "webchat": WebChatPeer,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50, help="50 if not given")
    parser.add_argument("--seed", type=int, help="of the instants; drawn if not given")
    parser.add_argument(
        "--with",
        dest="kinds",
        nargs="+",
        choices=KINDS,
        default=["kill"],
        help="what goes wrong: kill -9 if nothing is named",
    )
    parser.add_argument(
        "--peer",
        choices=PEERS,
        default="onebot",
        help="tiny, matrix and webchat know a key again; they and telegram tell again what was not kept; onebot and irc do neither; onebot if not given",
    )
    parser.add_argument(
        "--keep", type=Path, help="a folder to work in, kept afterwards"
    )
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1 (got {options.rounds})")
    seed = random.randrange(10**6) if options.seed is None else options.seed
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            parser.error(f"{folder} must be empty: every campaign begins with nothing")
        campaign = Campaign(
            folder,
            seed,
            PEERS[options.peer],
            tuple(options.kinds),
            progress=lambda line: print(line, file=sys.stderr, flush=True),
        )
        found = trio.run(campaign.run, options.rounds)
    wrong = list(complaints(found))
    states = Counter(row.state for row in found.outbox)
    print(
        f"seed {seed}: {campaign.kills} kills, {campaign.full} full disks "
        f"(noticed {campaign.stalls} times), "
        f"{campaign.cuts} torn lines\n"
        f"{campaign.sent} events sent, {len(found.handled)} accepted, "
        f"{len(found.outbox)} replies: "
        f"{', '.join(f'{n} {state}' for state, n in sorted(states.items()))}\n"
        f"{len(wrong)} promises broken"
    )
    for line in wrong[:SHOWN]:
        print(f"  {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped: nothing is known of an unfinished campaign")
