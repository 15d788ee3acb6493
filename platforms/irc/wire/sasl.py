"""Logging in while the connection is made: SASL EXTERNAL, SCRAM-SHA-256 and PLAIN. Pure.

Sources: IRCv3 SASL 3.1 and 3.2; RFC 4616 (PLAIN), RFC 4422 appendix A (EXTERNAL); `scram`.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Final

from platforms.irc.wire import scram

CHUNK: Final = 400
"""So many characters of base64 go on one line; a shorter one says that it was the last."""
MAX_CHALLENGE: Final = 8 * CHUNK
CERTIFICATE: Final = "EXTERNAL"
PASSWORD: Final = "PLAIN"  # noqa: S105  # the name of a mechanism
PROOF: Final = "SCRAM-SHA-256"
ABORT: Final = "*"


class Login:
    """Ours, with one mechanism after the other. What it returns goes behind AUTHENTICATE."""

    def __init__(self, account: str, password: str, nonce: str) -> None:
        """Begin, before anything was said.

        Args:
            account: At the network's services.
            password: Empty: our certificate is enough.
            nonce: Printable, without a comma, and never the same again.
        """
        self._account = account
        self._password = password
        self._nonce = nonce
        self._left: list[str] = []
        self._heard = ""
        self._said_first = False
        self._proof: scram.Proof | None = None
        self._proven = False
        self.mechanism = ""
        """What is being tried."""

    def begin(self, offered: str) -> str:
        """Return the best mechanism of those that are *offered*, as the capability's value.

        A password that need not be said is not; where the server does not list what it
        takes, nobody can know.
        """
        if not self._password:
            self._left = [CERTIFICATE]
        elif PROOF in (names := offered.upper().split(",")):
            self._left = [PROOF, *(name for name in names if name == PASSWORD)]
        else:
            self._left = [PASSWORD]
        return self._next()

    def refused(self) -> str:
        """Return what to try after a refusal; empty for nothing.

        Services keep an old account's password in a form that knows no SCRAM, and refuse
        before they have asked. What was shown to be wrong is not said as well.
        """
        return self._next() if self._left and self._proof is None else ""

    @property
    def proven(self) -> bool:
        """The server has done its part as well."""
        return self.mechanism != PROOF or self._proven

    def hear(self, word: str) -> list[str]:
        """Return what to answer to a part of what the server says.

        Raises:
            NotShown: it is not to be trusted with anything more; say `ABORT`.
        """
        if word != "+":
            self._heard += word
        if len(self._heard) > MAX_CHALLENGE:
            msg = f"the server says more than {MAX_CHALLENGE:,} characters in a login"
            raise scram.NotShown(msg)
        if len(word) == CHUNK:
            return []
        heard, self._heard = _decoded(self._heard), ""
        return chunks(b64encode(self._answer(heard).encode()).decode())

    def _answer(self, heard: str) -> str:
        match self.mechanism:
            case "SCRAM-SHA-256":
                return self._shown(heard)
            case "PLAIN":
                return f"{self._account}\0{self._account}\0{self._password}"
            case _:
                return ""

    def _shown(self, heard: str) -> str:
        if not self._said_first:
            self._said_first = True
            return scram.first(self._account, self._nonce)
        if self._proof is None:
            self._proof = scram.prove(self._account, self._password, self._nonce, heard)
            return self._proof.said
        scram.check(self._proof, heard)
        self._proven = True
        return ""

    def _next(self) -> str:
        self._heard = ""
        self.mechanism = self._left.pop(0)
        return self.mechanism


def chunks(response: str) -> list[str]:
    """Return *response* in the parameters of AUTHENTICATE that carry it.

    One that fills its last line exactly is followed by `+`, and so is nothing at all.
    """
    parts = [response[at : at + CHUNK] for at in range(0, len(response), CHUNK)]
    return parts if parts and len(parts[-1]) < CHUNK else [*parts, "+"]


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return ""
