"""Things kept by name beside the rows, in a file or in memory: both do the same."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.journal import FileJournal, MemoryJournal, MemoryShelf, Shelf
from tests.actors.journal.forms import crash, in_file

Opened = Callable[[Path], AbstractAsyncContextManager[Shelf | MemoryShelf]]


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[MemoryShelf]:
    yield MemoryJournal(trio.current_time, id="memory").shelf("things")


@asynccontextmanager
async def in_the_file(folder: Path) -> AsyncIterator[Shelf]:
    async with in_file(folder) as journal:
        yield journal.shelf("things")


@pytest.mark.parametrize("opened", [in_memory, in_the_file])
async def test_each_name_holds_one_thing(tmp_path: Path, opened: Opened) -> None:
    async with opened(tmp_path) as shelf:
        await shelf.put("b", b"two")
        await shelf.put("a", b"1")
        await shelf.put("a", b"another")  # what is there already stays as it is

        assert await shelf.all() == {"a": b"1", "b": b"two"}
        assert list(await shelf.all()) == ["a", "b"]
        assert await shelf.sizes() == {"a": 1, "b": 3}
        assert await shelf.get("a") == b"1"
        assert await shelf.get("c") is None

        await shelf.drop("a")
        await shelf.drop("a")
        assert await shelf.all() == {"b": b"two"}


async def test_one_kind_knows_nothing_of_another(tmp_path: Path) -> None:
    async with in_file(tmp_path) as journal:
        for owner in (journal, MemoryJournal(trio.current_time, id="memory")):
            assert isinstance(owner, FileJournal | MemoryJournal)
            await owner.shelf("one").put("a", b"1")
            assert await owner.shelf("other").all() == {}
            assert await owner.shelf("one").all() == {"a": b"1"}


async def test_what_was_put_is_there_after_a_kill(tmp_path: Path) -> None:
    async with in_file(tmp_path) as journal:
        await journal.shelf("things").put("a", b"1")
        await crash(journal)
    async with in_the_file(tmp_path) as shelf:
        assert await shelf.get("a") == b"1"
