"""kill -9 at some instant, and a look at what is in the file: accepted means committed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parents[4]

# Accepts, handles and answers as fast as it can, and says so only afterwards.
WRITER = """
import sys, time, trio
from pathlib import Path

sys.path.insert(0, sys.argv[2])

from actors.journal import Claim, FileJournal
from actors.messages import InboundState, OutboundState, Outcome
from tests.actors.journal.builders import event, saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import file_store

async def main():
    store = file_store(Path(sys.argv[1]), durability=sys.argv[3])
    journal = FileJournal(store, trio.current_time, time.time)
    router, sender = Claim("router", 1), Claim("sender", 1)

    async def converse(chat):
        for n in range(100_000):
            name = f"{start}-{chat}-{n}"
            accepted = await journal.append(
                "qq", "1", event(name, str(chat)), trace="t", cursor=name
            )
            print("in", accepted.row, name, flush=True)
            for row in await journal.claim_inbound(router, 4):
                key = f"k{row.seq}"
                await journal.enqueue(saying(key, str(chat)), expires_at=1e9)
                print("out", key, flush=True)
                for out in await claimed_outbound(journal, sender, ("qq", "1"), 4):
                    print("wire", out.out.key, flush=True)
                    journal.settle_outbound(sender, out.seq, Outcome(OutboundState.SENT))
                journal.settle_inbound(router, row.seq, InboundState.DONE)

    async with journal.running(), trio.open_nursery() as nursery:
        await journal.cursor("qq", "1")
        for chat in range(16):
            nursery.start_soon(converse, chat)

start = time.time_ns()
trio.run(main)
"""


def kill_after(folder: Path, seconds: float, durability: str) -> list[list[str]]:
    """Run the writer, kill it, and return what it had said."""
    with (folder / "said").open("wb") as said:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(HOME), durability],
            stdout=said,
            stderr=subprocess.PIPE,
        )
        while not (folder / "said").stat().st_size:
            assert writer.poll() is None, writer.stderr and writer.stderr.read()
            time.sleep(0.005)
        time.sleep(seconds)
        writer.kill()
        writer.wait()
        assert writer.stderr is not None
        assert writer.stderr.read() == b""
        writer.stderr.close()
    lines = (folder / "said").read_text().splitlines(keepends=True)
    told = [line.split() for line in lines if line.endswith("\n")]
    return [line for line in told if line[0] in ("in", "out", "wire")]


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_was_accepted_is_in_the_file(tmp_path: Path, durability: str) -> None:
    """Law 8, B36, B40, E21: accepted, written and `sending` are committed before they are told."""
    instants = random.Random(durability)
    accepted: dict[str, int] = {}
    for _ in range(4):
        told = kill_after(tmp_path, instants.uniform(0.0, 0.4), durability)
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            inbound = {seq for (seq,) in db.execute("SELECT seq FROM inbound")}
            outbound = dict(db.execute("SELECT key, state FROM outbound"))
            marks = dict(db.execute("SELECT seq, mark FROM marks"))
            (doubled,) = db.execute(
                "SELECT count(*) FROM marks WHERE seq NOT IN (SELECT seq FROM inbound)"
            ).fetchone()
        assert not doubled, "no mark without its row"
        for what, *rest in told:
            if what == "in":
                row, name = int(rest[0]), rest[1]
                assert row in inbound
                assert row in marks
                assert accepted.setdefault(name, row) == row
            elif what == "out":
                assert rest[0] in outbound
            else:
                assert outbound[rest[0]] in ("sending", "sent")
    assert len(set(accepted.values())) == len(accepted), (
        "a number is one row's for ever"
    )
    assert accepted
