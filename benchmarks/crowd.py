"""The far ends of many idle accounts, in a process of their own.

    python -m benchmarks.crowd HEARTBEAT_SECONDS

It listens for the host (OneBot forward, IRC, Telegram) and prints the ports as one JSON
line. Then, on its standard input: `dial PORT COUNT` dials the host's OneBot listener,
`cut` cuts these lines and dials again, all at once; each prints one JSON line when all
are back. `tell` prints what was seen since the last time. Plain frames, no library.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from hashlib import sha1

import trio

from benchmarks.load import frame

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PING = bytes((0x89, 0x80, 0, 0, 0, 0))
IRC_WELCOME = (
    ":s 421 * CAP :Unknown command\r\n:s 001 {0} :hello {0}!r@h\r\n"
    ":s 005 {0} CASEMAPPING=ascii :ok\r\n:s 422 {0} :no MOTD\r\n"
)


class Seen:
    """What the crowd has seen since it was last asked."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.slowest = 0.0
        """Seconds from a frame of ours to the host's answer, at most."""
        self.answered = 0
        self.ended = 0
        """Lines that the host has ended."""
        self.refused = 0

    def tell(self) -> dict[str, float]:
        told = dict(vars(self))
        self.forget()
        return told


def plain(payload: bytes, first: int = 0x81) -> bytes:
    """One frame of a server: not masked."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    return bytes((first, 126)) + size.to_bytes(2, "big") + payload


class OneBot:
    """One account on a WebSocket that is open, whoever has dialled."""

    def __init__(self, crowd: Crowd, account: int, stream: trio.SocketStream) -> None:
        self.crowd = crowd
        self.account = account
        self.stream = stream
        self.dialled = False
        self.pinged_at: float | None = None

    def text(self, **said: object) -> bytes:
        payload = json.dumps(
            {"self_id": self.account, "time": 1763596800, **said}
        ).encode()
        return frame(payload) if self.dialled else plain(payload)

    async def live(self, rest: bytes = b"") -> None:
        """Say hello, beat, answer, until the line ends."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._beat)
            try:
                await self._listen(rest)
            except trio.BrokenResourceError:
                self.crowd.seen.ended += 1
            except trio.ClosedResourceError:
                pass  # we have cut it
            nursery.cancel_scope.cancel()

    async def _beat(self) -> None:
        seconds = self.crowd.heartbeat_seconds
        meta = partial(self.text, post_type="meta_event")
        try:
            await self.stream.send_all(
                meta(meta_event_type="lifecycle", sub_type="connect")
            )
            while True:
                await trio.sleep(seconds)
                status = {"online": True, "good": True}
                beat = meta(
                    meta_event_type="heartbeat",
                    status=status,
                    interval=int(seconds * 1000),
                )
                if self.dialled and self.pinged_at is None:
                    self.pinged_at = trio.current_time()
                    beat += PING
                await self.stream.send_all(beat)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def _listen(self, data: bytes) -> None:
        while True:
            at = 0
            while len(data) - at >= 2:
                opcode, second, start = data[at] & 15, data[at + 1], at + 2
                size = second & 127
                if size == 126:
                    size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
                mask, start = (
                    (data[start : start + 4], start + 4)
                    if second & 128
                    else (b"", start)
                )
                if len(data) < start + size:
                    break
                payload = data[start : start + size]
                if mask:
                    payload = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
                await self._hear(opcode, payload)
                at = start + size
            data = data[at:]
            more = await self.stream.receive_some(65536)
            if not more:
                self.crowd.seen.ended += 1
                return
            data += more

    async def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == 10 and self.pinged_at is not None:
            seen = self.crowd.seen
            seen.slowest = max(seen.slowest, trio.current_time() - self.pinged_at)
            seen.answered += 1
            self.pinged_at = None
        elif opcode == 9:
            await self.stream.send_all(plain(payload, 0x8A))
        elif opcode == 1:
            asked = json.loads(payload)
            data = {
                "user_id": self.account,
                "nickname": "crowd",
                "online": True,
                "good": True,
            }
            await self.stream.send_all(
                self.text(status="ok", retcode=0, data=data, echo=asked["echo"])
            )


class Crowd:
    def __init__(self, heartbeat_seconds: float) -> None:
        self.heartbeat_seconds = heartbeat_seconds
        self.seen = Seen()
        self.dialled: dict[int, OneBot] = {}
        self.next_account = 500_000

    # --- who dials the host ---------------------------------------------------------

    async def dial(
        self, nursery: trio.Nursery, port: int, accounts: list[int]
    ) -> float:
        """Dial for all *accounts* at once; return the seconds until all are back."""
        began = trio.current_time()
        async with trio.open_nursery() as dialling:
            for account in accounts:
                dialling.start_soon(self._dial, nursery, port, account)
        return trio.current_time() - began

    async def _dial(self, nursery: trio.Nursery, port: int, account: int) -> None:
        while (came := await self._handshake(port, account)) is None:
            self.seen.refused += 1
            await trio.sleep(0.5)
        stream, rest = came
        peer = self.dialled[account] = OneBot(self, account, stream)
        peer.dialled = True
        nursery.start_soon(peer.live, rest)

    async def _handshake(
        self, port: int, account: int
    ) -> tuple[trio.SocketStream, bytes] | None:
        with suppress(OSError, trio.BrokenResourceError):
            stream = await trio.open_tcp_stream("127.0.0.1", port)
            await stream.send_all(
                b"GET /onebot/v11/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nX-Client-Role: Universal\r\n"
                b"X-Self-ID: %d\r\nSec-WebSocket-Key: %s\r\n\r\n" % (account, KEY)
            )
            head, rest = await head_of(stream)
            if b" 101 " in head:
                return stream, rest
        return None

    def cut(self) -> None:
        for peer in self.dialled.values():
            peer.stream.socket.close()

    # --- whom the host dials --------------------------------------------------------

    async def websocket(self, stream: trio.SocketStream) -> None:
        head, rest = await head_of(stream)
        key = next(
            line.split(b":", 1)[1].strip()
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"sec-websocket-key")
        )
        digest = sha1(key + MAGIC, usedforsecurity=False).digest()
        accept = base64.b64encode(digest)
        await stream.send_all(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept
        )
        self.next_account += 1
        await OneBot(self, self.next_account, stream).live(rest)

    async def irc(self, stream: trio.SocketStream) -> None:
        data, nick = b"", "x"
        while more := await stream.receive_some(4096):
            *lines, data = (data + more).split(b"\r\n")
            for line in lines:
                command, _, rest = line.decode().partition(" ")
                if command == "NICK":
                    nick = rest.removeprefix(":")
                elif command == "USER":
                    await stream.send_all(IRC_WELCOME.format(nick).encode())
                elif command == "PING":
                    await stream.send_all(f":s PONG s {rest}\r\n".encode())

    async def telegram(self, stream: trio.SocketStream) -> None:
        rest = b""
        while True:
            head, rest = await head_of(stream, rest)
            length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0]
            while len(rest) < int(length or 0):
                rest += await stream.receive_some(4096)
            rest = rest[int(length or 0) :]
            path, _, query = head.split(b" ")[1].decode().partition("?")
            account, _, method = path.removeprefix("/bot").partition("/")
            result: object = True
            if method == "getMe":
                number = int(account.partition(":")[0])
                result = {
                    "id": number,
                    "is_bot": True,
                    "first_name": "c",
                    "username": f"c{number}",
                }
            elif method == "getUpdates":
                held = float(query.partition("timeout=")[2].partition("&")[0] or 0)
                await trio.sleep(held)
                result = []
            body = json.dumps({"ok": True, "result": result}).encode()
            await stream.send_all(
                b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
            )


async def head_of(stream: trio.SocketStream, rest: bytes = b"") -> tuple[bytes, bytes]:
    while b"\r\n\r\n" not in rest:
        more = await stream.receive_some(4096)
        if not more:
            raise trio.BrokenResourceError
        rest += more
    head, _, rest = rest.partition(b"\r\n\r\n")
    return head, rest


def say(told: object) -> None:
    print(json.dumps(told), flush=True)


async def serve(
    handler: Callable[[trio.SocketStream], Awaitable[None]], stream: trio.SocketStream
) -> None:
    with suppress(trio.BrokenResourceError, ValueError):
        await handler(stream)


async def main() -> None:
    crowd, listening = Crowd(float(sys.argv[1])), {}
    async with trio.open_nursery() as nursery:
        for name in ("websocket", "irc", "telegram"):
            [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=512)
            listening[name] = listener.socket.getsockname()[1]
            handler = partial(serve, getattr(crowd, name))
            nursery.start_soon(trio.serve_listeners, handler, [listener])
        say(listening)
        port = 0
        while line := await trio.to_thread.run_sync(sys.stdin.readline):
            match line.split():
                case ["dial", where, count]:
                    port = int(where)
                    accounts = list(range(100_001, 100_001 + int(count)))
                    say({"seconds": await crowd.dial(nursery, port, accounts)})
                case ["cut"]:
                    crowd.cut()
                    say(
                        {
                            "seconds": await crowd.dial(
                                nursery, port, list(crowd.dialled)
                            )
                        }
                    )
                case _:
                    say(crowd.seen.tell())
        nursery.cancel_scope.cancel()


if __name__ == "__main__":
    trio.run(main)
