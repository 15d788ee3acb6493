"""Look at messages in the journal's file, where no host runs. Nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_never

from actors.journal import file_listing, opened
from rookery.control import (
    CountLetters,
    ListLetters,
    ListOutbox,
    Refused,
    ShowLetter,
    ShowOutbox,
)
from rookery.host.pages import (
    counted,
    kinds_meant,
    letters_page,
    outbox_page,
    parsed_id,
    parsed_token,
    sought_of,
)
from rookery.host.showing import (
    MAIL_RANK,
    letter_whole,
    no_letter,
    no_message,
    said_whole,
)


def look_at_file(
    path: Path,
    request: ListOutbox | ShowOutbox | ListLetters | ShowLetter | CountLetters,
) -> Mapping[str, object]:
    """Answer *request* from the journal at *path*, as a host would. Blocking.

    Raises:
        NoJournal: there is none that could be read.
        Refused: what is meant is not there.
        ValueError: a name or a place is none.
    """
    with opened(path) as db:
        match request:
            case ListOutbox():
                rows = file_listing.said(db, sought_of(request))
                return outbox_page(rows, request.limit)
            case ShowOutbox(key=key):
                row = file_listing.said_of(db, key)
                if row is None:
                    raise Refused(kind="no_message", message=no_message(key))
                return said_whole(row)
            case ListLetters(kinds=words, after=after, limit=limit):
                kinds, _ = kinds_meant(words)
                before = parsed_token(after)
                found = file_listing.letters(db, kinds, before, limit + 1)
                shelf = file_listing.on_the_shelf(db)
                return letters_page(found, (), limit, counted(shelf, None))
            case ShowLetter(id=name):
                rank, seq = parsed_id(name)
                # Mail between actors is in no file, only in the memory of a host.
                letter = (
                    None if rank == MAIL_RANK else file_listing.letter(db, rank, seq)
                )
                if letter is None:
                    raise Refused(kind="no_letter", message=no_letter(name))
                return letter_whole(letter)
            case CountLetters():
                return counted(file_listing.on_the_shelf(db), None)
            case _:
                assert_never(request)
