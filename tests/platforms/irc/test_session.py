"""One connection, told as stories: the real host, a server in memory, a virtual clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from attrs import evolve
from trio.testing import MockClock

from actors.bots import Bot, CallRefused, Context
from actors.messages import Emoji, OutboundState, Reply, Text
from actors.tracker import Receipt
from platforms.base import PlatformConfig, Secret
from platforms.irc import IrcConfig
from rookery.testing import lab
from rookery.testing.lab import Lab
from tests.fakes.irc import ALL_CAPS, FakeIrc
from tests.fakes.irc.peer import ModernIrc, OldIrc


def irc_of(chat: Lab) -> FakeIrc:
    assert isinstance(chat.peer, ModernIrc)
    return chat.peer.irc


async def reads(chat: Lab, state: str, within: float = 100.0) -> None:
    assert await chat.until(lambda: str(chat.state) == state, within), chat.state


async def outcome(chat: Lab) -> tuple[OutboundState, str]:
    [receipt] = chat.people.receipts
    found = await receipt.outcome(within=60)
    return found.state, found.detail


# --- logging in -------------------------------------------------------------------------


class Services(ModernIrc):
    """A network with an account for us."""

    def __init__(self, offered: str, password: str = "sesame, open") -> None:
        super().__init__()
        self.irc.caps = f"{ALL_CAPS} sasl={offered}"
        self.irc.accounts = {"corvus": "sesame, open"}
        self._password = password

    def config(self, token: str) -> PlatformConfig:
        config = super().config(token)
        assert isinstance(config, IrcConfig)
        return evolve(
            config,
            account="corvus",
            account_password=Secret(self._password),
        )


@pytest.mark.parametrize(
    ("offered", "scrams", "tried"),
    [
        ("PLAIN", True, ["PLAIN"]),
        ("PLAIN,SCRAM-SHA-256", True, ["SCRAM-SHA-256"]),
        ("PLAIN,SCRAM-SHA-256", False, ["SCRAM-SHA-256", "PLAIN"]),
    ],
)
async def test_we_log_in_and_say_our_password_only_where_we_must(
    offered: str, scrams: bool, tried: list[str], autojump_clock: MockClock
) -> None:
    peer = Services(offered)
    peer.irc.scrams = scrams
    async with lab.open(peer) as chat:
        await reads(chat, "up")
        [client] = peer.irc.clients
        assert client.account == "corvus"
        assert peer.irc.mechanisms == tried


async def test_who_only_pretends_to_know_our_password_is_no_server_of_ours(
    autojump_clock: MockClock,
) -> None:
    peer = Services("PLAIN,SCRAM-SHA-256")
    peer.irc.lies = True
    async with lab.open(peer) as chat:
        await reads(
            chat,
            "needs_operator (the login to 'corvus' was broken off: the server does not know our password: it is not who it says it is)",
        )
        assert peer.irc.mechanisms == ["SCRAM-SHA-256"]


async def test_a_wrong_password_is_not_said_after_it_was_shown(
    autojump_clock: MockClock,
) -> None:
    peer = Services("PLAIN,SCRAM-SHA-256", password="wrong")
    async with lab.open(peer) as chat:
        await reads(
            chat,
            "needs_operator (the server refuses our login to 'corvus' with SCRAM-SHA-256: SASL authentication failed (it takes PLAIN); check account and account_password)",
        )
        assert peer.irc.mechanisms == ["SCRAM-SHA-256"]


# --- being there ------------------------------------------------------------------------


async def test_a_channel_that_does_not_let_us_in_is_told_and_asked_for_again(
    autojump_clock: MockClock,
) -> None:
    peer = ModernIrc()
    peer.irc.refusals["#room2"] = "474 Cannot join channel (+b)"
    async with lab.open(peer) as chat:
        await reads(
            chat,
            "degraded (not in #room2: we are banned from it (Cannot join channel (+b)))",
        )
        await chat.says("say hello")
        assert await chat.until(lambda: chat.texts == ["hello"], 5)
        del peer.irc.refusals["#room2"]
        await reads(chat, "up")
        assert 59 < trio.current_time() < 62


async def test_nothing_is_said_before_the_channels_have_answered(
    autojump_clock: MockClock,
) -> None:
    """What waits for a channel would be refused there, and lost."""
    peer = ModernIrc()
    peer.irc.silent_about.add("JOIN")
    async with lab.open(peer) as chat:
        await trio.sleep(10)
        assert str(chat.state) == "connecting (joins its channels)"
        assert not chat.is_up
        await reads(chat, "up")
        assert 20 <= trio.current_time() < 21


async def test_who_has_our_nick_keeps_it_until_he_leaves(
    autojump_clock: MockClock,
) -> None:
    peer = ModernIrc()
    peer.irc.taken = {"rook", "rook_"}
    async with lab.open(peer) as chat:
        await reads(chat, "degraded (called rook__: rook is taken)")
        await chat.says("say I am here")
        assert await chat.until(lambda: chat.texts == ["I am here"], 5)
        # The account is who we are meant to be: addresses and what waits keep their name.
        assert [account for _, account in chat.house.parts.lines.accounts()] == ["rook"]
        peer.irc.taken.clear()
        peer.irc.does("rook", "QUIT", "bye")
        await reads(chat, "up", within=1)


async def test_our_nick_is_asked_for_again_where_nobody_tells_that_it_is_free(
    autojump_clock: MockClock,
) -> None:
    peer = OldIrc()
    peer.irc.taken = {"rook"}
    async with lab.open(peer) as chat:
        await reads(chat, "degraded (called rook_: rook is taken)")
        peer.irc.taken.clear()
        await reads(chat, "up")
        assert 59 < trio.current_time() < 62


async def test_who_was_kicked_comes_back_after_a_while(
    autojump_clock: MockClock,
) -> None:
    async with lab.open(ModernIrc) as chat:
        await reads(chat, "up")
        irc = irc_of(chat)
        irc.kicks("ann", "rook", "#room3", "calm down")
        await reads(chat, "degraded (not in #room3: ann kicked us: calm down)")
        at = trio.current_time()
        await reads(chat, "up")
        assert trio.current_time() - at > 30
        irc.kicks("ann", "rook", "#room3", "again")
        await reads(chat, "degraded (not in #room3: ann kicked us: again)")
        irc.does("ann", "INVITE", "rook", "#room3")
        await reads(chat, "up", within=1)


async def test_a_server_that_closes_says_why_and_is_left_alone_for_a_while(
    autojump_clock: MockClock,
) -> None:
    """Networks ban who comes back at once."""
    async with lab.open(ModernIrc, seed=3) as chat:
        await reads(chat, "up")
        irc_of(chat).closes("Closing Link: rook (K-Lined)")
        why = "the server closed the connection: Closing Link: rook (K-Lined)"
        await reads(chat, f"backing_off ({why})")
        at = trio.current_time()
        await reads(chat, "up")
        assert 1 < trio.current_time() - at <= 15


async def test_it_says_goodbye_when_it_leaves(autojump_clock: MockClock) -> None:
    async with lab.open(ModernIrc) as chat:
        await reads(chat, "up")
    assert irc_of(chat).lines[-1] == "QUIT :see you"


async def test_a_ping_is_answered_while_the_journal_is_blocked(
    autojump_clock: MockClock,
) -> None:
    """F05: a server throws out who does not answer, however busy he is."""
    async with lab.open(ModernIrc) as chat:
        await reads(chat, "up")
        irc = irc_of(chat)
        chat.house.disk.hold()
        await chat.says("say hello")
        for client in irc.clients:
            client.put("PING :nobody\0 says this")
            client.put("PING :are you there")
        await irc.until(lambda: "PONG :are you there" in irc.lines, within=5)
        assert chat.texts == []
        chat.house.disk.release()
        assert await chat.until(lambda: chat.texts == ["hello"], 30)


# --- speaking ---------------------------------------------------------------------------


async def test_an_answer_to_a_message_names_it_and_has_an_id(
    autojump_clock: MockClock,
) -> None:
    bot = Bot("parrot")
    ids: list[str] = []

    @bot.on("message")
    async def hear(ctx: Context) -> None:
        receipt = await ctx.reply(Reply(ctx.event.id), Text("yes"))
        ids.append((await receipt.outcome(within=5)).message_id)

    async with lab.open(ModernIrc, bot) as chat:
        await reads(chat, "up")
        await chat.says("really?")
        told = await irc_of(chat).hears()
        assert told.tags["+draft/reply"] == "m1"
        assert await chat.until(lambda: ids, 5)
        assert ids[0].startswith("id")
    # Our own echo is no message to a bot.
    assert chat.texts == ["yes"]


@pytest.mark.parametrize("peer", [ModernIrc, OldIrc])
async def test_a_refusal_is_told_in_the_servers_words(
    peer: Callable[[], ModernIrc], autojump_clock: MockClock
) -> None:
    at = peer()
    async with lab.open(at) as chat:
        await reads(chat, "up")
        at.irc.refusals["#room1"] = "404 You cannot send messages to this channel (+m)"
        await chat.says("say hello")
        assert await chat.until(lambda: chat.people.receipts, 5)
        assert await outcome(chat) == (
            OutboundState.REJECTED,
            "You cannot send messages to this channel (+m) (404)",
        )
        assert at.irc.heard == []


@pytest.mark.parametrize("peer", [ModernIrc, OldIrc])
async def test_a_server_that_answers_nothing_leaves_it_unknown(
    peer: Callable[[], ModernIrc], autojump_clock: MockClock
) -> None:
    at = peer()
    async with lab.open(at) as chat:
        await reads(chat, "up")
        at.irc.silent_about |= {"PRIVMSG", "PING"}
        await chat.says("say hello")
        assert await chat.until(lambda: chat.people.receipts, 5)
        assert await outcome(chat) == (OutboundState.UNKNOWN, "no answer in time")


async def test_a_late_pong_turns_unknown_into_sent(autojump_clock: MockClock) -> None:
    peer = OldIrc()
    async with lab.open(peer) as chat:
        await reads(chat, "up")
        peer.irc.silent_about.add("PING")
        await chat.says("say hello")
        assert await chat.until(lambda: chat.people.receipts, 5)
        assert (await outcome(chat))[0] is OutboundState.UNKNOWN
        [ping] = [line for line in peer.irc.lines if line.startswith("PING :")]
        for client in peer.irc.clients:
            client.put(
                f":irc.fake.test PONG irc.fake.test {ping.removeprefix('PING ')}"
            )
        [receipt] = chat.people.receipts
        assert await chat.until(lambda: receipt.state is OutboundState.SENT, 5)


async def test_what_was_lost_is_told_once_of_a_late_answer_too(
    autojump_clock: MockClock,
) -> None:
    peer, bot = OldIrc(), Bot("winker")
    receipts: list[Receipt] = []

    @bot.on("message")
    async def wink(ctx: Context) -> None:
        receipts.append(await ctx.reply(Emoji("wink")))

    async with lab.open(peer, bot) as chat:
        await reads(chat, "up")
        peer.irc.silent_about.add("PING")
        await chat.says("say hello")
        assert await chat.until(lambda: receipts, 5)
        [receipt] = receipts
        assert (await receipt.outcome(within=60)).unknown
        [ping] = [line for line in peer.irc.lines if line.startswith("PING :")]
        pong = f":irc.fake.test PONG irc.fake.test {ping.removeprefix('PING ')}"
        for client in peer.irc.clients:
            client.put(pong)
        assert await chat.until(lambda: receipt.state is OutboundState.SENT, 5)
        assert receipt.current.detail == "emoji as text"


@pytest.mark.parametrize("peer", [ModernIrc, OldIrc])
async def test_a_long_answer_is_no_flood(
    peer: Callable[[], ModernIrc], autojump_clock: MockClock
) -> None:
    """RFC 1459, 8.10: a line costs two seconds, and who owes more than ten waits."""
    bot = Bot("teller")

    @bot.on("message")
    async def tell(ctx: Context) -> None:
        await ctx.reply("\n".join(f"line {n}" for n in range(14)))

    async with lab.open(peer(), bot) as chat:
        await reads(chat, "up")
        await chat.says("tell me")
        assert await chat.until(lambda: len(chat.texts) == 14, 60)
    assert chat.texts == [f"line {n}" for n in range(14)]
    at = [heard.at for heard in chat.heard]
    assert all(later - first >= 8 for first, later in zip(at, at[4:], strict=False))
    assert at[3] - at[0] < 1


async def test_too_many_lines_are_refused_as_a_whole(autojump_clock: MockClock) -> None:
    bot = Bot("teller")
    details: list[str] = []

    @bot.on("message")
    async def tell(ctx: Context) -> None:
        receipt = await ctx.reply("x\n" * 50)
        details.append((await receipt.outcome(within=5)).detail)

    async with lab.open(ModernIrc, bot) as chat:
        await reads(chat, "up")
        await chat.says("tell me")
        assert await chat.until(lambda: details, 10)
    assert details == [
        "a message must fit into 40 parts of 350 bytes (this one is longer; send it as a file)"
    ]
    assert chat.texts == []


async def test_a_bot_calls_commands_by_their_names(autojump_clock: MockClock) -> None:
    bot = Bot("keeper")
    said: list[object] = []

    @bot.on("message")
    async def hear(ctx: Context) -> None:
        for action, params in (
            ("topic", {"params": ["#room1", "All about rooks"]}),
            ("tagmsg", {"params": ["#room1"], "tags": {"+draft/react": "👍"}}),
            ("TOPIC", {"params": ["#nowhere", "x"]}),
            ("TOPIC", {"params": ["#room1 #room2", "x"]}),
            ("TOPIC", {"params": "#room1"}),
            ("TOPIC", {"tags": {"a": 1}}),
            ("SAY\r\nQUIT", {}),
            ("TOPIC", {"channel": "#room1"}),
        ):
            try:
                said.append(await ctx.call(action, **params))
            except CallRefused as refused:
                said.append(refused.why)

    async with lab.open(ModernIrc, bot) as chat:
        await reads(chat, "up")
        await chat.says("go")
        assert await chat.until(lambda: len(said) == 8, 20)
        assert (await irc_of(chat).hears()).command == "TAGMSG"
    assert said[0] is None
    assert str(said[1]).startswith("id")
    assert said[2:] == [
        "You're not channel operator (482)",
        "a word of a line must be one word and not begin with ':' (got '#room1 #room2')",
        "params must be a list of texts, such as params=['#chan', 'a topic']",
        "tags must be texts by their names, such as {'+draft/react': '👍'}",
        "a command of IRC must be letters, such as TOPIC (got 'SAY\\r\\nQUIT')",
        "a command of IRC has params and tags (got channel)",
    ]


async def test_a_bot_reacts_and_takes_back(autojump_clock: MockClock) -> None:
    bot = Bot("critic")
    said: list[str] = []

    @bot.on("message")
    async def judge(ctx: Context) -> None:
        for receipt in (
            await ctx.react("👍"),
            await ctx.react("👍", remove=True),
            await ctx.delete(await ctx.reply("never mind")),
        ):
            outcome = await receipt.outcome(within=30)
            said.append(outcome.detail or outcome.state.value)

    for caps, ends in (
        (
            f"{ALL_CAPS} draft/message-redaction",
            ["sent"] * 3,
        ),
        (
            "",
            [
                "this server carries no reactions (it has no message-tags)",
                "this server carries no reactions (it has no message-tags)",
            ],
        ),
        (
            ALL_CAPS,
            [
                "sent",
                "sent",
                "this server takes nothing back (it has no draft/message-redaction)",
            ],
        ),
    ):
        peer = ModernIrc()
        peer.irc.caps = caps
        said.clear()
        async with lab.open(peer, bot) as chat:
            await reads(chat, "up")
            await chat.says("judge this")
            await chat.until(lambda: len(said) == 3, 40)
            assert said[: len(ends)] == ends
            if caps:
                up, down = [(await peer.irc.hears()).tags for _ in range(2)]
                assert (up["+draft/react"], up["+draft/reply"]) == ("👍", "m1")
                assert (down["+draft/unreact"], down["+draft/reply"]) == ("👍", "m1")


@pytest.mark.parametrize("peer", [ModernIrc, OldIrc])
async def test_of_several_chats_each_gets_its_own_answer(
    peer: Callable[[], ModernIrc], autojump_clock: MockClock
) -> None:
    """One line is under way at a time, whatever else waits to be said."""
    at = peer()
    async with lab.open(at) as chat:
        await reads(chat, "up")
        at.irc.refusals["#room2"] = "404 Cannot send to channel"
        for room in (1, 2, 3):
            await chat.says(f"say hello {room}", room=room)
        assert await chat.until(lambda: len(chat.people.receipts) == 3, 5)
        outcomes = [await each.outcome(within=30) for each in chat.people.receipts]
        # In whatever order: chats are side by side.
        assert sorted((one.state.value, one.detail) for one in outcomes) == [
            ("rejected", "Cannot send to channel (404)"),
            ("sent", ""),
            ("sent", ""),
        ]
        assert {told.target for told in at.irc.heard} == {"#room1", "#room3"}
