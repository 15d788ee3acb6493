"""The fake itself: a server with clients and channels, and a memory of what it heard."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import trio
from attrs import define, field

from tests.fakes.irc import history
from tests.fakes.irc.clients import Client, Told
from tests.fakes.irc.lines import taken_apart

ALL_CAPS: Final = "message-tags server-time account-tag echo-message batch labeled-response multi-prefix"
SPOKEN: Final = frozenset({"PRIVMSG", "NOTICE", "TAGMSG"})
NAME: Final = "irc.fake.test"
ISUPPORT: Final = (
    "CASEMAPPING=rfc1459 CHANTYPES=# PREFIX=(ov)@+ STATUSMSG=@+ NICKLEN=30 LINELEN=512"
)


@define(eq=False)
class FakeIrc:
    """Serve it on a stream or on a port, then let people speak."""

    caps: str = ""
    """What is offered, as in `CAP LS`; nothing is an old server that knows no CAP."""
    accounts: dict[str, str] = field(factory=dict)
    scrams: bool = True
    """The passwords of its accounts are kept so that SCRAM can do with them."""
    lies: bool = False
    """It knows no password, and says that any is right."""
    mechanisms: list[str] = field(factory=list)
    """With what a login was tried."""
    password: str = ""
    isupport: str = ISUPPORT
    refusals: dict[str, str] = field(factory=dict)
    """Numeric and words, by the target of a PRIVMSG or the channel of a JOIN; a code, by CHATHISTORY."""
    taken: set[str] = field(factory=set)
    """Nicks that somebody has."""
    unwanted: str = ""
    """Said instead of a welcome, and the end."""
    silent: bool = False
    """Reads, and says nothing any more."""
    silent_about: set[str] = field(factory=set)
    """Commands that are read, and not answered."""
    clients: list[Client] = field(factory=list)
    channels: dict[str, dict[str, str]] = field(factory=dict)
    """Members and their ranks, `@` or `+` or nothing."""
    heard: list[Told] = field(factory=list)
    lines: list[str] = field(factory=list)
    """Everything that a client has said."""
    past: list[history.Past] = field(factory=list)
    """What was said in channels, oldest first."""
    page: int = 50
    """How much of that it tells at once."""
    served: int = 0
    judge: Callable[[Told], Awaitable[str]] | None = None
    """Awaited before what a client says is answered; a numeric and words refuse it."""
    _unheard: list[Told] = field(factory=list)
    _news: trio.Event = field(factory=trio.Event)
    _ids: int = 0

    # --- where it runs ----------------------------------------------------------------

    async def serve(self, stream: trio.abc.Stream) -> None:
        """Live one connection."""
        client = Client(stream)
        self.clients.append(client)
        self.served += 1
        rest = b""
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_write, client)
                while not client.gone:
                    data = await stream.receive_some(65_536)
                    if not data:
                        break
                    *whole, rest = (rest + data).split(b"\n")
                    for line in whole:
                        text = line.rstrip(b"\r").decode("utf-8", "replace")
                        await self._hear(client, text)
                client.queue[0].close()  # what was said still goes out
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        finally:
            self._leave(client, "connection lost")
            await trio.aclose_forcefully(stream)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        """Serve on a port of loopback; yield its number."""
        async with trio.open_nursery() as nursery:
            serve = partial(trio.serve_tcp, self.serve, 0, host="127.0.0.1")
            listeners: list[trio.SocketListener] = await nursery.start(serve)
            port: int = listeners[0].socket.getsockname()[1]
            yield port
            nursery.cancel_scope.cancel()

    # --- what people do ---------------------------------------------------------------

    def says(
        self,
        text: str,
        *,
        to: str = "#rooks",
        nick: str = "ann",
        command: str = "PRIVMSG",
        tags: dict[str, str] | None = None,
    ) -> None:
        """Somebody who is no client says something."""
        self.relay(f"{nick}!{nick}@away.test", command, to, text, tags=tags)

    def does(self, nick: str, *words: str) -> None:
        """Somebody who is no client does something that everybody is told."""
        for client in self.clients:
            client.tell(f"{nick}!{nick}@away.test", *words)

    def kicks(self, nick: str, whom: str, channel: str, why: str) -> None:
        """Somebody throws a member out of a channel."""
        self.does(nick, "KICK", channel, whom, why)
        self.channels[channel].pop(whom)

    def relay(
        self,
        prefix: str,
        *words: str,
        tags: dict[str, str] | None = None,
        but: Client | None = None,
    ) -> None:
        """Tell a message to whoever is addressed."""
        told = {
            "msgid": self._new_id(),
            "time": self.now(),
            **(tags or {}),
        }
        target = words[1]
        if target.startswith("#") and words[0] != "TAGMSG":
            self.past.append(history.Past(target.lower(), prefix, words, told))
        for client in list(self.clients):
            inside = client.nick in self.channels.get(target.lstrip("@+").lower(), {})
            if client is not but and (inside or client.nick == target):
                client.tell(prefix, *words, tags=told)

    def now(self) -> str:
        """A second for each message, and a little more."""
        minutes, seconds = divmod(self._ids, 60)
        hours, minutes = divmod(minutes, 60)
        return f"2026-11-26T{hours:02}:{minutes:02}:{seconds:02}.500Z"

    def cut(self) -> None:
        """Lose every connection, at once."""
        for client in list(self.clients):
            client.gone = True
            client.queue[0].close()

    def closes(self, why: str) -> None:
        """Say goodbye to everybody, and close."""
        for client in list(self.clients):
            client.put(f"ERROR :{why}")
            client.queue[0].close()
            client.gone = True

    async def hears(self, within: float = 1000.0) -> Told:
        """Return the next thing that a client has said to somebody."""
        await self.until(lambda: bool(self._unheard), within)
        return self._unheard.pop(0)

    async def joined(self, nick: str, channel: str = "#rooks") -> None:
        """Wait until *nick* is in *channel*."""
        await self.until(lambda: nick in self.channels.get(channel, {}))

    async def until(self, holds: Callable[[], bool], within: float = 1000.0) -> None:
        """Wait until something holds."""
        with trio.fail_after(within):
            while not holds():
                await self._news.wait()

    def tells(self) -> None:
        """Something about the fake has changed: whoever waits looks again."""
        self._news.set()
        self._news = trio.Event()

    # --- what clients say -------------------------------------------------------------

    async def _hear(self, client: Client, line: str) -> None:
        if not line:
            return
        self.lines.append(line)
        if not self.silent:
            tags, command, params = taken_apart(line)
            refusal = ""
            if command in SPOKEN and self.judge is not None:
                told = Told(client.nick, command, params[0], params[-1], tags)
                refusal = await self.judge(told)
            client.label = tags.get("label", "")
            act = getattr(self, f"_on_{command.lower()}", None)
            if command in self.silent_about:
                pass
            elif refusal:
                number, _, words = refusal.partition(" ")
                self._number(client, number, params[0], words)
            elif act is None:
                self._number(client, "421", command, "Unknown command")
            else:
                act(client, params, tags)
            client.label = ""
        self.tells()

    def _number(self, client: Client, number: str, *words: str) -> None:
        client.tell(NAME, number, client.nick, *words)

    def _on_cap(self, client: Client, params: list[str], _: object) -> None:
        if not self.caps:
            self._number(client, "421", "CAP", "Unknown command")
            return
        match params:
            case ["LS", *_]:
                client.negotiates = True
                words = self.caps.split()
                half = len(words) // 2  # in two lines, as a long list would come
                client.put(f":{NAME} CAP * LS * :{' '.join(words[:half])}")
                client.put(f":{NAME} CAP * LS :{' '.join(words[half:])}")
            case ["REQ", wanted]:
                offered = {word.partition("=")[0] for word in self.caps.split()}
                granted = set(wanted.split()) <= offered
                if granted:
                    client.caps |= set(wanted.split())
                answer = "ACK" if granted else "NAK"
                client.put(f":{NAME} CAP {client.nick} {answer} :{wanted}")
            case ["END"]:
                client.negotiates = False
                self._welcome(client)
            case _:
                pass

    def _on_authenticate(self, client: Client, params: list[str], _: object) -> None:
        [word] = params
        if word in ("PLAIN", "EXTERNAL", "SCRAM-SHA-256"):
            self.mechanisms.append(word)
        client.scrams, client.lies = self.scrams, self.lies
        account = client.authenticates(word, self.accounts)
        if account is None:
            client.put(f"AUTHENTICATE {client.challenge}")
        elif account:
            client.account = account
            self._number(client, "903", "SASL authentication successful")
        else:
            self._number(client, "908", "PLAIN", "are available SASL mechanisms")
            self._number(client, "904", "SASL authentication failed")

    def _on_pass(self, client: Client, params: list[str], _: object) -> None:
        client.password = params[0]

    def _on_nick(self, client: Client, params: list[str], _: object) -> None:
        [nick] = params
        if nick in self.taken or any(nick == other.nick for other in self.clients):
            self._number(client, "433", nick, "Nickname is already in use")
            return
        before = client.mask
        for members in self.channels.values():
            if client.nick in members:
                members[nick] = members.pop(client.nick)
        client.nick = nick
        if client.registered:
            for other in self.clients:
                other.tell(before, "NICK", nick)
        self._welcome(client)

    def _on_user(self, client: Client, params: list[str], _: object) -> None:
        client.user = params[0]
        self._welcome(client)

    def _welcome(self, client: Client) -> None:
        if (
            client.registered
            or client.negotiates
            or not client.user
            or client.nick == "*"
        ):
            return
        if self.unwanted or client.password != self.password:
            client.put(
                self.unwanted or f":{NAME} 464 {client.nick} :Password incorrect"
            )
            client.put("ERROR :Closing link")
            client.queue[0].close()
            client.gone = True
            return
        client.registered = True
        self._number(client, "001", f"Welcome to the Fake Network {client.mask}")
        tokens = self.isupport.split()
        if history.CAP in client.caps:
            tokens += [f"CHATHISTORY={self.page}", "MSGREFTYPES=msgid,timestamp"]
        self._number(client, "005", *tokens, "are supported by this server")
        self._number(client, "422", "Message of the day file is missing.")

    def _on_join(self, client: Client, params: list[str], _: object) -> None:
        for channel in params[0].split(","):
            refusal = self.refusals.get(channel)
            if refusal is not None:
                number, _sep, words = refusal.partition(" ")
                self._number(client, number, channel, words)
                continue
            members = self.channels.setdefault(channel.lower(), {})
            members[client.nick] = "" if members else "@"
            for other in self.clients:
                if other.nick in members:
                    told = {"time": self.now()}
                    other.tell(client.mask, "JOIN", channel, tags=told)
            names = " ".join(rank + nick for nick, rank in members.items())
            self._number(client, "353", "=", channel, names)
            self._number(client, "366", channel, "End of NAMES")

    def _on_privmsg(
        self, client: Client, params: list[str], tags: dict[str, str]
    ) -> None:
        self._said(client, "PRIVMSG", params, tags)

    def _on_notice(
        self, client: Client, params: list[str], tags: dict[str, str]
    ) -> None:
        self._said(client, "NOTICE", params, tags)

    def _on_tagmsg(
        self, client: Client, params: list[str], tags: dict[str, str]
    ) -> None:
        self._said(client, "TAGMSG", [*params, ""], tags)

    def _on_redact(self, client: Client, params: list[str], _: dict[str, str]) -> None:
        target, message = params[:2]
        self._unheard.append(Told(client.nick, "REDACT", target, message))
        for other in self.clients:
            other.tell(client.mask, "REDACT", target, message)

    def _said(
        self, client: Client, command: str, params: list[str], tags: dict[str, str]
    ) -> None:
        target, text = params
        refusal = self.refusals.get(target)
        if refusal is not None:
            number, _, words = refusal.partition(" ")
            self._number(client, number, target, words)
            return
        told = Told(client.nick, command, target, text, tags)
        self.heard.append(told)
        self._unheard.append(told)
        shown = {key: value for key, value in tags.items() if key.startswith("+")}
        said = [command, target, *([text] if command != "TAGMSG" else [])]
        echoed = {"msgid": f"id{self._ids + 1}", **shown}
        if "echo-message" in client.caps:
            client.tell(client.mask, *said, tags=echoed)
        elif client.label:
            client.tell(NAME, "ACK")
        self.relay(client.mask, *said, tags=shown, but=client)

    def _on_chathistory(self, client: Client, params: list[str], _: object) -> None:
        try:
            if "CHATHISTORY" in self.refusals:
                raise history.Refused(self.refusals["CHATHISTORY"])
            if client.nick not in self.channels.get(params[1].lower(), {}):
                raise history.Refused("INVALID_TARGET")
            page = history.page_of(self.past, params, self.page)
        except history.Refused as refused:
            fail = ("FAIL", "CHATHISTORY", str(refused), *params[:2], "No history")
            client.tell(NAME, *fail)
        else:
            history.tell(client, NAME, params[1], page, f"h{len(self.lines)}")

    def _on_ping(self, client: Client, params: list[str], _: object) -> None:
        client.tell(NAME, "PONG", NAME, params[-1])

    def _on_pong(self, client: Client, params: list[str], _: object) -> None:
        del client, params

    def _on_topic(self, client: Client, params: list[str], _: object) -> None:
        if self.channels.get(params[0].lower(), {}).get(client.nick) != "@":
            self._number(client, "482", params[0], "You're not channel operator")
            return
        for other in self.clients:
            other.tell(client.mask, "TOPIC", *params)

    def _on_quit(self, client: Client, params: list[str], _: object) -> None:
        self._leave(client, params[0] if params else "")
        client.gone = True
        client.queue[0].close()

    def _leave(self, client: Client, why: str) -> None:
        if client not in self.clients:
            return
        self.clients.remove(client)
        for members in self.channels.values():
            members.pop(client.nick, None)
        if client.registered:
            for other in self.clients:
                other.tell(client.mask, "QUIT", why)
        self.tells()

    def _new_id(self) -> str:
        self._ids += 1
        return f"id{self._ids}"


async def _write(client: Client) -> None:
    """Say what is in the queue; close when that is closed."""
    async for data in client.queue[1]:
        await client.stream.send_all(data)
    await client.stream.aclose()
