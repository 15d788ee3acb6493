"""Which bytes of a connection are plain text messages. Pure.

Nearly everything that bots hear comes in whole, short text frames. These are read here,
many at a time, because reading them by a general library costs more than the rest of the
host. Everything else is passed on to the library unread and in order: the handshake, control
frames, binary, large and fragmented messages, and whatever breaks a rule, so that only one
place has to know how to answer it.

For each message that the library will make of what was passed on, `None` stands in the
order of the messages.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from platforms.transport.frames import MASK_BYTES, masked

Found: TypeAlias = list[str | None]

_WHOLE_TEXT: Final = 0x81
_FIN: Final = 0x80
_CONTINUATION: Final = 0
_GOODBYE: Final = 8
_CONTROLS: Final = frozenset({8, 9, 10})
_DATA: Final = frozenset({0, 1, 2})

_LONGEST_CONTROL: Final = 125
_EIGHT_BYTES: Final = 127
# A length must be written in the shortest way: from here on in two bytes, in eight.
_LONG_FROM: Final = {126: 126, _EIGHT_BYTES: 1 << 16}
_LENGTH_BYTES: Final = {126: 2, _EIGHT_BYTES: 8}

_HEAD_BYTES: Final = 64 * 1024
_HEAD_ENDS: Final = re.compile(rb"\n\r?\n").search
_UPGRADED: Final = b"HTTP/1.1 101"


class Sieve:
    """Reads one connection, from its first byte on."""

    def __init__(self, *, masked: bool) -> None:
        """Wait for the end of the handshake.

        Args:
            masked: The peer is the client, so its frames must be masked; a server's
                must not.
        """
        self._masked = masked
        self._head: bytes | None = b""
        self._off = False
        self._held = b""  # the beginning of a frame
        self._passing = 0  # bytes of a large frame that are still to come
        self._fragmented = False

    def sift(self, data: bytes) -> tuple[Found, bytes]:
        """Take what was read; return the messages in it, and what the library gets."""
        if self._off:
            return [], data
        passed: list[bytes] = []
        if self._head is not None:
            data = self._behind_head(data, passed)
        return self._read(self._held + data if self._held else data, passed)

    def _behind_head(self, data: bytes, passed: list[bytes]) -> bytes:
        """Pass the handshake on; return what came behind it."""
        assert self._head is not None
        known, head = len(self._head), self._head + data
        end = _HEAD_ENDS(head)
        if end is None:
            self._head = head
            self._off = len(head) > _HEAD_BYTES
            passed.append(data)
            return b""
        self._head = None
        # A server that refuses sends a page, no frames.
        self._off = not self._masked and not head.startswith(_UPGRADED)
        passed.append(head[known : end.end()])
        return head[end.end() :]

    def _read(self, data: bytes, passed: list[bytes]) -> tuple[Found, bytes]:
        found: Found = []
        at = self._pass_rest(data, 0, passed)
        while (frame := self._frame_at(data, at)) is not None:
            start, end = frame
            if data[at] == _WHOLE_TEXT and data[at + 1] & 0x7F != _EIGHT_BYTES:
                if end > len(data):
                    break
                found.append(self._text(data, start, end))
                if found[-1] is None:
                    passed.append(data[at:end])
                at = end
            elif data[at] & 0xF in _CONTROLS:
                if end > len(data):
                    break
                passed.append(data[at:end])
                self._off = data[at] & 0xF == _GOODBYE
                at = end
            else:
                self._fragmented = not data[at] & _FIN
                if not self._fragmented:
                    found.append(None)
                self._passing = end - at
                at = self._pass_rest(data, at, passed)
        if self._off:
            passed.append(data[at:])
            at = len(data)
        self._held = data[at:]
        return found, b"".join(passed)

    def _pass_rest(self, data: bytes, at: int, passed: list[bytes]) -> int:
        """Pass on what of a large frame is here; return where it ends."""
        if not self._passing:
            return at
        end = min(at + self._passing, len(data))
        self._passing -= end - at
        passed.append(data[at:end])
        return end

    def _text(self, data: bytes, start: int, end: int) -> str | None:
        """Return the text of a frame; `None` when it is not UTF-8."""
        payload = data[start:end]
        if self._masked:
            payload = masked(payload, data[start - MASK_BYTES : start])
        try:
            return payload.decode()
        except UnicodeDecodeError:
            return None

    def _frame_at(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Return where the payload of the next frame begins and ends.

        `None` where its head is not all here, or where it breaks a rule: then nothing
        is read any more.
        """
        if self._off or len(data) - at < 2:
            return None
        first, second = data[at], data[at + 1]
        length, start = second & 0x7F, at + 2
        if (second >= 0x80) is not self._masked or not self._may_come(first, length):
            self._off = True
            return None
        if length in _LONG_FROM:
            least, start = _LONG_FROM[length], start + _LENGTH_BYTES[length]
            if start > len(data):
                return None
            length = int.from_bytes(data[at + 2 : start])
            if length < least:
                self._off = True
                return None
        if self._masked:
            start += MASK_BYTES
        return start, start + length

    def _may_come(self, first: int, length: int) -> bool:
        """Say whether a frame that begins so is allowed now."""
        if first == _WHOLE_TEXT:
            return not self._fragmented
        opcode = first & 0xF
        if opcode in _CONTROLS:
            return first & 0xF0 == _FIN and length <= _LONGEST_CONTROL
        if opcode not in _DATA or first & 0x70:
            return False
        return (opcode == _CONTINUATION) is self._fragmented
