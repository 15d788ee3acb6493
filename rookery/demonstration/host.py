"""The demo's host from outside: started, asked, read, and left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import trio
from attrs import define, field

from actors.journal import stats
from rookery.control import (
    MAX_LISTED,
    ListOutbox,
    NoAnswer,
    NoHost,
    Refused,
    Request,
    ask,
)
from rookery.host import JOURNAL_NAME, look_at_file

LEAVE_SECONDS = 20.0
_CONSOLE_CHUNK = 65536
_LAST_WORDS = 10
_OPEN = ("new", "claimed", "parked", "queued", "sending")


@define
class DemoHost:
    """A process of its own, in *folder*; enter `running`."""

    folder: Path
    process: trio.Process
    _stdin: trio.lowlevel.FdStream
    _tie: int
    _logged: int = field(default=0, init=False)

    async def asked(self, request: Request) -> Mapping[str, object] | None:
        """Return its answer; `None` where it cannot answer right now."""
        try:
            return await trio.to_thread.run_sync(
                partial(ask, self.folder / "data", request), abandon_on_cancel=True
            )
        except (NoHost, NoAnswer, Refused):
            return None

    async def types(self, line: str) -> None:
        """Type *line* on its console."""
        await self._stdin.send_all(f"{line}\n".encode("utf-8", "replace"))

    async def heard(self) -> AsyncIterator[str]:
        """Yield what the console says, line by line."""
        stdout = self.process.stdout
        assert stdout is not None
        rest = b""
        while data := await stdout.receive_some(_CONSOLE_CHUNK):
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                yield line.decode("utf-8", "replace")

    def new_faults(self) -> Iterator[str]:
        """Yield what the log says was broken since it was last looked at."""
        with (self.folder / "log.json").open("rb") as log:
            log.seek(self._logged)
            for line in log:
                if not line.endswith(b"\n"):
                    return
                self._logged += len(line)
                if b'"chaos.fault_fired"' in line:
                    fired = json.loads(line)
                    yield f"killed {fired['actor']}"

    @property
    def gone(self) -> bool:
        """Whether the process has ended, by itself or because it was told to."""
        return self.process.poll() is not None

    @property
    def is_settled(self) -> bool:
        """Nothing in its journal is open."""
        return not any(row.split()[1] in _OPEN for row in self.rows())

    def rows(self) -> dict[str, int]:
        """Count the rows of its journal by what became of them."""
        found = stats(self.folder / "data" / JOURNAL_NAME)
        inbound, outbound = found["inbound"], found["outbound"]
        assert isinstance(inbound, Mapping)
        assert isinstance(outbound, Mapping)
        return {
            **{f"events {state}": n for state, n in inbound.items()},
            **{f"messages {state}": n for state, n in outbound.items()},
        }

    def left_unknown(self) -> Mapping[str, object]:
        """Return what it lists as unknown, once it has left."""
        meant = ListOutbox(states=("unknown",), limit=MAX_LISTED)
        return look_at_file(self.folder / "data" / JOURNAL_NAME, meant)

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = (self.folder / "log.json").read_text("utf-8", "replace").splitlines()
        return "\n".join(lines[-_LAST_WORDS:])

    async def leave(self) -> None:
        """Let it leave in order; wait until it is gone."""
        self.untie()
        with trio.move_on_after(LEAVE_SECONDS):
            await self.process.wait()

    def untie(self) -> None:
        tie, self._tie = self._tie, -1
        if tie >= 0:
            os.close(tie)


@asynccontextmanager
async def running(folder: Path, configuration: Path) -> AsyncIterator[DemoHost]:
    """Start a host in *folder*; whatever happens in the block, it is gone after it."""
    theirs, tie = os.pipe()
    with (folder / "log.json").open("ab") as log:
        process = await trio.lowlevel.open_process(
            [
                sys.executable,
                "-m",
                "rookery.demonstration.hosted",
                str(configuration),
                str(theirs),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=(theirs,),
            cwd=folder,
            # Ctrl-C is for us alone; the host is told to leave when its time has come.
            start_new_session=True,
        )
    os.close(theirs)
    stdin = process.stdin
    assert isinstance(stdin, trio.lowlevel.FdStream)
    host = DemoHost(folder, process, stdin, tie)
    try:
        yield host
    finally:
        with trio.CancelScope(shield=True):
            host.untie()
            if process.returncode is None:
                process.kill()
            await process.wait()
            await stdin.aclose()
            if process.stdout is not None:
                await process.stdout.aclose()
