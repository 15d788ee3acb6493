"""What an operator can do with single messages: see them, try them again, let them go."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import assert_never

import trio

from actors.buffer import CannotRepair
from actors.journal import HEARD_RANK, SAID_RANK, NoJournal, Place
from actors.messages import NotRepairable
from rookery.control import (
    CountLetters,
    DoLetters,
    ListLetters,
    ListOutbox,
    MessageRequest,
    Refused,
    RepairOutbox,
    ShowLetter,
    ShowOutbox,
)
from rookery.host.pages import (
    Row,
    counted,
    kinds_meant,
    letters_page,
    outbox_page,
    parsed_id,
    parsed_token,
    sought_of,
)
from rookery.host.parts import Parts
from rookery.host.showing import (
    MAIL_RANK,
    letter_whole,
    mail_row,
    mail_whole,
    no_letter,
    no_message,
    said_whole,
)

ANSWER_SECONDS = 60.0
"""After so long an operator is answered, also while the disk is in trouble."""
LATE = "the journal did not answer in time; ask again"
MAIL_STAYS = (
    "mail between actors cannot be retried: whoever sent it was told, "
    "or has gone on without; it can only be discarded"
)


class MessageDesk:
    """Answers an operator's requests about single messages, for one host."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._journal = parts.journal
        system = parts.system
        # Read once, to turn the system's instants into dates: a clock that is set later
        # must not move what is on the shelf.
        self._since = system.wall_clock() - system.clock()

    async def perform(self, request: MessageRequest) -> Mapping[str, object]:
        """Do what is asked.

        Raises:
            Refused: it cannot be done, in words.
        """
        health = self._journal.health
        if health.state != "open" and isinstance(request, RepairOutbox | DoLetters):
            msg = f"the journal is {health.state}: {health.why or 'try again in a moment'}"
            raise Refused(kind="stalled", message=msg)
        try:
            with trio.fail_after(ANSWER_SECONDS):
                return await self._perform(request)
        except trio.TooSlowError:
            raise Refused(kind="stalled", message=LATE) from None
        except NoJournal as missing:
            raise Refused(kind="no_journal", message=str(missing)) from None
        except ValueError as error:
            raise Refused(kind="bad_request", message=str(error)) from None

    async def _perform(self, request: MessageRequest) -> Mapping[str, object]:
        match request:
            case ListOutbox():
                rows = await self._journal.said(sought_of(request))
                return outbox_page(rows, request.limit)
            case ShowOutbox():
                row = await self._journal.said_of(request.key)
                if row is None:
                    raise Refused(kind="no_message", message=no_message(request.key))
                return said_whole(row)
            case RepairOutbox():
                return await self._repair(request)
            case ListLetters():
                return await self._list_letters(request)
            case ShowLetter():
                return await self._show_letter(request.id)
            case DoLetters():
                return await self._do_letters(request)
            case CountLetters():
                return await self._counted()
            case _:
                assert_never(request)

    # --- the outbox --------------------------------------------------------------------

    async def _repair(self, request: RepairOutbox) -> Mapping[str, object]:
        async def repair(key: str) -> Mapping[str, object]:
            repairs = self._parts.repairs
            outcome = await repairs.repair(key, request.repair, request.message_id)
            return {"state": outcome.state.value}

        return await _one_by_one(
            "key", request.keys, repair, (NotRepairable, CannotRepair)
        )

    # --- dead letters ------------------------------------------------------------------

    async def _list_letters(self, request: ListLetters) -> Mapping[str, object]:
        kinds, mail_too = kinds_meant(request.kinds)
        before, limit = parsed_token(request.after), request.limit
        letters = await self._journal.letters(kinds, before, limit + 1)
        mail = self._mail(before, limit + 1) if mail_too else []
        return letters_page(letters, mail, limit, await self._counted())

    def _mail(self, before: Place | None, limit: int) -> list[tuple[Place, Row]]:
        shelf = self._parts.system.dead_letters
        placed = (
            (Place(letter.at + self._since, MAIL_RANK, letter.number), letter)
            for letter in shelf.newest(len(shelf))
        )
        wanted = (pair for pair in placed if before is None or pair[0] < before)
        return [(at, mail_row(letter, at.at)) for at, letter in islice(wanted, limit)]

    async def _show_letter(self, name: str) -> Mapping[str, object]:
        rank, seq = parsed_id(name)
        if rank == MAIL_RANK:
            mail = self._parts.system.dead_letters.numbered(seq)
            if mail is not None:
                return mail_whole(mail, mail.at + self._since)
        else:
            letter = await self._journal.letter(rank, seq)
            if letter is not None:
                return letter_whole(letter)
        raise Refused(kind="no_letter", message=no_letter(name))

    async def _do_letters(self, request: DoLetters) -> Mapping[str, object]:
        do = self._retry if request.deed == "retry" else self._discard
        return await _one_by_one("id", request.ids, do, (CannotRepair, ValueError))

    async def _retry(self, name: str) -> Mapping[str, object]:
        rank, seq = parsed_id(name)
        repairs = self._parts.repairs
        if rank == HEARD_RANK:
            return {"was": (await repairs.hear_again(seq)).value, "key": None}
        if rank == SAID_RANK:
            was, key = await repairs.say_anew(seq)
            return {"was": was.value, "key": key}
        raise ValueError(MAIL_STAYS)

    async def _discard(self, name: str) -> Mapping[str, object]:
        rank, seq = parsed_id(name)
        if rank != MAIL_RANK:
            await self._parts.repairs.put_away(rank, seq)
        elif not self._parts.system.dead_letters.discard(seq):
            raise ValueError(no_letter(name))
        return {}

    async def _counted(self) -> dict[str, object]:
        shelf = await self._journal.on_the_shelf()
        return counted(shelf, len(self._parts.system.dead_letters))


async def _one_by_one(
    label: str,
    names: Sequence[str],
    do: Callable[[str], Awaitable[Mapping[str, object]]],
    refusals: tuple[type[Exception], ...],
) -> Mapping[str, object]:
    """Do something with each of *names*, and return for which it was done and why not.

    What was not reached in time has failed, so that there is an answer for each.

    Args:
        label: What a name is called in the answer.
        names: Of messages, or of dead letters.
        do: Returns what there is to tell besides.
        refusals: What *do* raises where it cannot be done, in words.
    """
    done: list[Mapping[str, object]] = []
    failed: list[Mapping[str, object]] = []
    with trio.move_on_after(ANSWER_SECONDS / 2):
        for name in names:
            try:
                done.append({label: name, **await do(name)})
            except refusals as error:
                failed.append({label: name, "why": str(error)})
    rest = names[len(done) + len(failed) :]
    failed += [{label: name, "why": LATE} for name in rest]
    return {"done": done, "failed": failed}
