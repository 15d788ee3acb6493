"""Showing that we know a password without saying it: SCRAM-SHA-256. Pure.

Sources: RFC 5802 (SCRAM), RFC 7677 (with SHA-256, and the example that the test holds it
to), RFC 4013 (how a password is prepared). No channel is bound (`n,,`).
"""

from __future__ import annotations

import hmac
import stringprep
import unicodedata
from base64 import b64decode, b64encode
from hashlib import pbkdf2_hmac, sha256
from typing import Final

from attrs import frozen

MAX_ROUNDS: Final = 250_000
"""Of the key derivation, as the server says: some 60 ms, in which nothing else runs. RFC
7677 wants 4,096 at least, Atheme takes 64,000."""
MIN_ROUNDS: Final = 4_096
_NO_BINDING: Final = "n,,"


class NotShown(Exception):
    """The exchange is broken off; the message says why."""


@frozen
class Proof:
    """What we say last, and how we know that the server knows our password, too."""

    said: str
    server: str
    """Its signature, as base64."""


def first(account: str, nonce: str) -> str:
    """Return what the client says first."""
    return f"{_NO_BINDING}{_bare(account, nonce)}"


def prove(account: str, password: str, nonce: str, challenge: str) -> Proof:
    """Return the answer to *challenge*, what the server has said first.

    Raises:
        NotShown: it is none, or would give away too much, or take too long.
    """
    told = _fields(challenge)
    both, rounds = told.get("r", ""), told.get("i", "")
    salt = _decoded(told.get("s", ""))
    if "m" in told or not (both.startswith(nonce) and both != nonce and salt):
        msg = f"a challenge of SCRAM must hold our nonce, a salt and no extension (got {challenge[:80]!r})"
        raise NotShown(msg)
    # More digits than any number of rounds that we would do.
    if not (rounds.isascii() and rounds.isdigit() and len(rounds) < 8):
        msg = f"a challenge of SCRAM must say how many rounds (got {rounds[:20]!r})"
        raise NotShown(msg)
    if not MIN_ROUNDS <= int(rounds) <= MAX_ROUNDS:
        msg = f"SCRAM must take {MIN_ROUNDS:,} to {MAX_ROUNDS:,} rounds (got {rounds})"
        raise NotShown(msg)
    salted = pbkdf2_hmac("sha256", prepared(password).encode(), salt, int(rounds))
    client_key = _sign(salted, b"Client Key")
    last = f"c={_encoded(_NO_BINDING.encode())},r={both}"
    signed = f"{_bare(account, nonce)},{challenge},{last}".encode()
    signature = _sign(sha256(client_key).digest(), signed)
    shown = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    server_key = _sign(salted, b"Server Key")
    return Proof(f"{last},p={_encoded(shown)}", _encoded(_sign(server_key, signed)))


def check(proof: Proof, verdict: str) -> None:
    """See to it that *verdict*, what the server says last, shows that it knows us.

    Raises:
        NotShown: it does not: whoever that is, it is not whom we have registered with.
    """
    told = _fields(verdict)
    if "e" in told:
        msg = f"the server says {told['e'][:80]}"
        raise NotShown(msg)
    if not hmac.compare_digest(told.get("v", "").encode(), proof.server.encode()):
        msg = "the server does not know our password: it is not who it says it is"
        raise NotShown(msg)


def prepared(text: str) -> str:
    """Return *text* as both sides derive keys from it (RFC 4013)."""
    kept = [
        " " if stringprep.in_table_c12(each) else each
        for each in text
        if not stringprep.in_table_b1(each)
    ]
    return unicodedata.ucd_3_2_0.normalize("NFKC", "".join(kept))


def _bare(account: str, nonce: str) -> str:
    name = prepared(account).replace("=", "=3D").replace(",", "=2C")
    return f"n={name},r={nonce}"


def _fields(said: str) -> dict[str, str]:
    pairs = (each.partition("=") for each in said.split(","))
    return {name: value for name, _, value in pairs}


def _sign(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, "sha256")


def _encoded(data: bytes) -> str:
    return b64encode(data).decode()


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return b""
