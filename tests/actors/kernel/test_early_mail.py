"""Mail that comes before an address ever had an incarnation is kept, in order."""

from __future__ import annotations

from collections.abc import Hashable

import pytest
import trio

from actors.kernel import ActorDown, ExitReason, MailboxFull, Overflow, Shutdown
from actors.kernel.mailbox import DEFAULT_CAPACITY
from tests.actors.kernel.keeper import Boom, Doer, Get, doer, house, settle, starts


@pytest.mark.parametrize("capacity", [1, 3, 64])
async def test_early_mail_is_handled_in_order_and_before_later_mail(
    capacity: int,
) -> None:
    diary: list[object] = []
    async with house() as home:
        cell = home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)
        for number in range(10):
            address.tell(number)
        kind = doer(capacity=capacity)
        cell.launch(lambda: kind(diary))
        late = 10
        while late < 15:
            try:
                address.tell(late)
                late += 1
            except MailboxFull:
                await trio.lowlevel.checkpoint()
        await settle()

        assert diary == list(range(15))


async def test_early_mail_obeys_the_policy_once_it_is_known() -> None:
    newest: list[object] = []
    oldest: list[object] = []
    last: list[object] = []
    async with house() as home:
        for child in ("newest", "oldest", "conflate"):
            home.root.cell.adopt(child)
            address = home.system.find(f"/{child}", Doer)
            for number in range(5):
                address.tell(number)
        drop_newest = doer(capacity=2, overflow=Overflow.DROP_NEWEST)
        drop_oldest = doer(capacity=2, overflow=Overflow.DROP_OLDEST)
        conflate = doer(capacity=2, overflow=Overflow.conflate())
        await home.keep("newest", lambda: drop_newest(newest))
        await home.keep("oldest", lambda: drop_oldest(oldest))
        await home.keep("conflate", lambda: conflate(last))
        await settle()

        assert newest == [0, 1]
        assert oldest == [3, 4]
        assert last == [4]
        assert home.cell("newest").dropped == 3
        assert home.cell("oldest").dropped == 3
        assert home.cell("conflate").conflated == 4


async def test_early_questions_are_answered() -> None:
    got: list[object] = []
    async with house() as home, trio.open_nursery() as nursery:
        home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)

        async def ask(number: int) -> None:
            got.append(await address.ask(Get(lambda *_: number), within=5))

        for number in range(DEFAULT_CAPACITY + 10):
            nursery.start_soon(ask, number)
        await settle()
        tiny = doer(capacity=1)
        await home.keep("a", tiny)
        await settle()

        assert sorted(map(str, got)) == sorted(map(str, range(DEFAULT_CAPACITY + 10)))


async def test_early_mail_is_bounded() -> None:
    """K6."""
    async with house() as home:
        home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)
        for number in range(DEFAULT_CAPACITY):
            address.tell(number)

        with pytest.raises(MailboxFull):
            address.tell("one too many")


async def test_early_mail_survives_a_start_that_fails() -> None:
    diary: list[object] = []

    def fail(_: object) -> None:
        raise ConnectionError

    async with house() as home:
        home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)
        address.tell("early")
        await home.try_to_keep("a", starts(fail))
        await home.keep("a", lambda: Doer(diary))
        await settle()

        assert diary == ["early"]


def no_key_for_texts(message: object) -> Hashable:
    if isinstance(message, str):
        msg = "no key"
        raise Boom(msg)
    return [message] if isinstance(message, float) else message


async def test_early_mail_that_has_no_key_stays_outside_and_the_start_goes_on() -> None:
    """The key is not known until then, so its sender could not be told."""
    diary: list[object] = []
    kind = doer(capacity=200, overflow=Overflow.conflate(no_key_for_texts))
    refused: list[Exception] = []
    async with house() as home, trio.open_nursery() as nursery:
        home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)

        async def send() -> None:
            try:
                await address.send("sent", within=5)
            except Boom as error:
                refused.append(error)

        for message in ("told", 1, 0.5, 2):
            address.tell(message)
        for number in range(3, DEFAULT_CAPACITY - 1):
            address.tell(number)
        nursery.start_soon(send)
        await settle()
        assert not refused
        await home.keep("a", lambda: kind(diary))
        await settle()

        assert diary == list(range(1, DEFAULT_CAPACITY - 1))
        assert home.shelved() == [("told", "its key raised"), (0.5, "its key raised")]
        assert str(refused) == "[Boom('no key')]"


async def test_early_mail_stays_outside_though_its_error_has_no_text() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise Boom

    def no_key(message: object) -> Hashable:
        raise Mute

    async with house() as home:
        home.root.cell.adopt("a")
        home.system.find("/a", Doer).tell("told")
        await home.keep("a", doer(overflow=Overflow.conflate(no_key)))

        assert home.shelved() == [("told", "its key raised")]
        assert home.system.dead_letters.newest()[0].error == "Mute()"


async def test_an_early_question_that_has_no_key_is_answered_with_the_error() -> None:
    def no_key_for_questions(message: object) -> Hashable:
        if isinstance(message, Get):
            raise Boom
        return message

    kind = doer(overflow=Overflow.conflate(no_key_for_questions))
    async with house() as home, trio.open_nursery() as nursery:
        home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)

        async def ask() -> None:
            with pytest.raises(Boom):
                await address.ask(Get(lambda *_: 1), within=5)

        nursery.start_soon(ask)
        await settle()
        await home.keep("a", kind)


async def test_mail_to_which_a_later_incarnation_gives_no_key_is_shelved() -> None:
    """In the mailbox and before it: with another class, both have other keys."""
    diary: list[object] = []
    refused: list[Exception] = []
    small = doer(capacity=2)
    folding = doer(capacity=2, overflow=Overflow.conflate(no_key_for_texts))
    async with house() as home, trio.open_nursery() as nursery:
        home.root.cell.adopt("a").launch(lambda: small(diary))
        address = home.system.find("/a", Doer)
        await home.life("a").kill_and_fence()
        address.tell(1)
        address.tell("inside")

        async def send(message: object) -> None:
            try:
                await address.send(message, within=5)
            except Boom as error:
                refused.append(error)

        nursery.start_soon(send, "before it")
        await settle()
        nursery.start_soon(send, 2)
        await settle()
        home.root.cell.adopt("a").launch(lambda: folding(diary))
        await settle()

        assert diary == [1, 2]
        assert home.shelved() == [("inside", "its key raised")]
        assert str(refused) == "[Boom('no key')]"


async def test_early_mail_of_an_address_that_rests_is_shelved() -> None:
    reason: ExitReason = Shutdown("test")
    async with house() as home, trio.open_nursery() as nursery:
        cell = home.root.cell.adopt("a")
        address = home.system.find("/a", Doer)
        address.tell("early")
        errors: list[Exception] = []

        async def ask() -> None:
            try:
                await address.ask(Get(lambda *_: 1), within=5)
            except ActorDown as error:
                errors.append(error)

        nursery.start_soon(ask)
        await settle()
        cell.rest(reason)
        await settle()

        assert ("early", "stopped") in home.shelved()
        assert str(errors[0]) == "/a is down (shutdown by test)"


async def test_a_later_incarnation_may_declare_another_mailbox() -> None:
    """A reload puts another class at the same path; its mail is kept."""
    diary: list[object] = []
    small, large = doer(capacity=2), doer(capacity=8)
    folding = doer(capacity=4, overflow=Overflow.conflate())
    async with house() as home:
        home.root.cell.adopt("a").launch(lambda: small(diary))
        address = home.system.find("/a", Doer)
        for kind in (large, folding, small):
            await home.life("a").kill_and_fence()
            address.tell("x")
            cell = home.cell("a")
            home.root.cell.adopt("a").launch(lambda kind=kind: kind(diary))  # type: ignore[misc]  # a default binds the loop's value
            for number in range(cell.capacity - 1):
                address.tell(number)
            await settle()

        assert diary == ["x", *range(7), "x", 2, "x", 0]
