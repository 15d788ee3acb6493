"""What bytes are, whatever their server says, and how to unpack them within a bound. Pure."""

from __future__ import annotations

import zlib

import puremagic

_HEAD_BYTES = 4096
_MEDIA = ("image", "audio", "video")
# What puremagic does not know, or calls by no type. SILK is what QQ's voices are.
_OWN = (
    (b"#!AMR", "audio/amr"),
    (b"#!SILK_V3", "audio/silk"),
    (b"\x02#!SILK_V3", "audio/silk"),
)
UNKNOWN = "application/octet-stream"


class TooLarge(Exception):
    """More bytes than may be had."""


class Undecodable(Exception):
    """Bytes that are not packed as their server says."""


def media_type_of(data: bytes) -> str:
    """Return the media type of *data*, such as `image/png`, by what it begins with.

    `application/octet-stream` if that says nothing.
    """
    head = data[:_HEAD_BYTES]
    for magic, kind in _OWN:
        if head.startswith(magic):
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return "text/html"
    drawn = text.startswith(b"<?xml") and b"<svg" in head.lower()
    if drawn or text.startswith(b"<svg"):
        return "image/svg+xml"
    try:
        return puremagic.from_string(head, mime=True) or UNKNOWN
    except (puremagic.PureError, ValueError):
        return UNKNOWN


def why_not(data: bytes, kind: str) -> str:
    """Say why *data* cannot be shown as *kind* (`image`, `audio`, `video`); empty if it can.

    A picture must be one. Of sounds and films there are too many sorts to know them all,
    so only what is plainly something else is refused. A file may be anything.
    """
    if kind not in _MEDIA:
        return ""
    if not data:
        return "it is empty"
    found = media_type_of(data)
    if found == "image/svg+xml" and kind == "image":
        return "it is an SVG drawing, which is a document and no picture"
    top = found.partition("/")[0]
    if top == kind:
        return ""
    strict = kind == "image" or top in ("image", "text")
    return f"it is {found}, not {kind}" if strict else ""


class Unpacking:
    """Bytes in, bytes out, and never more than *limit* of them in all.

    A few kilobytes of gzip can stand for a terabyte; it is unpacked piece by piece, and
    left at the first byte too many.
    """

    def __init__(self, encoding: str, limit: int) -> None:
        """Begin.

        Args:
            encoding: What the server says: `gzip`, `deflate`, `identity` or nothing.
            limit: How many bytes may come out.

        Raises:
            Undecodable: nobody here can unpack that.
        """
        self._left = limit
        self._inflater: zlib._Decompress | None = None
        match encoding.strip().lower():
            case "" | "identity":
                pass
            case "gzip" | "x-gzip":
                self._inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
            case "deflate":
                self._inflater = zlib.decompressobj()
            case other:
                msg = f"it is packed with {other[:40]!r}, which was not asked for"
                raise Undecodable(msg)

    def feed(self, data: bytes) -> bytes:
        """Unpack some more.

        Raises:
            TooLarge: that is more than may come out.
            Undecodable: it is not packed as it was said to be.
        """
        if self._inflater is not None:
            if self._inflater.eof:  # zlib would keep it, however much comes
                msg = "something follows its end"
                raise Undecodable(msg)
            try:
                data = self._inflater.decompress(data, self._left + 1)
            except zlib.error as error:
                msg = f"it cannot be unpacked: {error}"
                raise Undecodable(msg) from error
        if len(data) > self._left:
            raise TooLarge
        self._left -= len(data)
        return data

    def end(self) -> None:
        """Say that nothing more comes.

        Raises:
            Undecodable: the end is missing.
        """
        if self._inflater is not None and not self._inflater.eof:
            msg = "its end is missing"
            raise Undecodable(msg)
