"""A real `rookery run` on a real Synapse, and a person who talks to it in raw HTTP."""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pytest
import trio
from attrs import define

from tests.e2e.conftest import HostProcess
from tests.fakes.proxy import Faults, Proxy, proxy_to
from tests.peers.processes import HERE
from tests.peers.synapse import PATIENCE_SECONDS, Person, Synapse

pytestmark = pytest.mark.peer

CONFIG = """\
[bots.diary]
use = "matrix_diary.py:bot"
[platforms.mx]
type = "matrix"
homeserver = "{url}"
access_token = "{token}"
"""


@define
class Host:
    """A host with one account, in a folder of its own."""

    folder: Path
    bot: Person
    process: HostProcess

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.process.end()

    def again(self) -> None:
        """Begin the next one, in the same folder."""
        self.process.end()
        self.process = HostProcess(self.folder)

    def address(self, chat: str) -> str:
        kind, _, room = chat.partition(":")
        return f"mx/{quote(self.bot.id, safe='@')}/{kind}:{quote(room, safe='')}"

    def written(self, **wanted: object) -> list[dict[str, Any]]:
        """What the bot has written down so far."""
        diary = self.folder / "diary.jsonl"
        lines = diary.read_text().splitlines() if diary.exists() else []
        found = [json.loads(line) for line in lines]
        return [line for line in found if wanted.items() <= line.items()]

    async def writes(self, count: int, **wanted: object) -> list[dict[str, Any]]:
        """Wait until it has written so many lines that hold *wanted*."""
        with trio.move_on_after(PATIENCE_SECONDS):
            while len(self.written(**wanted)) < count:  # noqa: ASYNC110 - a file rings no bell
                await trio.sleep(0.05)
        found = self.written(**wanted)
        assert len(found) >= count, (self.written(), self.process.text())
        return found


def host_of(
    synapse: Synapse, folder: Path, url: str = "", *, text: bool = False
) -> tuple[Person, Host]:
    """Start a host with an account of its own on *synapse*."""
    bot = synapse.person("bot", device="ROOKERY")
    config = CONFIG.format(url=url or synapse.url, token=bot.token)
    (folder / "rookery.toml").write_text(config)
    shutil.copy(HERE / "matrix_diary.py", folder)
    return bot, Host(folder, bot, HostProcess(folder))


@asynccontextmanager
async def talking(
    synapse: Synapse, folder: Path, url: str = "", **room: object
) -> AsyncIterator[tuple[Host, Person, str]]:
    """A host, somebody who has invited it, and the room in which both are."""
    bot, host = host_of(synapse, folder, url)
    with host:
        ann = synapse.person("ann")
        where = await ann.creates(bot, **room)
        await host.writes(1, event="chat.joined")
        yield host, ann, where


# --- every kind, both ways ------------------------------------------------------------


async def test_every_kind_of_event_is_heard(synapse: Synapse, tmp_path: Path) -> None:
    async with talking(synapse, tmp_path) as (host, ann, room):
        carol = synapse.person("carol")
        first = await ann.says(room, "hello")
        answer = {"m.relates_to": {"m.in_reply_to": {"event_id": first}}}
        await ann.says(room, {"msgtype": "m.text", "body": "indeed", **answer})
        await ann.says(room, {"msgtype": "m.notice", "body": "beep"})
        await ann.says(room, {"msgtype": "m.emote", "body": "waves"})
        await ann.says(
            room,
            {
                "msgtype": "m.text",
                "body": "Rook: hi",
                "format": "org.matrix.custom.html",
                "formatted_body": f'<a href="https://matrix.to/#/{host.bot.id}">Rook</a>: hi',
                "m.mentions": {"user_ids": [host.bot.id]},
            },
        )
        edit = {"rel_type": "m.replace", "event_id": first}
        new = {"msgtype": "m.text", "body": "hello!"}
        await ann.says(room, {**new, "m.new_content": new, "m.relates_to": edit})
        react = {"rel_type": "m.annotation", "event_id": first, "key": "👍"}
        await ann.says(room, {"m.relates_to": react}, "m.reaction")
        thread = {"rel_type": "m.thread", "event_id": first}
        await ann.says(
            room, {"msgtype": "m.text", "body": "aside", "m.relates_to": thread}
        )
        for kind in ("image", "audio", "video", "file", "location"):
            url = {"url": "mxc://localhost/x", "geo_uri": "geo:0,0"}
            await ann.says(room, {"msgtype": f"m.{kind}", "body": kind, **url})
        await ann.says(room, {"ciphertext": "x", "algorithm": "x"}, "m.room.encrypted")
        await ann.says(room, {"x": 1}, "org.example.custom")
        name = f"rooms/{quote(room)}/state/m.room.name"
        await ann.asks("PUT", name, {"name": "den"})
        await ann.asks("POST", f"rooms/{quote(room)}/invite", {"user_id": carol.id})
        await carol.asks("POST", f"join/{quote(room)}")
        kicked = {"user_id": carol.id, "reason": "noise"}
        await ann.asks("POST", f"rooms/{quote(room)}/kick", kicked)
        redact = f"rooms/{quote(room)}/redact/{quote(first)}/r1"
        await ann.asks("PUT", redact, {"reason": "spam"})
        await ann.asks("POST", f"rooms/{quote(room)}/kick", {"user_id": host.bot.id})
        await host.writes(1, event="chat.left")

        lines = [line for line in host.written() if line["sender"] != host.bot.id]
        told = [(line["event"], line["kind"], line["body"]) for line in lines]
        assert told == [
            ("chat.invited", "group", []),
            ("message", "group", ["Text"]),
            ("message", "group", ["Reply", "Text"]),
            ("message", "group", ["Text"]),
            ("message", "group", ["Text"]),
            ("message", "group", ["Mention", "Text"]),
            ("message.edited", "group", ["Text"]),
            ("message.reacted", "group", []),
            ("message", "thread", ["Text"]),
            ("message", "group", ["Image"]),
            ("message", "group", ["Audio"]),
            ("message", "group", ["Video"]),
            ("message", "group", ["File"]),
            ("message", "group", ["Raw"]),
            ("matrix.encrypted", "group", []),
            ("matrix.org.example.custom", "group", []),
            ("chat.renamed", "group", []),
            ("member.joined", "group", []),
            ("member.left", "group", []),
            ("message.deleted", "group", []),
        ]
        # Who has created a room of version 12 owns it, whatever its list says.
        assert {line["role"] for line in lines if line["event"] == "message"} == {
            "OWNER"
        }
        assert host.written(event="message.deleted")[0]["facts"]["message"] == first
        assert host.process.logged("room.encrypted")[0]["room"] == room


async def test_every_kind_of_message_is_said(synapse: Synapse, tmp_path: Path) -> None:
    async with talking(synapse, tmp_path, is_direct=True) as (host, ann, room):
        asked = await ann.says(room, "show")
        events = await ann.sees(
            room, lambda es: any(e["content"].get("body") == "done: sent" for e in es)
        )
        said = [e["content"] for e in events if e["sender"] == host.bot.id]
        said = [content for content in said if "msgtype" in content]
        plain, bold, mention, look, image, file, *parts, done = said
        assert plain["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
        assert "formatted_body" not in plain
        assert bold["formatted_body"].startswith("<strong>bold</strong>")
        assert mention["m.mentions"] == {"user_ids": [ann.id]}
        assert (look["body"], image["body"], file["body"]) == ("look", "a dot", "a.pdf")
        assert image["info"]["mimetype"] == "image/png"
        assert "".join(part["body"] for part in parts) == "x" * 30_000
        assert len(parts) == 2
        assert {content["msgtype"] for content in (plain, bold, done)} == {"m.notice"}

        media = image["url"].removeprefix("mxc://")
        status = await trio.to_thread.run_sync(_status, synapse, ann, media)
        assert status == (200, "image/png")

        await ann.says(room, {**image, "body": "fetch", "filename": "a.png"})
        await ann.sees(
            room, lambda es: any("68 bytes" in str(e["content"]) for e in es)
        )
        assert {line["kind"] for line in host.written()} == {"private"}


def _status(synapse: Synapse, person: Person, media: str) -> tuple[int, str]:
    import urllib.request

    url = f"{synapse.url}/_matrix/client/v1/media/download/{media}"
    request = urllib.request.Request(url)
    request.add_header("Authorization", f"Bearer {person.token}")
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        return answer.status, answer.headers["Content-Type"]


async def test_what_was_said_is_changed(synapse: Synapse, tmp_path: Path) -> None:
    async with talking(synapse, tmp_path) as (host, ann, room):
        asked = await ann.says(room, "change")
        events = await ann.sees(
            room, lambda es: any(e["content"].get("body") == "done: sent" for e in es)
        )
        ours = [
            e for e in events if e["sender"] == host.bot.id and "state_key" not in e
        ]
        kinds = [e["type"] for e in ours]
        assert kinds == [
            "m.room.message",
            "m.room.message",
            "m.reaction",
            "m.room.redaction",
            "m.room.redaction",
            "m.room.message",
        ]
        first, edit, reaction, *_ = ours
        assert first["content"] == {}  # it was taken back
        assert edit["content"]["m.relates_to"]["event_id"] == first["event_id"]
        assert reaction["content"] == {}
        path = f"/_matrix/client/v1/rooms/{quote(room)}/relations/{quote(asked)}"
        assert (await ann.asks("GET", path))["chunk"] == []


# --- what is missed, and what is said twice -------------------------------------------


async def test_nothing_is_lost_and_nothing_doubled_when_the_host_is_killed(
    synapse: Synapse, tmp_path: Path
) -> None:
    """Law 8, and a gap of 30 messages in one room while nobody listened."""
    async with talking(synapse, tmp_path) as (host, ann, room):
        await ann.says(room, "get 0")
        await ann.hears(room, host.bot.id, "got 0")
        for number in range(1, 6):
            await ann.says(room, f"get {number}")
        host.process.process.kill()  # in the middle of them
        await host.process.gone()
        for number in range(6, 36):
            await ann.says(room, f"get {number}")
        host.again()
        await ann.hears(room, host.bot.id, *(f"got {n}" for n in range(36)))
        assert host.process.logged("gap.filled")
        await trio.sleep(0.5)
        await ann.hears(room, host.bot.id, *(f"got {n}" for n in range(36)))
        assert await host.process.leave() == 0


@asynccontextmanager
async def bad_line(
    synapse: Synapse, folder: Path
) -> AsyncIterator[tuple[Proxy, Host, Person, str]]:
    async with proxy_to(synapse.port) as proxy:
        url = f"http://127.0.0.1:{proxy.port}"
        async with talking(synapse, folder, url) as (host, ann, room):
            yield proxy, host, ann, room


async def test_a_bad_line_costs_time_and_nothing_else(
    synapse: Synapse, tmp_path: Path
) -> None:
    """Delay, torn writes, a stall, a reset, and a cut in the middle of requests."""
    async with bad_line(synapse, tmp_path) as (proxy, host, ann, room):
        said = 0

        async def speak(times: int) -> None:
            nonlocal said
            for _ in range(times):
                await ann.says(room, f"get {said}")
                said += 1

        async def heard() -> None:
            await ann.hears(room, host.bot.id, *(f"got {n}" for n in range(said)))

        await speak(2)
        await heard()
        proxy.now(Faults(delay=0.02, piece=200))
        await speak(3)
        await heard()
        proxy.now(Faults(stalled=True))
        await speak(3)
        await trio.sleep(0.5)
        proxy.now(Faults())
        await heard()
        await speak(2)
        proxy.reset()
        await heard()
        # Each connection dies after so much: some in a request, some in an answer.
        for budget in (700, 1_500, 2_600):
            proxy.now(Faults(cut_after=budget))
            proxy.reset()
            await speak(3)
            await trio.sleep(1.5)
        proxy.now(Faults())
        proxy.reset()
        await heard()
        assert proxy.resets > 4
        left = await host.process.rookery("outbox", "list")
        assert left.returncode == 0, left.stderr
        assert "group:" not in left.stdout, left.stdout


async def test_the_same_transaction_is_heard_once(
    synapse: Synapse, tmp_path: Path
) -> None:
    """E05: also with a new token, as long as it is one of the same device."""
    bot = synapse.person("bot", device="ROOKERY")
    ann = synapse.person("ann")
    room = await ann.creates(bot)
    await bot.asks("POST", f"join/{quote(room)}")
    target = f"rooms/{quote(room)}/send/m.room.message/the-key"
    content = {"msgtype": "m.text", "body": "once"}
    first = await bot.asks("PUT", target, content)
    assert await bot.asks("PUT", target, content) == first
    login = {
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": bot.id},
        "password": "pw",
        "device_id": "ROOKERY",
    }
    again = await bot.asks("POST", "login", login)
    assert (
        await Person(synapse.url, bot.id, again["access_token"]).asks(
            "PUT", target, content
        )
        == first
    )
    other = await bot.asks("POST", "login", {**login, "device_id": "OTHER"})
    assert (
        await Person(synapse.url, bot.id, other["access_token"]).asks(
            "PUT", target, content
        )
        != first
    )


# --- what a server refuses ------------------------------------------------------------


async def test_a_limit_is_kept_and_everything_is_said(
    synapse: Synapse, tmp_path: Path
) -> None:
    """A20: the delay of the body, in milliseconds."""
    async with talking(synapse, tmp_path) as (host, ann, room):
        admin = synapse.person("admin", admin=True)
        path = f"/_synapse/admin/v1/users/{quote(host.bot.id)}/override_ratelimit"
        await admin.asks("POST", path, {"messages_per_second": 2, "burst_count": 2})
        for number in range(6):
            await ann.says(room, f"get {number}")
        await ann.hears(room, host.bot.id, *(f"got {n}" for n in range(6)))
        postponed = host.process.logged("delivery.postponed")
        assert postponed
        assert all(one["whole_account"] for one in postponed)
        assert all(0 < float(str(one["after_seconds"])) < 2 for one in postponed)


async def test_a_token_that_is_revoked_needs_a_person(
    synapse: Synapse, tmp_path: Path
) -> None:
    async with talking(synapse, tmp_path) as (host, _, _room):
        await host.bot.asks("POST", "logout")
        ended = await host.process.until("session.ended")
        assert ended["kind"] == "NeedsOperator"
        told = await host.process.rookery("platforms")
        assert "needs_operator (the access token is refused" in told.stdout
