"""How a text message looks on the wire (RFC 6455, section 5). Pure.

Only what we send is written here, in one go and whole, so that a frame can be put
beside others that wait. What comes in is read in `sieve`; control frames and closing
are the library's.
"""

import struct
from typing import Final

_FIN_TEXT: Final = 0x81
_MASKED: Final = 0x80
_ONE_BYTE_MAX: Final = 125
_TWO_BYTES_MAX: Final = 0xFFFF

MASK_BYTES: Final = 4


def text_frame(payload: bytes, mask: bytes = b"") -> bytes:
    """Return *payload* as one whole text frame.

    Args:
        payload: The message in UTF-8.
        mask: Four unpredictable bytes if we are the client, else nothing.
    """
    flag = _MASKED if mask else 0
    size = len(payload)
    if size <= _ONE_BYTE_MAX:
        head = struct.pack("!BB", _FIN_TEXT, flag | size)
    elif size <= _TWO_BYTES_MAX:
        head = struct.pack("!BBH", _FIN_TEXT, flag | 126, size)
    else:
        head = struct.pack("!BBQ", _FIN_TEXT, flag | 127, size)
    if not mask:
        return head + payload
    return head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    """Return *payload* masked by *mask*; doing it twice gives *payload* again."""
    # One long integer: sixty times faster than a loop over the bytes.
    size = len(payload)
    stretched = (mask * (size // MASK_BYTES + 1))[:size]
    number = int.from_bytes(payload) ^ int.from_bytes(stretched)
    return number.to_bytes(size)
