"""What bytes are, how they are unpacked, and what a file may be called."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platforms.media.content import (
    UNKNOWN,
    TooLarge,
    Undecodable,
    Unpacking,
    media_type_of,
    why_not,
)
from platforms.media.names import MAX_NAME_BYTES, clean_name

PNG = b"\x89PNG\r\n\x1a\n" + bytes(24)
KINDS = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0" + bytes(20),
    "image/gif": b"GIF89a" + bytes(20),
    "image/webp": b"RIFF\0\0\0\0WEBPVP8 " + bytes(20),
    "audio/silk": b"\x02#!SILK_V3" + bytes(9),
    "audio/amr": b"#!AMR\n" + bytes(9),
    "audio/ogg": b"OggS" + bytes(30),
    "video/mp4": b"\0\0\0\x18ftypmp42" + bytes(20),
    "text/html": b"\n<!DOCTYPE html><title>404</title>",
    "image/svg+xml": b'<?xml version="1.0"?><svg xmlns="x"/>',
    UNKNOWN: b"hello",
}


@pytest.mark.parametrize(("kind", "data"), KINDS.items())
def test_bytes_are_what_they_begin_with(kind: str, data: bytes) -> None:
    assert media_type_of(data) == kind


def test_an_error_page_is_no_picture_whatever_its_server_says() -> None:
    page = KINDS["text/html"]
    assert why_not(page, "image") == "it is text/html, not image"
    assert why_not(page, "audio")
    assert why_not(page, "file") == ""
    assert why_not(b"hello", "image")
    assert why_not(b"", "image")
    assert why_not(KINDS["image/svg+xml"], "image")
    assert why_not(PNG, "image") == ""
    assert why_not(PNG, "audio")
    assert why_not(b"hello", "audio") == "", "there are too many sorts to know them all"


@given(st.binary(max_size=200))
def test_any_bytes_are_something(data: bytes) -> None:
    assert "/" in media_type_of(data)


@given(
    data=st.binary(max_size=300),
    encoding=st.sampled_from(["", "identity", "gzip", "X-GZIP", "deflate"]),
    cut=st.integers(1, 50),
    limit=st.integers(0, 400),
)
def test_what_is_unpacked_is_whole_or_refused(
    data: bytes, encoding: str, cut: int, limit: int
) -> None:
    packed = data
    if "gzip" in encoding.lower():
        packed = gzip.compress(data)
    elif encoding == "deflate":
        packed = zlib.compress(data)
    unpacking = Unpacking(encoding, limit)
    got = b""
    try:
        for at in range(0, len(packed), cut):
            got += unpacking.feed(packed[at : at + cut])
        unpacking.end()
    except TooLarge:
        assert len(data) > limit
        return
    except Undecodable:
        assert not packed
        return
    assert got == data
    assert len(got) <= limit


def test_a_bomb_is_left_at_the_first_byte_too_many() -> None:
    """A26: a few kilobytes that stand for twenty megabytes."""
    bomb = gzip.compress(bytes(20_000_000), 6)
    assert len(bomb) < 50_000
    unpacking = Unpacking("gzip", 10_000)
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            unpacking.feed(bomb)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_what_follows_the_end_is_not_kept() -> None:
    """An endless body behind a small picture would fill the memory."""
    unpacking = Unpacking("gzip", 100)
    assert unpacking.feed(gzip.compress(b"hello")) == b"hello"
    with pytest.raises(Undecodable, match="follows its end"):
        unpacking.feed(b"more")


def test_what_is_not_packed_as_it_says_is_refused() -> None:
    with pytest.raises(Undecodable, match="not asked for"):
        Unpacking("br", 10)
    with pytest.raises(Undecodable, match="unpacked"):
        Unpacking("gzip", 10).feed(b"hello, world")
    half = Unpacking("gzip", 100)
    half.feed(gzip.compress(b"hello")[:-4])
    with pytest.raises(Undecodable, match="end is missing"):
        half.end()


@pytest.mark.parametrize(
    ("given", "kind", "clean"),
    [
        ("rook.png", "", "rook.png"),
        ("../../etc/passwd", "", "_.._etc_passwd"),
        ("C:\\x\\y.png", "", "C__x_y.png"),
        ("", "image/png", "file.png"),
        ("...", "", "file"),
        (".bashrc", "", "bashrc"),
        ("CON", "", "_CON"),
        ("nul.txt", "", "_nul.txt"),
        ("evil\u202egnp.exe", "", "evilgnp.exe"),
        ("a\r\nb\x00c", "image/jpeg", "abc.jpg"),
        ("图片.png", "", "图片.png"),
        ("x" * 300 + ".png", "", "x" * (MAX_NAME_BYTES - 4) + ".png"),
    ],
)
def test_a_name_becomes_one_plain_file_name(given: str, kind: str, clean: str) -> None:
    assert clean_name(given, kind) == clean


@given(st.text(max_size=200), st.sampled_from(["", "image/png", "no/thing"]))
@example("a.", "image/png")
@example("字" * 100 + ".pngpngpngpng", "")
def test_any_name_is_harmless_when_it_is_clean(name: str, kind: str) -> None:
    clean = clean_name(name, kind)
    assert clean
    assert clean.strip(" .") == clean
    assert not set(clean) & set('/\\:*?"<>|\0')
    assert clean.isprintable() or not clean.isascii()
    assert len(clean.encode()) <= MAX_NAME_BYTES
    assert clean_name(clean, kind) == clean
