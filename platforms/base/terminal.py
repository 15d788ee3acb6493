"""The last line of the host's terminal, while a person is asked there.

A process has one terminal. What a platform asks there, and what the host logs, must not
tear each other: whoever asks says so, and every line that comes meanwhile goes above.
"""

from __future__ import annotations

from typing import Final

_CLEAR: Final = b"\r\x1b[K"


class LastLine:
    """What stands there; see `last_line`."""

    def __init__(self) -> None:
        self.prompt = ""
        """Nothing is asked while it is empty."""

    def cleared(self) -> bytes:
        """Return what is to be written so that the prompt stands there, and nothing else."""
        return _CLEAR + self.prompt.encode()

    def above(self, line: bytes) -> bytes:
        """Return *line*, which ends with a newline, as it is to be written.

        While something is asked, *line* takes its place and the prompt follows.
        """
        return _CLEAR + line + self.prompt.encode() if self.prompt else line


last_line: Final = LastLine()
"""The one of this process."""
