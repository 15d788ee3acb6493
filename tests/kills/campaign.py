"""A host that is killed while it works, and everything that can be known afterwards."""

from __future__ import annotations

import random
import resource
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path

import trio
from attrs import define, field

from actors.journal import faults, rows
from tests.e2e.conftest import HostProcess, eventually
from tests.fakes.proxy import Faults, Proxy
from tests.kills.peers import OneBotPeer, Peer
from tests.kills.verdict import DESPAIR, Evidence, Said

PAUSE_SECONDS = 0.002
"""Between two events: some hundred a second, more than a slow machine can answer."""
SETTLE_SECONDS = 120.0
"""What is in doubt for the second time is repeated after ten seconds, then after sixty."""
BOT = """\
import random

import trio

from rookery import Bot, Context

bot = Bot("mine")


@bot.command("say", max_age=3600)
async def say(ctx: Context, what: str) -> None:
    await ctx.reply(f"re {what} 0")
    await trio.sleep(random.random() / 100)
    await ctx.reply(f"re {what} 1")
"""
KINDS = ("kill", "disk", "line")


@define
class Campaign:
    """So many rounds of load, each ended by something bad."""

    folder: Path
    seed: int
    make_peer: Callable[[random.Random], Peer] = OneBotPeer
    kinds: tuple[str, ...] = ("kill",)
    progress: Callable[[str], None] = lambda _: None
    sent: int = 0
    kills: int = 0
    full: int = 0
    stalls: int = 0
    """How often the journal said that the disk is in trouble."""
    cuts: int = 0
    in_the_air: set[str] = field(factory=set)
    _rng: random.Random = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._rng = random.Random(self.seed)

    @property
    def journal(self) -> Path:
        return self.folder / "rookery-data" / "journal.sqlite"

    async def run(self, rounds: int) -> Evidence:
        """Do it, wait until all is quiet, and return what is found then."""
        (self.folder / "mine.py").write_text(BOT)
        peer = self.make_peer(self._rng)
        async with peer.joined(self.folder) as line:
            for number in range(1, rounds + 1):
                async with self._host(peer) as host, self._load(peer):
                    await self._harm(host, line, peer)
                self.stalls += len(host.logged("journal.stalled"))
                self.progress(
                    f"round {number}/{rounds}: {self.sent} events, "
                    f"{len(peer.heard())} replies, {self.kills} kills"
                )
            async with self._host(peer) as host:
                await self._settled(peer)
                assert await host.leave() == 0
        return self._evidence(peer)

    # --- a round -------------------------------------------------------------------------

    @asynccontextmanager
    async def _host(self, peer: Peer) -> AsyncIterator[HostProcess]:
        (self.folder / "log.json").unlink(missing_ok=True)
        host = HostProcess(self.folder)
        try:
            await host.until("host.started")
            await host.until("journal.opened")
            await eventually(peer.is_connected, "the peer", host)
            await peer.returned()
            yield host
        finally:
            host.end()

    @asynccontextmanager
    async def _load(self, peer: Peer) -> AsyncIterator[None]:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._speak, peer)
            yield
            nursery.cancel_scope.cancel()

    async def _speak(self, peer: Peer) -> None:
        while True:
            self.sent += 1
            await peer.says(self.sent)
            await trio.sleep(PAUSE_SECONDS)

    async def _harm(self, host: HostProcess, line: Proxy, peer: Peer) -> None:
        for kind in self._rng.choices(self.kinds, k=3 if len(self.kinds) > 1 else 1):
            await trio.sleep(self._rng.uniform(0.05, 1.0))
            if kind == "disk":
                await self._fill_the_disk(host)
            elif kind == "line":
                await self._tear(line)
        if "kill" in self.kinds:
            host.process.send_signal(signal.SIGKILL)
            await host.gone()
            self.kills += 1
            self.in_the_air |= self._sending()
        else:
            assert host.process.poll() is None
            assert await host.leave() == 0

    async def _fill_the_disk(self, host: HostProcess) -> None:
        """No file of the host may grow for a while: as on a disk without room."""
        log = self.journal.with_name("journal.sqlite-wal")
        full = log.stat().st_size if log.exists() else 4096
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (full, -1))
        await trio.sleep(self._rng.uniform(0.1, 1.0))
        resource.prlimit(host.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        self.full += 1

    async def _tear(self, line: Proxy) -> None:
        """Somewhere in a frame, or between a message and its answer."""
        if self._rng.random() < 0.5:
            line.reset()
        else:
            line.now(Faults(piece=7, cut_after=self._rng.randrange(200, 20_000)))
            line.reset()  # the next connection is cut as well, later
        await trio.sleep(self._rng.uniform(0.1, 0.5))
        line.now(Faults())
        self.cuts += 1

    # --- the journal ---------------------------------------------------------------------

    def _sending(self) -> set[str]:
        return {
            str(key)
            for (key,) in self._select("SELECT key FROM outbound WHERE state='sending'")
        }

    async def _settled(self, peer: Peer) -> None:
        """Wait for the end of all work, which includes repeating what is in doubt."""
        questions = [
            "SELECT count(*) FROM inbound WHERE settled_at IS NULL",
            "SELECT count(*) FROM outbound WHERE state IN ('queued', 'sending')",
        ]
        if peer.idempotent:
            questions.append(
                "SELECT count(*) FROM outbound WHERE state = 'unknown' "
                f"AND doubts < {DESPAIR}"
            )
        deadline = trio.current_time() + SETTLE_SECONDS
        while any(self._select(question) != [(0,)] for question in questions):
            assert trio.current_time() < deadline, "the work never ended"
            await trio.sleep(0.1)

    def _select(self, question: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.journal)) as db:
            return db.execute(question).fetchall()

    def _evidence(self, peer: Peer) -> Evidence:
        handled: dict[int, str] = {}
        outbox: list[Said] = []
        for row in rows(self.journal):
            if row["table"] == "inbound":
                event = row["event"]
                assert isinstance(event, dict)
                if event["event"] == "message":
                    handled[int(str(event["id"]).lstrip("$m"))] = str(row["state"])
            else:
                body = row["body"]
                assert isinstance(body, list)
                text = "".join(part["text"] for part in body)
                doubts = row["doubts"]
                assert isinstance(doubts, int)
                outbox.append(Said(str(row["key"]), text, str(row["state"]), doubts))
        return Evidence(
            handled=handled,
            outbox=tuple(outbox),
            heard=peer.heard(),
            in_the_air=frozenset(self.in_the_air),
            torn="line" in self.kinds,
            certain=self.sent if peer.remembers else 0,
            keyed=peer.idempotent,
            lines=peer.lines,
            faults=tuple(faults(self.journal)),
        )
