"""The console under its supervisor, with a terminal of paper and with real pipes."""

import os
import pty
from pathlib import Path

import pytest
import trio
from attrs import define, field
from trio.testing import wait_all_tasks_blocked

from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, Image, Outbound, Role, Text
from actors.sender import Rejected
from platforms.base import last_line, platform_tree
from platforms.console import Console, ConsoleConfig
from platforms.console.terminal import StandardTerminal
from rookery.logs.sink import Sink
from tests.platforms.base.hosts import FakeHost

WHERE = ChatAddress("terminal", "local", Chat(ChatKind.PRIVATE, "console"))


@define
class Paper:
    """A terminal that was typed on beforehand."""

    typed: list[str]
    said: list[str] = field(factory=list)
    closed: bool = False
    broken: bool = False

    async def line(self) -> str | None:
        await trio.lowlevel.checkpoint()
        return self.typed.pop(0) if self.typed else None

    async def say(self, text: str) -> None:
        if self.broken:
            raise BrokenPipeError(32, "Broken pipe")
        self.said.append(text)

    def close(self) -> None:
        self.closed = True


def system_of(paper: Paper, host: FakeHost) -> System:
    console = Console(ConsoleConfig(), paper)
    return System(platform_tree("terminal", console, host.host()).actor)


def reply(*body: Text | Image) -> Outbound:
    return Outbound(key="k", to=WHERE, body=body)


async def test_what_is_typed_is_a_message_of_the_operator() -> None:
    host, paper = FakeHost(), Paper(["/ping", "/ping"])
    async with system_of(paper, host):
        one, two = await host.accepts(2)
    assert one.text == two.text == "/ping"
    assert one.id != two.id, "the same words twice are two messages"
    assert str(ChatAddress("terminal", "local", one.chat or WHERE.chat)) == str(WHERE)
    assert one.sender is not None
    assert (one.sender.id, one.sender.role) == ("operator", Role.OWNER)


async def test_the_end_of_input_finishes_it_and_replies_are_still_printed() -> None:
    host, paper = FakeHost(), Paper(["/ping"])
    async with system_of(paper, host):
        await host.state("local", "finished (end of input)", "terminal")
        line = await host.line("local", "terminal")
        await line.send(reply(Text("pong")))
        assert paper.said == ["pong"]
        await wait_all_tasks_blocked()
        assert str(host.states["terminal", "local"]).startswith("finished")
    assert paper.closed
    assert host.lines == {}


async def test_replies_are_text_and_drive_no_terminal() -> None:
    host, paper = FakeHost(), Paper([])
    async with system_of(paper, host):
        line = await host.line("local", "terminal")
        sent = await line.send(
            reply(Text("\x1b[2Jlook: "), Image(b"png", alt="a rook"))
        )
        assert paper.said == ["\N{REPLACEMENT CHARACTER}[2Jlook: [image a rook]"]
        assert sent.degraded == "image as text"


async def test_a_closed_standard_output_is_told() -> None:
    host, paper = FakeHost(), Paper([], broken=True)
    async with system_of(paper, host):
        line = await host.line("local", "terminal")
        with pytest.raises(Rejected, match="Broken pipe"):
            await line.send(reply(Text("pong")))


# --- the real thing -------------------------------------------------------------------


async def everything(terminal: StandardTerminal) -> list[str]:
    lines = []
    try:
        while (line := await terminal.line()) is not None:
            lines.append(line)
    finally:
        terminal.close()
    return lines


async def test_a_pipe_is_read_to_its_end_and_left_as_it_was() -> None:
    stdin, feed = os.pipe()
    ours, stdout = os.pipe()
    try:
        terminal = StandardTerminal(stdin, stdout)
        os.write(feed, b"/ping\n/echo a")
        async with trio.open_nursery() as nursery:
            got: list[str] = []

            async def read() -> None:
                got.extend(await everything(terminal))

            nursery.start_soon(read)
            await wait_all_tasks_blocked()
            os.write(feed, b"bc\n\n/last")
            os.close(feed)
        assert got == ["/ping", "/echo abc", "/last"]
        assert os.get_blocking(stdin)
        await terminal.say("pong")
        await terminal.say("two\nlines")
        assert os.read(ours, 100) == b"pong\ntwo\nlines\n"
    finally:
        for fd in (stdin, ours, stdout):
            os.close(fd)


async def test_waiting_for_a_pipe_can_be_cancelled() -> None:
    stdin, feed = os.pipe()
    try:
        with trio.move_on_after(0.01) as scope:
            await everything(StandardTerminal(stdin))
        assert scope.cancelled_caught
    finally:
        os.close(stdin)
        os.close(feed)


async def test_a_file_can_be_standard_input(tmp_path: Path) -> None:
    """epoll refuses files."""
    script = tmp_path / "script"
    script.write_text("/ping\n/help\n", encoding="utf-8")
    with script.open("rb") as file:
        assert await everything(StandardTerminal(file.fileno())) == ["/ping", "/help"]


async def test_no_standard_input_at_all_is_the_end() -> None:
    null = os.open(os.devnull, os.O_RDONLY)
    try:
        assert await everything(StandardTerminal(null)) == []
    finally:
        os.close(null)
    assert await everything(StandardTerminal(9_999)) == [], "it was never opened"


async def test_a_dumb_terminal_gets_no_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    ours, theirs = pty.openpty()
    try:
        terminal = StandardTerminal(theirs, theirs)
        await terminal.say("hello")
        os.write(ours, b"/ping\n")
        assert await terminal.line() == "/ping"
        await terminal.say("pong")
        assert await shown(ours, "pong\r\n") == "hello\r\n/ping\r\npong\r\n"
        terminal.close()
    finally:
        os.close(ours)
        os.close(theirs)


async def test_on_a_terminal_a_reply_stands_above_the_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    try:
        terminal = StandardTerminal(theirs, theirs)
        async with trio.open_nursery() as nursery:
            got: list[str | None] = []

            async def read() -> None:
                got.append(await terminal.line())

            nursery.start_soon(read)
            assert await shown(ours, "> ") == "\r\x1b[K> "
            await terminal.say("pong")
            assert (await shown(ours, "> ")) == "\r\x1b[Kpong\r\n> "
            Sink(theirs, last_line.above).write(b"a line of the log\n")
            assert (await shown(ours, "> ")) == "\r\x1b[Ka line of the log\r\n> "
            os.write(ours, b"/ping\n")
        assert got == ["/ping"]
        assert last_line.above(b"now nothing is in the way\n").startswith(b"now")
        assert os.get_blocking(theirs), "the shell shares it"
        terminal.close()
    finally:
        os.close(ours)
        os.close(theirs)


async def shown(fd: int, until: str) -> str:
    text = ""
    with trio.fail_after(60):
        while not text.endswith(until):
            await trio.lowlevel.wait_readable(fd)
            text += os.read(fd, 1000).decode()
    return text
