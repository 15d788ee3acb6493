"""One client of the fake server: what it has said of itself, and how it is answered."""

from base64 import b64decode, b64encode

import trio
from attrs import define, field, frozen

from tests.fakes.irc.lines import put_together
from tests.fakes.irc.scram import ScramServer


@frozen
class Told:
    """What a client has said to somebody."""

    nick: str
    command: str
    target: str
    text: str
    tags: dict[str, str] = field(factory=dict)


@define(eq=False)
class Client:
    """A connection. Its lines go out through a queue: a slow reader holds up nobody."""

    stream: trio.abc.Stream
    nick: str = "*"
    user: str = ""
    caps: set[str] = field(factory=set)
    account: str = ""
    password: str = ""
    negotiates: bool = False
    registered: bool = False
    gone: bool = False
    label: str = ""
    answers: list[str] = field(factory=list)
    """To the labelled line in hand."""
    challenge: str = "+"
    scrams: bool = True
    """Its account's password is kept in a form that SCRAM can do with."""
    lies: bool = False
    """Whoever answers does not know the password, and says that it is right."""
    _sasl: str = ""
    _scram: ScramServer = field(factory=lambda: ScramServer({}))
    _response: str = ""
    queue: tuple[trio.MemorySendChannel[bytes], trio.MemoryReceiveChannel[bytes]] = (
        field(factory=lambda: trio.open_memory_channel[bytes](100_000))
    )

    @property
    def mask(self) -> str:
        return f"{self.nick}!{self.user}@host.test"

    def put(self, line: str) -> None:
        """Say a line, in its turn."""
        self.put_bytes(line.encode() + b"\r\n")

    def put_bytes(self, data: bytes) -> None:
        if not self.gone:
            self.queue[0].send_nowait(data)

    def tell(
        self, prefix: str, *words: str, tags: dict[str, str] | None = None
    ) -> None:
        """Say a line with those of *tags* that this client has asked for."""
        shown = {key: value for key, value in (tags or {}).items() if self._sees(key)}
        if self.label and prefix != "other":
            shown = {"label": self.label, **shown}
        self.put(put_together(shown, prefix, *words))

    def _sees(self, tag: str) -> bool:
        wanted = {
            "time": "server-time",
            "account": "account-tag",
            "label": "labeled-response",
            "batch": "batch",
        }.get(tag, "message-tags")
        return wanted in self.caps

    # --- SASL -------------------------------------------------------------------------

    def authenticates(self, word: str, accounts: dict[str, str]) -> str | None:
        """Take a part of a login; return the account, "" for a wrong one, None for more.

        What is to be said for more is `challenge`.
        """
        self.challenge = "+"
        if word == "*":
            self._sasl = ""
            return ""
        if not self._sasl:
            if word.startswith("SCRAM") and not self.scrams:
                return ""
            self._sasl, self._response = word, ""
            self._scram = ScramServer(accounts, self.lies)
            return None
        self._response += "" if word == "+" else word
        if len(word) == 400:
            return None
        response, self._response = b64decode(self._response).decode(), ""
        account = self._judged(response, accounts)
        if account is not None:
            self._sasl = ""
        return account

    def _judged(self, response: str, accounts: dict[str, str]) -> str | None:
        match self._sasl:
            case "SCRAM-SHA-256":
                said = self._scram.hear(response)
                self.challenge = b64encode(said.encode()).decode() or "+"
                return self._scram.account
            case "PLAIN":
                _, account, password = response.split("\0")
                return account if accounts.get(account) == password else ""
            case _:
                return ""
