"""The load: an OneBot implementation boiled down to its frames, in a process of its own.

    python -m benchmarks.load PORT CONNECTIONS OUTSTANDING SECONDS

Plain sockets and hand-made frames, so that it costs a fraction of what it measures. It
sends events, answers each action it gets, and prints one JSON line: how many events were
answered, how long that took, and how busy it was itself.
"""

from __future__ import annotations

import base64
import json
import os
import selectors
import socket
import sys
import time

import msgspec

MASK = bytes(4)  # masked with zeros: legal, and costs nothing to apply


def frame(payload: bytes) -> bytes:
    """One masked text frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, 0x80 | size)) + MASK + payload
    return bytes((0x81, 0x80 | 126)) + size.to_bytes(2, "big") + MASK + payload


def event(account: int, chat: int, message: int) -> bytes:
    """A group message as NapCat sends it, about 500 bytes."""
    return (
        f'{{"self_id":{account},"user_id":2854196310,"time":1763596800,"message_id":{message},'
        f'"message_seq":{message},"real_id":{message},"message_type":"group","sender":{{"user_id":2854196310,'
        '"nickname":"\\u6d4b\\u8bd5\\u7528\\u6237","card":"","role":"member"},"raw_message":"/ping","font":14,"sub_type":"normal",'
        '"message":[{"type":"text","data":{"text":"/ping"}}],"message_format":"array","post_type":"message",'
        f'"group_id":{chat},"group_name":"load test group"}}'
    ).encode()


class Peer:
    """One connection: some chats, one message of each under way."""

    def __init__(self, port: int, account: int, chats: int) -> None:
        self.account = account
        self.chats = chats
        self.sent_at = [0.0] * chats
        # Another run must not repeat ids: what was heard once is not answered again.
        self.message = time.time_ns() & 0x3FFF_FFFF_FFFF
        self.rest = b""
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /onebot/v11/ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"X-Self-ID: {account}\r\nX-Client-Role: Universal\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            got = self.socket.recv(4096)
            if not got:
                raise SystemExit(f"the server closed the handshake: {head!r}")
            head += got
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise SystemExit(f"the server refused: {head!r}")
        self.rest = head.split(b"\r\n\r\n", 1)[1]

    def next_event(self, slot: int) -> bytes:
        self.message += 1
        self.sent_at[slot] = time.perf_counter()
        return frame(event(self.account, 100_000 + slot, self.message))

    def begin(self) -> None:
        self.socket.sendall(b"".join(map(self.next_event, range(self.chats))))

    def payloads(self) -> list[bytes]:
        """Read what there is; every whole text frame in it."""
        data = self.rest + self.socket.recv(262_144)
        found, at = [], 0
        while len(data) - at >= 2:
            opcode, size, start = data[at] & 15, data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif size == 127:
                size, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if len(data) < start + size:
                break
            if opcode == 1:
                found.append(data[start : start + size])
            at = start + size
        self.rest = data[at:]
        return found


def drive(peers: list[Peer], seconds: float) -> dict[str, float]:
    """Keep every chat that has begun busy for *seconds*; return what was seen."""
    selector = selectors.DefaultSelector()
    for peer in peers:
        selector.register(peer.socket, selectors.EVENT_READ, peer)
    decode = msgspec.json.decode
    taken: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    while (now := time.perf_counter()) - began < seconds:
        for key, _ in selector.select(0.5):
            peer = key.data
            out = []
            for payload in peer.payloads():
                action = decode(payload)
                if not action["action"].startswith("send"):
                    data = {
                        "user_id": peer.account,
                        "nickname": "load",
                        "online": True,
                        "good": True,
                    }
                    out.append(
                        frame(
                            json.dumps(
                                {
                                    "status": "ok",
                                    "retcode": 0,
                                    "data": data,
                                    "echo": action["echo"],
                                }
                            ).encode()
                        )
                    )
                    continue
                slot = int(action["params"]["group_id"]) - 100_000
                echo = json.dumps(action["echo"])
                # A host may still have something to say from a run with more chats.
                ours = 0 <= slot < peer.chats
                if ours:
                    taken.append(time.perf_counter() - peer.sent_at[slot])
                out.append(
                    frame(
                        f'{{"status":"ok","retcode":0,"data":{{"message_id":{peer.message}}},"echo":{echo}}}'.encode()
                    )
                )
                if ours:
                    out.append(peer.next_event(slot))
            if out:
                peer.socket.sendall(b"".join(out))
    cpu = time.process_time() - cpu
    taken.sort()
    return {
        "events": len(taken),
        "seconds": now - began,
        "p50": taken[len(taken) // 2] if taken else 0.0,
        "p99": taken[len(taken) * 99 // 100] if taken else 0.0,
        "busy": cpu / (now - began),
    }


def main() -> None:
    port, connections, outstanding = map(int, sys.argv[1:4])
    seconds = float(sys.argv[4])
    chats = max(1, outstanding // connections)
    # Accounts of our own: what was left unsaid to an earlier load is kept for its account.
    first = 10_000 + os.getpid() * 1_000
    peers = [Peer(port, first + index, chats) for index in range(connections)]
    for peer in peers:
        peer.begin()
    print(json.dumps(drive(peers, seconds)))


if __name__ == "__main__":
    main()
