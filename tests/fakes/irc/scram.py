"""The services' side of SCRAM-SHA-256 (RFC 5802), written apart from ours."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

ROUNDS = 4096
SALT = b"salt of the lab"


class ScramServer:
    """One exchange. `says` is what is sent to the client; `account` is who it was."""

    def __init__(self, accounts: Mapping[str, str], lies: bool = False) -> None:
        self._accounts = accounts
        self._lies = lies
        self._steps = [self._first, self._last, self._over]
        self._log: list[str] = []
        self.account: str | None = None
        """`None`: not over; "": it is, and nobody came in."""

    def hear(self, text: str) -> str:
        """Return what is said to *text*."""
        return self._steps.pop(0)(text)

    def _first(self, text: str) -> str:
        assert text.startswith("n,,n=")
        bare = text.removeprefix("n,,")
        name, _, nonce = bare.removeprefix("n=").partition(",r=")
        self._name = name.replace("=2C", ",").replace("=3D", "=")
        if self._name not in self._accounts:
            self.account = ""
            return ""
        self._nonce = f"{nonce}the-servers-own"
        challenge = f"r={self._nonce},s={b64encode(SALT).decode()},i={ROUNDS}"
        self._log = [bare, challenge]
        return challenge

    def _last(self, text: str) -> str:
        without, _, proof = text.rpartition(",p=")
        assert without == f"c=biws,r={self._nonce}"
        password = self._accounts[self._name].encode()
        salted = hashlib.pbkdf2_hmac("sha256", password, SALT, ROUNDS)
        stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
        signed = ",".join([*self._log, without]).encode()
        signature = _hmac(stored, signed)
        key = bytes(a ^ b for a, b in zip(b64decode(proof), signature, strict=True))
        if hashlib.sha256(key).digest() != stored:
            self.account = ""
            return "e=invalid-proof"
        mine = _hmac(_hmac(salted, b"Server Key"), signed)
        return f"v={b64encode(b'nonsense' if self._lies else mine).decode()}"

    def _over(self, text: str) -> str:
        self.account = self._name if text == "" else ""
        return ""


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()
