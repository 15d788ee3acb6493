"""Logging in while the connection is made: SASL PLAIN and EXTERNAL. Pure.

Sources: IRCv3 SASL 3.1 and 3.2; RFC 4616 (PLAIN), RFC 4422 appendix A (EXTERNAL).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Final

CHUNK: Final = 400
"""So many characters of base64 go on one line; a shorter one says that it was the last."""


def plain(account: str, password: str) -> str:
    """Return what PLAIN says: who, as whom, and the password."""
    said = f"{account}\0{account}\0{password}"
    return b64encode(said.encode()).decode()


def chunks(response: str) -> list[str]:
    """Return *response* in the parameters of AUTHENTICATE that carry it.

    One that fills its last line exactly is followed by `+`, and so is nothing at all.
    """
    parts = [response[at : at + CHUNK] for at in range(0, len(response), CHUNK)]
    return parts if parts and len(parts[-1]) < CHUNK else [*parts, "+"]
