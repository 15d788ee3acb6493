"""IRC against InspIRCd (IRCv3: labels, ids, echoes) and ngIRCd (none of these).

The fake is what we believe of servers; these are some.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
import trio
from attrs import evolve, field, frozen
from structlog.testing import capture_logs

from actors.messages import Chat, ChatAddress, Inbound, Outbound, Reply, Text
from actors.sender import OutcomeUnknown, Rejected, Sent
from platforms.base import Link
from platforms.base.ends import end_of, is_a_mistake
from platforms.irc import Irc, IrcConfig
from platforms.transport import DialFailed
from tests.fakes.proxy import Faults, proxy_to
from tests.peers.ircds import (
    PATIENCE_SECONDS,
    Server,
    ii,
    inspircd,
    ngircd,
    person,
    require_ircds,
)
from tests.platforms.base.hosts import FakeHost

pytestmark = pytest.mark.peer
NUMBERS = count(1)
SERVERS = ["inspircd", "ngircd"]


@pytest.fixture(scope="module")
def inspircd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_ircds()
    with inspircd(tmp_path_factory.mktemp("inspircd")) as server:
        yield server


@pytest.fixture(scope="module")
def ngircd_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    require_ircds()
    # With them we live in `test_irc_host`; here they would only take their time.
    with ngircd(tmp_path_factory.mktemp("ngircd"), penalties=False) as server:
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    found = request.getfixturevalue(f"{request.param}_server")
    assert isinstance(found, Server)
    return found


@pytest.fixture(autouse=True)
def logs_are_kept_off_the_screen() -> Iterator[None]:
    with capture_logs():
        yield


@frozen
class Rook:
    """We, on a server."""

    host: FakeHost
    platform: Irc
    link: Link
    nick: str
    ended: list[str]
    """Why it is over."""
    _told: list[str] = field(factory=list)

    async def says(self, text: str, chat: str, *, reply: str = "") -> Sent:
        body: tuple[Text | Reply, ...] = (Text(text),)
        if reply:
            body = (Reply(reply), *body)
        self._told.append(text)
        key = f"k{len(self._told)}"
        to = ChatAddress("qq", self.nick, Chat.parse(chat))
        line = self.host.lines["qq", self.nick]
        return await line.send(Outbound(key=key, to=to, body=body))

    async def hears(self, event: str, times: int = 1) -> Inbound:
        """Wait until *event* has been accepted so many times."""
        with trio.fail_after(PATIENCE_SECONDS):
            while len(found := self.heard(event)) < times:
                await self.host.journal.changed.wait()
        return found[times - 1]

    def heard(self, event: str = "message") -> list[Inbound]:
        return [one for one in self.host.journal.accepted if one.event == event]


@asynccontextmanager
async def rook(
    server: Server, *channels: str, state: str = "up", config: IrcConfig | None = None
) -> AsyncIterator[Rook]:
    """Be on *server* until the block is left."""
    # A server may hold on to the nick of a test before this one for a while.
    nick = f"rook{next(NUMBERS)}"
    plain = IrcConfig("127.0.0.1", nick, channels, port=server.port, tls=False)
    config = config or plain
    platform, host = Irc(config), FakeHost()
    link = host.link(platform)
    ended: list[str] = []

    async def live() -> None:
        try:
            await platform.session(link)
        except Exception as error:
            ended.append(str(end_of(error)))
            host.disconnect(host.lines["qq", config.nick])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(live)
        with trio.move_on_after(PATIENCE_SECONDS) as patience:
            while not str(host.states.get(("qq", config.nick), "")).startswith(state):
                await host.changed.wait()
        assert not patience.cancelled_caught, (host.told, ended)
        yield Rook(host, platform, link, config.nick, ended)
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("server", SERVERS, indirect=True)
async def test_every_kind_of_message_both_ways(server: Server) -> None:
    modern = server.name == "InspIRCd"
    async with person(server, "Ann", "#all") as ann, rook(server, "#All") as us:
        assert (await us.hears("chat.joined")).chat == Chat.parse("group:#all")
        await ann.says(
            f"PRIVMSG #all :{us.nick}: /help 漢字",
            f"PRIVMSG {us.nick} :\x01ACTION nods\x01",
        )
        said = await us.hears("message")
        assert said.text == "/help 漢字"
        assert said.sender is not None
        assert said.sender.id.startswith("Ann!")
        assert said.sender.role.name == "ADMIN"
        assert (said.sent_at_utc is not None) is modern
        nod = await us.hears("message", 2)
        assert (nod.text, nod.facts["action"]) == ("nods", True)
        assert nod.chat == Chat.parse("private:ann")

        sent = await us.says("at your service", "group:#all", reply=said.id)
        assert bool(sent.id) is modern
        assert sent.degraded == ""
        await ann.hears("PRIVMSG #all :at your service")
        await us.says("psst", "private:ann")
        await ann.hears("PRIVMSG Ann :psst")

        await ann.says("TOPIC #all :All about rooks", f"MODE #all +v {us.nick}")
        assert (await us.hears("irc.topic")).facts == {"topic": "All about rooks"}
        await us.hears("irc.mode")
        await ann.says("NOTICE #all :take note")
        notice = await us.hears("message", 3)
        assert notice.sender is not None
        assert notice.sender.is_bot
        async with person(server, "bob", "#all") as bob:
            joined = await us.hears("member.joined")
            assert joined.sender is not None
            assert joined.sender.name == "bob"
            await bob.says("NICK robert")
            assert (await us.hears("irc.nick")).facts["now"] == "robert"
            await bob.says("QUIT :gone home")
            left = await us.hears("member.left")
            assert left.chat == Chat.parse("group:#all")
            assert left.facts["how"] == "quit"


@pytest.mark.parametrize("server", SERVERS, indirect=True)
async def test_what_the_server_refuses_is_rejected_in_its_words(server: Server) -> None:
    async with person(server, "ann", "#mute") as ann, rook(server, "#mute") as us:
        await ann.says("MODE #mute +m")
        await us.hears("irc.mode")
        for chat in ("group:#mute", "private:nobody", "group:#nosuch"):
            with pytest.raises(Rejected, match=r"\(40[134]\)"):
                await us.says("hello", chat)
        await us.says("hello", "private:ann")
        await ann.hears(":hello")


async def test_a_person_with_ii_talks_with_us(
    inspircd_server: Server, tmp_path: Path
) -> None:
    async with (
        rook(inspircd_server, "#ii") as us,
        ii(inspircd_server, "human", tmp_path) as human,
    ):
        await human.says("/j #ii", "")
        await us.hears("member.joined")
        await human.says("hello bot", "#ii")
        assert (await us.hears("message")).text == "hello bot"
        await us.says("pong", "group:#ii")
        await human.reads(f"<{us.nick}> pong", "#ii")


async def test_tls_and_whom_it_trusts(inspircd_server: Server) -> None:
    """By default what the system trusts; a certificate of one's own has to be named."""
    server = inspircd_server
    config = IrcConfig("127.0.0.1", "rook", port=server.tls_port)
    trusting = evolve(config, tls_ca=str(server.certificate))
    async with rook(server, config=trusting) as us, person(server, "ann") as ann:
        await us.says("in secret", "private:ann")
        await ann.hears(":in secret")
    platform = Irc(config)
    with (
        trio.fail_after(PATIENCE_SECONDS),
        pytest.raises(DialFailed, match="certificate verify failed"),
    ):
        await platform.session(FakeHost().link(platform))


@pytest.mark.parametrize("server", SERVERS, indirect=True)
async def test_a_line_as_long_as_can_be_arrives_whole(server: Server) -> None:
    """ngIRCd throws out who says more than 512 bytes, InspIRCd cuts it."""
    text = "漢" * 200
    async with person(server, "ann", "#long") as ann, rook(server, "#long") as us:
        for part in (text[:110], "x" * 350):
            await us.says(part, "group:#long")
            await ann.hears(f":{part}")
        # Longer than a channel's name lets it be: cut by us, between characters.
        sent = await us.platform.send(
            us.link,
            Outbound(
                key="long",
                to=ChatAddress("qq", us.nick, Chat.parse("group:#long")),
                body=(Text(text),),
            ),
        )
        assert sent.degraded == ""
        await ann.hears("漢", 3)
        said = "".join(line.partition(" :")[2] for line in ann.heard("漢"))
        assert said == text[:110] + text
        assert "\ufffd" not in said


async def test_a_nick_in_use_and_its_return(inspircd_server: Server) -> None:
    server = inspircd_server
    config = IrcConfig("127.0.0.1", "corvus", ("#nick",), port=server.port, tls=False)
    async with (
        person(server, "corvus", "#nick") as other,
        rook(server, config=config, state="degraded (called corvus_") as us,
    ):
        await other.says("PRIVMSG #nick :corvus_: hello")
        assert (await us.hears("message")).text == "hello"
        await other.says("QUIT :yours")
        await us.host.state("corvus", "up")


async def test_a_channel_that_tells_again_is_heard_once(
    inspircd_server: Server,
) -> None:
    """InspIRCd's +H tells whoever joins what was said before, with the same msgid."""
    async with person(inspircd_server, "ann", "#hist") as ann:
        await ann.says("MODE #hist +H 10:1h")
        await ann.hears("MODE #hist +H")
        async with rook(inspircd_server, "#hist") as us:
            await ann.says("PRIVMSG #hist :while you are here")
            first = await us.hears("message")
        await ann.hears("QUIT")
        await ann.says("PRIVMSG #hist :while you are away")
        host = us.host
        link = host.link(us.platform)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(us.platform.session, link)
            await us.hears("message", 2)
            await ann.says("PRIVMSG #hist :back again")
            await us.hears("message", 3)
            nursery.cancel_scope.cancel()
    assert [one.text for one in us.heard()] == [
        "while you are here",
        "while you are away",
        "back again",
    ]
    assert first.id == us.heard()[0].id


@pytest.mark.parametrize("server", SERVERS, indirect=True)
async def test_a_bad_line_between_us(server: Server) -> None:
    """Torn and slow: all of it arrives. Stalled, then cut: unknown, and nothing twice."""
    async with person(server, "ann", "#bad") as ann, proxy_to(server.port) as proxy:
        through = Server(server.name, proxy.port, server.folder)
        async with rook(through, "#bad") as us:
            proxy.now(Faults(delay=0.001, piece=3))
            for number in range(2):
                await us.says(f"torn {number}", "group:#bad")
                await ann.says(f"PRIVMSG #bad :word {number}")
            await us.hears("message", 2)
            await ann.hears(":torn 1")
            proxy.now(Faults(stalled=True))
            async with trio.open_nursery() as nursery:

                async def unknown() -> None:
                    with pytest.raises(OutcomeUnknown):
                        await us.says("stalled", "group:#bad")

                nursery.start_soon(unknown)
                await trio.sleep(0.2)
                proxy.reset()
            with trio.fail_after(PATIENCE_SECONDS):
                while not us.ended:
                    await us.host.changed.wait()
        assert [one.text for one in us.heard()] == ["word 0", "word 1"]
        assert len(ann.heard(":torn")) == 2
        assert ann.heard(":stalled") == []


@pytest.mark.parametrize("cut_after", [30, 300, 1200])
async def test_a_line_that_is_cut_anywhere_ends_the_session_and_no_more(
    inspircd_server: Server, cut_after: int
) -> None:
    async with proxy_to(inspircd_server.port) as proxy:
        proxy.now(Faults(cut_after=cut_after))
        config = IrcConfig(host="127.0.0.1", port=proxy.port, nick="cutter", tls=False)
        platform = Irc(config)
        with trio.fail_after(PATIENCE_SECONDS), pytest.raises(Exception) as caught:  # noqa: PT011
            await platform.session(FakeHost().link(platform))
        assert not is_a_mistake(caught.value)
