"""Local files: only below folders that the operator has named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from platforms.media import MediaRefused, Reader
from tests.platforms.media.servers import PNG

LIMIT = 1000


@pytest.fixture
def pics(tmp_path: Path) -> Path:
    folder = tmp_path / "pics"
    folder.mkdir()
    (folder / "rook.png").write_bytes(PNG)
    (tmp_path / "secret.png").write_bytes(PNG)
    return folder


async def refused(reader: Reader, path: Path) -> str:
    with pytest.raises(MediaRefused) as caught:
        await reader.read(path, "file", LIMIT)
    return caught.value.why


async def test_a_file_below_an_open_folder_is_read(pics: Path) -> None:
    reader = Reader(folders=(pics,))
    blob = await reader.read(pics / "rook.png", "image", LIMIT)
    assert (blob.data, blob.type, blob.name) == (PNG, "image/png", "rook.png")
    (pics / "inner.png").symlink_to(pics / "rook.png")
    assert (await reader.read(pics / "inner.png", "image", LIMIT)).data == PNG


async def test_no_folder_is_open_by_default(pics: Path) -> None:
    assert "[media] folders" in await refused(Reader(), pics / "rook.png")


async def test_nothing_else_is_read_however_it_is_spelled(pics: Path) -> None:
    reader = Reader(folders=(pics,))
    (pics / "link.png").symlink_to(pics.parent / "secret.png")
    (pics / "up").symlink_to(pics.parent)
    (pics.parent / "pics-of-others").mkdir()
    (pics.parent / "pics-of-others" / "x.png").write_bytes(PNG)
    for path in (
        pics.parent / "secret.png",
        pics / ".." / "secret.png",
        pics / "link.png",
        pics / "up" / "secret.png",
        pics.parent / "pics-of-others" / "x.png",
        Path("/etc/passwd"),
        Path("/proc/self/environ"),
    ):
        assert "does not lie in a folder" in await refused(reader, path)
    assert "must be absolute" in await refused(reader, Path("rook.png"))


async def test_only_ordinary_files_of_a_bounded_size(pics: Path) -> None:
    reader = Reader(folders=(pics,))
    os.mkfifo(pics / "pipe")
    (pics / "loop").symlink_to(pics / "loop")
    (pics / "large").write_bytes(bytes(LIMIT + 1))
    (pics / "exact").write_bytes(bytes(LIMIT))
    assert "no ordinary file" in await refused(reader, pics / "pipe")
    assert "larger" in await refused(reader, pics / "large")
    for name in ("gone", "loop", "rook.png/x", "x\0y"):
        assert "cannot be read" in await refused(reader, pics / name)
    assert await refused(reader, pics)
    assert len((await reader.read(pics / "exact", "file", LIMIT)).data) == LIMIT


async def test_a_closed_folder_inside_an_open_one_stays_closed(pics: Path) -> None:
    data = pics / "rookery-data"
    data.mkdir()
    (data / "journal.sqlite").write_bytes(b"secret")
    (pics / "way.png").symlink_to(data / "journal.sqlite")
    reader = Reader(folders=(pics,), closed=(data,))
    for path in (data / "journal.sqlite", pics / "way.png"):
        assert "does not lie in a folder" in await refused(reader, path)
    assert (await reader.read(pics / "rook.png", "image", LIMIT)).data == PNG
