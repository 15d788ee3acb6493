"""The bytes behind a source, be it a URL or a path."""

from __future__ import annotations

from pathlib import Path

from attrs import field, frozen

from platforms.media.content import media_type_of, why_not
from platforms.media.errors import MediaRefused
from platforms.media.fetching import Fetcher
from platforms.media.folders import read_file
from platforms.media.names import clean_name


@frozen
class Blob:
    """Bytes, what they are, and a name for them."""

    data: bytes = field(repr=False)
    type: str
    """A media type, by what the bytes are; what a server said plays no part."""
    name: str
    """One plain file name."""


@frozen(eq=False)
class Reader:
    """Reads URLs and files on behalf of messages. Holds nothing open."""

    fetcher: Fetcher = field(factory=Fetcher)
    folders: tuple[Path, ...] = ()
    """Local files may be read below these; if there are none, no file may."""
    closed: tuple[Path, ...] = ()
    """No file is read below these, even if they lie in one of `folders`."""

    async def read(self, source: str | Path, kind: str, max_bytes: int) -> Blob:
        """Return what is at *source*; see `platforms.base.Reads`.

        Raises:
            MediaRefused: it cannot be had, must not be, or is no *kind*.
        """
        if isinstance(source, Path):
            data = await read_file(source, self.folders, self.closed, max_bytes)
            shown = name = source.name
        else:
            fetched = await self.fetcher.fetch(source, max_bytes)
            data, shown, name = fetched.data, fetched.link.shown, fetched.link.file_name
        if why := why_not(data, kind):
            raise MediaRefused(shown, why)
        found = media_type_of(data)
        return Blob(data, found, clean_name(name, found))


def standard_reader() -> Reader:
    """Return a reader for public URLs that reads no local files."""
    return Reader()
