"""A scripted OneBot v11 implementation: two groups, in each of which somebody talks.

It dials the host over a real socket, says again under the same id what it does not know
to have arrived, and remembers what it said and heard.
Source: github.com/botuniverse/onebot-11, event/message.md and communication/ws-reverse.md.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator

import trio

from platforms.transport import TransportError, WebSocket, dial
from rookery.demonstration.account import Said
from rookery.demonstration.settings import ACCOUNT, GROUPS, group_chat

SAYS_EVERY_SECONDS = 0.5
REDIAL_SECONDS = 0.3
_WORDS = ("the wind is up", "there is corn", "who is awake?", "I see a cat")


class ScriptedPeer:
    """One account; `lives` until it is cancelled."""

    def __init__(self, port: int, tell: Callable[[Said], None]) -> None:
        self._url = f"ws://127.0.0.1:{port}/onebot/v11/ws"
        self._tell = tell
        self._script = _script()
        self._unheard: list[tuple[int, int, str]] = []
        """Number, group and text of what may have to be said again, oldest first."""
        self._line = trio.CancelScope()
        self.heard: dict[str, list[str]] = {group_chat(group): [] for group in GROUPS}
        self.talks = True
        self.connected = False
        self.said_again = 0

    def cut(self) -> None:
        """Cut the line, whatever is on it."""
        self._line.cancel()

    async def lives(self) -> None:
        headers = [("X-Self-ID", f"{ACCOUNT}"), ("X-Client-Role", "Universal")]
        while True:
            try:
                with trio.CancelScope() as self._line:
                    async with dial(self._url, headers=headers) as ws:
                        await self._converse(ws)
            except* TransportError:
                pass
            self.connected = False
            await trio.sleep(REDIAL_SECONDS)

    async def _converse(self, ws: WebSocket) -> None:
        await ws.send(json.dumps(_event("meta_event") | _HELLO))
        self.connected = True
        for number, group, text in list(self._unheard):
            await ws.send(_message(number, group, text))
            self.said_again += 1
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._speak, ws)
            async for frame in ws:
                await self._answer(ws, json.loads(frame))

    async def _speak(self, ws: WebSocket) -> None:
        while True:
            await trio.sleep(SAYS_EVERY_SECONDS)
            if self.talks:
                number, group, text = said = next(self._script)
                self._unheard.append(said)
                who = GROUPS[group]
                self._tell(Said(group_chat(group), f"[qq] {who}: {text}"))
                await ws.send(_message(number, group, text))

    async def _answer(self, ws: WebSocket, action: dict[str, object]) -> None:
        match action:
            case {
                "action": "send_group_msg",
                "params": {"group_id": group, "message": list(parts)},
            }:
                text = "".join(str(part["data"].get("text", "")) for part in parts)
                self.heard[group_chat(int(group))].append(text)
                self._arrived(text)
                data, code = {"message_id": len(self.heard[group_chat(int(group))])}, 0
            case _:
                data, code = {}, 1404
        status = "failed" if code else "ok"
        answer = {"status": status, "retcode": code, "data": data}
        await ws.send(json.dumps(answer | {"echo": action.get("echo")}))

    def _arrived(self, text: str) -> None:
        """Forget what is heard in the other group, and what was said there before."""
        for at, (_, group, said) in enumerate(self._unheard):
            if text == f"[qq] {GROUPS[group]}: {said}":
                self._unheard[: at + 1] = [
                    one for one in self._unheard[:at] if one[1] != group
                ]
                return


def _script() -> Iterator[tuple[int, int, str]]:
    words = itertools.cycle(_WORDS)
    for number, group in zip(itertools.count(1), itertools.cycle(GROUPS), strict=False):
        yield number, group, f"{next(words)} ({number})"


_HELLO = {"meta_event_type": "lifecycle", "sub_type": "connect"}


def _event(kind: str) -> dict[str, object]:
    return {"time": int(time.time()), "self_id": ACCOUNT, "post_type": kind}


def _message(number: int, group: int, text: str) -> str:
    user = 1000 + group
    said = {
        "message_type": "group",
        "sub_type": "normal",
        "message_id": number,
        "group_id": group,
        "user_id": user,
        "message": [{"type": "text", "data": {"text": text}}],
        "raw_message": text,
        "font": 0,
        "sender": {"user_id": user, "nickname": GROUPS[group], "role": "member"},
    }
    return json.dumps(_event("message") | said)
