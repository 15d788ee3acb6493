"""What a handler does to messages that stand: edit, delete, react."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bots import Bot, BotMistake, Context, NoChat, NotInThread
from actors.messages import (
    Change,
    ChatAddress,
    Delete,
    Edit,
    Emoji,
    Inbound,
    InboundState,
    Ours,
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
    React,
    Text,
)
from actors.tracker import Receipt, ReceiptOfParts
from tests.actors.bots.harness import ROOM, Room, running

TO = ChatAddress("qq", "10001", ROOM)
QUEUED = Outcome(OutboundState.QUEUED)


def receipt_of(key: str, change: Change | None = None) -> Receipt:
    return Receipt(key, TO, QUEUED, change)


def said(room: Room) -> list[Outbound]:
    return list(room.outbox.said.values())


async def test_what_was_said_is_edited_deleted_and_reacted_to_in_its_own_chat() -> None:
    bot = Bot("test")

    @bot.command("go")
    async def go(ctx: Context) -> None:
        there = await ctx.send("irc/me/channel:rooks", "one")
        await ctx.edit(there, "two")
        await ctx.react("👍", there)
        await ctx.delete(there)

    async with running(bot) as room:
        assert await room.says("/go").settled() is InboundState.DONE
    first, *rest = said(room)
    ours = Ours(first.key)
    changes: list[Change] = [Edit(ours), React(ours, "👍"), Delete(ours)]
    assert [out.change for out in rest] == changes
    assert {out.to for out in rest} == {first.to}
    assert [out.body for out in rest] == [(Text("two"),), (), ()]
    assert [out.kind for out in rest] == [
        OutboundKind.REPLY,
        OutboundKind.REPLY,
        OutboundKind.NOTICE,
    ]
    assert len({out.key for out in said(room)}) == 4


async def test_an_id_is_of_the_chat_of_the_event_and_a_reaction_of_its_message() -> (
    None
):
    bot = Bot("test")

    @bot.command("go")
    async def go(ctx: Context) -> None:
        await ctx.react(Emoji("14"))
        await ctx.react(Emoji("14"), remove=True)
        await ctx.delete("99")

    async with running(bot) as room:
        posted = room.says("/go")
        await posted.settled()
    mine = posted.row.event.id
    assert [out.change for out in said(room)] == [
        React(mine, Emoji("14")),
        React(mine, Emoji("14"), remove=True),
        Delete("99"),
    ]
    assert {out.to for out in said(room)} == {TO}


async def test_an_edit_of_an_edit_is_one_of_the_message_and_the_newest_counts() -> None:
    """An edit that still waits is withdrawn, once the next one is written down."""
    bot = Bot("test")

    @bot.command("work")
    async def work(ctx: Context) -> None:
        progress = await ctx.reply("0 %")
        for done in ("50 %", "100 %"):
            progress = await ctx.edit(progress, done)
        await ctx.edit("7", "other")

    async with running(bot) as room:
        assert await room.says("/work").settled() is InboundState.DONE
    reply, first, second, other = said(room)
    assert first.change == second.change == Edit(Ours(reply.key))
    assert other.change == Edit("7")
    assert room.outbox.withdrawn == [first.key]


async def test_said_again_a_change_has_the_same_key() -> None:
    """Law 5: ordinals are taken at call time; `key=` names one whatever its order."""
    bot = Bot("test")

    @bot.command("go", retry=1)
    async def go(ctx: Context) -> None:
        await ctx.react("👍")
        await ctx.delete("1", key="it")
        await ctx.reply("it", key="it")
        if not again:
            again.append(True)
            raise RuntimeError

    again: list[bool] = []
    async with running(bot) as room:
        assert await room.says("/go").settled() is InboundState.DONE
    assert again
    assert len(said(room)) == 3
    assert room.outbox.calls == 6


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda ctx: ctx.edit(receipt_of("a")), "must say something"),
        (lambda ctx: ctx.edit("", "x"), "must be a receipt"),
        (lambda ctx: ctx.edit(receipt_of("a", Delete("1")), "x"), "that of a delete"),
        (lambda ctx: ctx.react(""), "must be a character"),
    ],
)
async def test_what_makes_no_sense_is_the_bots_mistake(
    change: Callable[[Context], Awaitable[Receipt]], why: str
) -> None:
    bot = Bot("test")

    @bot.command("go")
    async def go(ctx: Context) -> None:
        with pytest.raises(BotMistake, match=why):
            await change(ctx)

    async with running(bot) as room:
        assert await room.says("/go").settled() is InboundState.DONE
    assert said(room) == []


async def test_nobody_can_point_at_what_has_no_id_or_is_no_message() -> None:
    bot = Bot("test")

    @bot.on("message")
    @bot.on("member.joined")
    async def react(ctx: Context) -> None:
        with pytest.raises((BotMistake, NoChat)):
            await ctx.react("👍")

    nameless = Inbound("1", chat=ROOM, body=(Text("hi"),), dedup_seconds=60.0)
    async with running(bot) as room:
        for event in (nameless, Inbound("2", event="member.joined", chat=ROOM)):
            assert await room.event(event).settled() is InboundState.DONE
        lost = Inbound("3", event="message")
        assert await room.event(lost).settled() is InboundState.DONE
    assert said(room) == []


async def test_a_plain_function_changes_things_from_its_thread() -> None:
    bot = Bot("test")

    @bot.command("go")
    def go(ctx: Context) -> None:
        receipt = ctx.sync.reply("one")
        ctx.sync.edit(receipt, "two")
        ctx.sync.react("👍")
        ctx.sync.delete(receipt)
        for name in ("edit", "delete", "react"):
            with pytest.raises(NotInThread, match=f"ctx.sync.{name}"):
                getattr(ctx, name)("1")

    async with running(bot) as room:
        assert await room.says("/go").settled() is InboundState.DONE
    assert [type(out.change) for out in said(room)] == [
        type(None), Edit, React, Delete
    ]  # fmt: skip


parts = st.lists(
    st.sampled_from([None, Edit("7"), Delete("7"), React("7", "x")]), min_size=1
)


@given(parts)
def test_a_message_in_parts_is_those_that_are_messages(
    changes: list[Change | None],
) -> None:
    from actors.bots.changing import _told

    receipts = [receipt_of(f"k{n}", change) for n, change in enumerate(changes)]
    told = list(_told(ReceiptOfParts(receipts)))
    assert told == [
        "7" if change else Ours(f"k{n}")
        for n, change in enumerate(changes)
        if change is None or isinstance(change, Edit)
    ]
