"""What an operator can ask of single messages: see them, and let them begin again or go."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import assert_never

import trio

from actors.buffer import CannotRepair
from actors.journal import NoJournal, Place
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
    letter_whole,
    mail_row,
    mail_whole,
    no_letter,
    no_message,
    said_whole,
)

ANSWER_SECONDS = 60.0
"""After so long somebody is answered who waits for a disk in trouble."""
LATE = "the journal did not answer in time; ask again"
MAIL_STAYS = (
    "mail between actors cannot be retried: whoever sent it was told, "
    "or has gone on without; it can only be discarded"
)


class MessageDesk:
    """Answers for one host."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._journal = parts.journal
        system = parts.system
        # Once: that a clock is set must not move what is on the shelf.
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
        done: list[Mapping[str, object]] = []
        failed: list[Mapping[str, object]] = []
        with trio.move_on_after(ANSWER_SECONDS / 2):
            for key in request.keys:
                try:
                    outcome = await self._parts.repairs.repair(
                        key, request.repair, request.message_id
                    )
                except (NotRepairable, CannotRepair) as error:
                    failed.append({"key": key, "why": str(error)})
                else:
                    done.append({"key": key, "state": outcome.state.value})
        rest = request.keys[len(done) + len(failed) :]
        failed += [{"key": key, "why": LATE} for key in rest]
        return {"done": done, "failed": failed}

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
            (Place(letter.at + self._since, 2, letter.number), letter)
            for letter in shelf.newest(len(shelf))
        )
        wanted = (pair for pair in placed if before is None or pair[0] < before)
        return [(at, mail_row(letter, at.at)) for at, letter in islice(wanted, limit)]

    async def _show_letter(self, name: str) -> Mapping[str, object]:
        rank, seq = parsed_id(name)
        if rank == 2:
            mail = self._parts.system.dead_letters.numbered(seq)
            if mail is not None:
                return mail_whole(mail, mail.at + self._since)
        else:
            letter = await self._journal.letter(rank, seq)
            if letter is not None:
                return letter_whole(letter)
        raise Refused(kind="no_letter", message=no_letter(name))

    async def _do_letters(self, request: DoLetters) -> Mapping[str, object]:
        done: list[Mapping[str, object]] = []
        failed: list[Mapping[str, object]] = []
        with trio.move_on_after(ANSWER_SECONDS / 2):
            for name in request.ids:
                try:
                    if request.deed == "retry":
                        done.append({"id": name, **await self._retry(name)})
                    else:
                        await self._discard(name)
                        done.append({"id": name})
                except (CannotRepair, ValueError) as error:
                    failed.append({"id": name, "why": str(error)})
        rest = request.ids[len(done) + len(failed) :]
        failed += [{"id": name, "why": LATE} for name in rest]
        return {"done": done, "failed": failed}

    async def _retry(self, name: str) -> Mapping[str, object]:
        rank, seq = parsed_id(name)
        repairs = self._parts.repairs
        if rank == 0:
            return {"was": (await repairs.hear_again(seq)).value, "key": None}
        if rank == 1:
            was, key = await repairs.say_anew(seq)
            return {"was": was.value, "key": key}
        raise ValueError(MAIL_STAYS)

    async def _discard(self, name: str) -> None:
        rank, seq = parsed_id(name)
        if rank < 2:
            await self._parts.repairs.put_away(rank, seq)
        elif not self._parts.system.dead_letters.discard(seq):
            raise ValueError(no_letter(name))

    async def _counted(self) -> dict[str, object]:
        shelf = await self._journal.on_the_shelf()
        return counted(shelf, len(self._parts.system.dead_letters))
