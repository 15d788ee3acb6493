"""A platform of one's own in a running host: its file, its keys, its mistakes."""

from __future__ import annotations

import trio

from actors.messages import Chat, ChatAddress, ChatKind, Outbound, Text
from rookery.host.estate import Report
from rookery.host.manager import Manager, Reload
from tests.rookery.host.conftest import Living, LivingHost

MINE = '''
from __future__ import annotations
import trio
from attrs import field, frozen
from rookery import LIVE, Link, Outbound, Platform, Sent

@frozen
class Config:
    place: str = "here"
    greeting: str = field(default="hello", metadata=LIVE)

class Mine(Platform[Config]):
    """One's own."""
    name = "mine"

    async def session(self, link: Link) -> None:
        link.up(account="me")
        await trio.sleep_forever()

    async def send(self, link: Link, out: Outbound) -> Sent:
        return Sent(f"{self.config.greeting} from {self.config.place}")
'''
ENTRY = '[platforms.tiny]\nuse = "mine.py:Mine"\n'
SESSION = "/platforms/tiny/session"


async def sent(host: LivingHost) -> str:
    await host.until(lambda: host.parts.lines.of(("tiny", "me")) is not None)
    line = host.parts.lines.of(("tiny", "me"))
    assert line is not None
    to = ChatAddress("tiny", "me", Chat(ChatKind.GROUP, "den"))
    return (await line.send(Outbound(key="k", to=to, body=(Text("x"),)))).id


async def reloaded(host: LivingHost, text: str) -> Report:
    (host.folder / "rookery.toml").write_text(text)
    with trio.fail_after(30):
        return await host.system.find("/manager", Manager).ask(Reload(), within=20)


async def test_it_is_found_beside_the_configuration(living: Living) -> None:
    async with living("") as host:
        (host.folder / "mine.py").write_text(MINE)
        report = await reloaded(host, ENTRY)
        assert report.platforms["added"] == ["tiny"]
        assert await sent(host) == "hello from here"


async def test_a_live_key_disturbs_no_connection_and_any_other_does(
    living: Living,
) -> None:
    async with living("") as host:
        (host.folder / "mine.py").write_text(MINE)
        await reloaded(host, ENTRY)
        before = host.parts.lines.of(("tiny", "me"))
        assert await sent(host) == "hello from here"
        before = host.parts.lines.of(("tiny", "me"))

        report = await reloaded(host, f'{ENTRY}greeting = "hi"\n')
        assert report.platforms["adjusted"] == ["tiny"]
        assert report.platforms["changed"] == []
        assert host.parts.lines.of(("tiny", "me")) is before
        assert await sent(host) == "hi from here"

        report = await reloaded(host, f'{ENTRY}greeting = "hi"\nplace = "there"\n')
        assert report.platforms["adjusted"] == []
        assert report.platforms["changed"] == ["tiny"]
        assert await sent(host) == "hi from there"
        assert host.parts.lines.of(("tiny", "me")) is not before


async def test_what_was_adjusted_stays_so_when_its_supervisor_is_gone(
    living: Living,
) -> None:
    async with living("") as host:
        (host.folder / "mine.py").write_text(MINE)
        await reloaded(host, ENTRY)
        await sent(host)
        await reloaded(host, f'{ENTRY}greeting = "hi"\n')
        await host.kill("/platforms")
        await host.until(lambda: host.parts.lines.of(("tiny", "me")) is None)
        assert await sent(host) == "hi from here"


async def test_a_file_that_has_changed_is_another_platform(living: Living) -> None:
    async with living("") as host:
        (host.folder / "mine.py").write_text(MINE)
        await reloaded(host, ENTRY)
        assert await sent(host) == "hello from here"
        assert (await reloaded(host, ENTRY)).platforms["changed"] == []

        (host.folder / "mine.py").write_text(MINE.replace(" from ", " out of "))
        report = await reloaded(host, ENTRY)
        assert report.platforms["changed"] == ["tiny"]
        assert await sent(host) == "hello out of here"


async def test_a_file_that_fails_refuses_the_reload_and_what_runs_goes_on(
    living: Living,
) -> None:
    async with living("") as host:
        (host.folder / "mine.py").write_text(MINE)
        await reloaded(host, ENTRY)
        assert await sent(host) == "hello from here"
        (host.folder / "mine.py").write_text("1 / 0")
        report = await reloaded(host, ENTRY)
        assert report.refused
        [fault] = report.faults
        assert fault.startswith(
            "platforms.tiny.use: expected a platform that can be loaded, got: "
            "importing mine.py failed: ZeroDivisionError"
        )
        assert await sent(host) == "hello from here"


async def test_one_that_cannot_be_made_is_a_fault_of_its_own(living: Living) -> None:
    """B15: what a stranger's code raises costs its own platform and nothing else."""
    raising = MINE.replace(
        '    name = "mine"',
        '    name = "mine"\n    def __init__(self, config: Config) -> None: raise OSError("no")',
    )
    async with living("") as host:
        (host.folder / "mine.py").write_text(raising)
        report = await reloaded(host, ENTRY)
        assert report.faults == (
            "platforms.tiny: the platform tiny could not be started: OSError: no",
        )
        assert host.lives("/manager") == 1
        (host.folder / "mine.py").write_text(MINE)
        await reloaded(host, ENTRY)
        assert await sent(host) == "hello from here"
