"""Reads pictures and files, from where the configuration of the moment allows."""

from __future__ import annotations

from pathlib import Path

from platforms.media import Blob, Fetcher, FetchRules, Reader, networks
from rookery.config import Configuration
from rookery.host.estate import Estate


def reader_of(configuration: Configuration) -> Reader:
    """Return a reader with the rights that *configuration* gives.

    The data directory is never open: journal, secrets and the control socket lie there.
    """
    return Reader(
        Fetcher(FetchRules(allowed=networks(configuration.settings.media.allow))),
        folders=configuration.media_folders,
        closed=(configuration.data,),
    )


class HostReader:
    """A reader that outlives every reload; see `platforms.base.Reads`."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._configuration = estate.configuration
        self._reader = reader_of(estate.configuration)

    async def read(self, source: str | Path, kind: str, max_bytes: int) -> Blob:
        """Return what is at *source*.

        Raises:
            MediaRefused: it cannot be had, must not be, or is no *kind*.
        """
        if self._configuration is not self._estate.configuration:
            self._configuration = self._estate.configuration
            self._reader = reader_of(self._configuration)
        return await self._reader.read(source, kind, max_bytes)
