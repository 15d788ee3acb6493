"""Our fake homeserver, judged by matrix-nio, and our host by it on a real one.

Every other test believes the fake; this one asks a real client library whether it may.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import trio

from tests.fakes.matrix import FakeHomeserver
from tests.peers.processes import Program, running
from tests.peers.synapse import PYTHON, Synapse, require_synapse
from tests.peers.test_matrix_synapse import host_of

pytestmark = pytest.mark.peer


async def test_a_real_client_lives_on_the_fake() -> None:
    require_synapse()
    server = FakeHomeserver()
    bot = server.user("bot")
    room = server.create(bot, server.user("ann"))
    server.media["m7"] = ("image/png", b"png bytes")
    async with server.serving() as url, nio(url, "ann") as ann:
        await ann.prints("LOGGED-IN @ann:here.test")
        await ann.prints(f"JOINED {room.id}")
        await ann.prints("READY")
        server.say(room.id, bot, "hello")
        await ann.prints(f"HEARD {bot} hello")
        server.say(room.id, bot, "ping")
        await ann.prints_like("SENT")
        assert room.events[-1][1]["content"]["body"] == "pong"

        picture = {"msgtype": "m.image", "body": "a rook", "url": "mxc://here.test/m7"}
        server.say(room.id, bot, picture)
        await ann.prints("SHOWN a rook 9")
        server.say(room.id, bot, "file")
        await until(lambda: room.events[-1][1]["content"].get("msgtype") == "m.file")
        assert ("text/plain", b"12345") in server.media.values()

        second = server.create(bot)
        server.invite(second.id, bot, server.user("ann"))
        await ann.prints(f"JOINED {second.id}")
        server.say(room.id, bot, "bye")
        await ann.prints("LEFT")
        assert room.membership(server.user("ann")) == "leave"


async def test_a_real_client_talks_to_the_host_on_a_real_server(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, host = host_of(synapse, tmp_path)
    with host:
        ann = synapse.person("ann")
        await host.process.until("host.started")
        async with nio(synapse.url, ann.id) as program:
            await program.prints("READY")
            room = await bot.creates(ann)
            await program.prints(f"JOINED {room}")
            sent = await host.process.rookery(
                "send", host.address(f"group:{room}"), "ping"
            )
            assert sent.stdout.startswith("sent"), sent.stderr
            await program.prints(f"HEARD {bot.id} ping")
            lines = await host.writes(1, text="pong")
            assert lines[-1]["sender"] == ann.id


def nio(url: str, user: str) -> AbstractAsyncContextManager[Program]:
    return running("matrix_nio.py", url, user, "pw", environment={}, with_=str(PYTHON))


async def until(holds: Callable[[], object]) -> None:
    with trio.fail_after(30):
        while not holds():  # noqa: ASYNC110 - what another process does rings no bell
            await trio.sleep(0.02)
