"""What an operator can ask of a host that runs: the outbox, and one shelf of dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from trio.testing import MockClock

from actors.kernel.envelope import Envelope
from actors.messages import Chat, ChatAddress, ChatKind, Outbound, Repair, Text
from rookery.control import (
    CountLetters,
    DoLetters,
    ListLetters,
    ListOutbox,
    Refused,
    RepairOutbox,
    ShowLetter,
    ShowOutbox,
)
from rookery.host.messages import MessageDesk
from tests.rookery.host.conftest import Living, LivingHost

BOT = """
from rookery import Bot, Context
bot = Bot("fragile")

@bot.command("fail")
async def fail(ctx: Context) -> None:
    raise RuntimeError("broken on purpose")
"""
CONFIG = '[bots.fragile]\nuse = "fragile.py:bot"\n'
AWAY = ChatAddress("fake", "away", Chat(ChatKind.GROUP, "42"))
Rows = list[Mapping[str, object]]


class Strange:
    """Mail that cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]  # as strange as can be


@pytest.fixture
def configured(tmp_path: Path) -> str:
    (tmp_path / "fragile.py").write_text(BOT)
    return CONFIG


def rows(page: Mapping[str, object], name: str = "dead_letters") -> Rows:
    return cast(Rows, page[name])


async def failing(host: LivingHost, count: int) -> MessageDesk:
    for _ in range(count):
        await host.say("/fail")
    await host.until(lambda: host.parts.journal.counts().ended["failed"] == count)
    return MessageDesk(host.parts)


def misled(host: LivingHost, count: int) -> None:
    for _ in range(count):
        host.system.dead_letters.add("/grave", Envelope(Strange()), "full", None)


async def test_pages_show_each_letter_once_whatever_goes_meanwhile(
    living: Living, configured: str, autojump_clock: MockClock
) -> None:
    async with living(configured) as host:
        desk = await failing(host, 3)
        misled(host, 2)
        seen: list[str] = []
        page: Mapping[str, object] = {"next": ""}
        while page["next"] is not None:
            page = await desk.perform(ListLetters(after=str(page["next"]), limit=2))
            seen += [str(row["id"]) for row in rows(page)]
            await desk.perform(DoLetters(deed="discard", ids=(seen[-1],)))
    assert seen == ["mail-2", "mail-1", "in-3", "in-2", "in-1"]


async def test_kinds_are_counted_as_they_are_listed(
    living: Living, configured: str, autojump_clock: MockClock
) -> None:
    async with living(configured) as host:
        desk = await failing(host, 2)
        misled(host, 1)
        counts = await desk.perform(CountLetters())
        assert counts == {"inbound": {"failed": 2}, "outbound": {}, "mail": 1}
        for kind, ids in (("failed", ["in-2", "in-1"]), ("mail", ["mail-1"])):
            page = await desk.perform(ListLetters(kinds=(kind,)))  # type: ignore[arg-type]  # a word
            assert [row["id"] for row in rows(page)] == ids
            assert page["counts"] == counts
        assert rows(await desk.perform(ListLetters(kinds=("dropped",)))) == []


async def test_mail_is_shown_whatever_it_is_and_cannot_be_retried(
    living: Living, configured: str, autojump_clock: MockClock
) -> None:
    async with living(configured) as host:
        desk = MessageDesk(host.parts)
        misled(host, 2)
        shown = await desk.perform(ShowLetter(id="mail-1"))
        assert shown["message"] == "<a Strange whose repr raises RuntimeError>"
        answer = await desk.perform(DoLetters(deed="retry", ids=("mail-1", "nonsense")))
        why = [str(one["why"]) for one in rows(answer, "failed")]
        assert "cannot be retried" in why[0]
        assert "must be named as in the list" in why[1]
        done = await desk.perform(DoLetters(deed="discard", ids=("mail-2", "mail-9")))
        assert rows(done, "done") == [{"id": "mail-2"}]
        assert [one["id"] for one in rows(done, "failed")] == ["mail-9"]


async def test_a_letter_that_failed_is_handled_again_when_the_bot_is_mended(
    living: Living, configured: str, autojump_clock: MockClock
) -> None:
    async with living(configured) as host:
        desk = await failing(host, 1)
        shown = await desk.perform(ShowLetter(id="in-1"))
        assert (shown["event"], shown["where"]) == ("message", "fake/me/group:42")
        assert shown["body"] == [{"segment": "text", "text": "/fail"}]
        answer = await desk.perform(DoLetters(deed="retry", ids=("in-1",)))
        assert rows(answer, "done") == [{"id": "in-1", "was": "failed", "key": None}]
        await host.until(lambda: host.parts.journal.counts().ended["failed"] == 2)
        assert rows(await desk.perform(ListLetters()))[0]["id"] == "in-1"


async def test_the_outbox_is_listed_by_state_and_way(
    living: Living, configured: str, autojump_clock: MockClock
) -> None:
    async with living(configured) as host:
        desk = MessageDesk(host.parts)
        for n in range(3):
            out = Outbound(key=f"k{n}", to=AWAY, body=(Text("x" * 300),))
            await host.parts.outbox.say(out)
        page = await desk.perform(ListOutbox(limit=2, account="away"))
        assert [row["key"] for row in rows(page, "messages")] == ["k0", "k1"]
        assert len(str(rows(page, "messages")[0]["text"])) == 201
        after = page["next"]
        assert isinstance(after, int)
        page = await desk.perform(ListOutbox(after=after))
        assert [row["key"] for row in rows(page, "messages")] == ["k2"]
        assert page["next"] is None
        assert not rows(await desk.perform(ListOutbox(platform="qq")), "messages")
        answer = await desk.perform(
            RepairOutbox(repair=Repair.DISCARD, keys=("k1", "k1", "none"))
        )
        assert rows(answer, "done") == [{"key": "k1", "state": "cancelled"}] * 2
        assert [one["why"] for one in rows(answer, "failed")] == [
            "there is no message none in the journal (any more)"
        ]
        answer = await desk.perform(RepairOutbox(repair=Repair.MARK_SENT, keys=("k1",)))
        assert [one["why"] for one in rows(answer, "failed")] == [
            "mark-sent needs a message that is unknown (this one is cancelled)"
        ]
        shown = await desk.perform(ShowOutbox(key="k1"))
        assert shown["state"] == "cancelled"


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        (ShowOutbox(key="none"), "no_message"),
        (ShowLetter(id="in-99"), "no_letter"),
        (ShowLetter(id="mail-99"), "no_letter"),
        (ShowLetter(id="12"), "bad_request"),
        (ListLetters(after="nan/x"), "bad_request"),
    ],
)
async def test_what_is_not_there_is_said_in_words(
    request_: ShowOutbox | ShowLetter | ListLetters,
    kind: str,
    living: Living,
    configured: str,
    autojump_clock: MockClock,
) -> None:
    async with living(configured) as host:
        with pytest.raises(Refused) as refused:
            await MessageDesk(host.parts).perform(request_)
    assert refused.value.kind == kind
