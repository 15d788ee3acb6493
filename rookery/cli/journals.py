"""`rookery journal ...`: look into the file of a host, whether it runs or not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from actors.journal import NoJournal, backup, faults, rows, stats
from rookery.cli.client import NotDone
from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.places import Which
from rookery.cli.rendering import journal_text
from rookery.config import ConfigRefused, find_data
from rookery.control import (
    CompactJournal,
    CountLetters,
    Journal,
    NoAnswer,
    NoHost,
    Refused,
    ask,
)
from rookery.host import (
    JOURNAL_NAME,
    DataTaken,
    DataUnusable,
    compact_file,
    locked,
    look_at_file,
)


def show_stats(which: Which) -> int:
    """Print how much is in the file, and how the journal of a running host is."""

    def look(data: Path) -> int:
        host: Mapping[str, object] | None = None
        with suppress(NoHost):
            host = ask(data, Journal())
        path = data / JOURNAL_NAME
        in_memory = host is not None and host["durability"] == "memory"
        found: dict[str, object] = {} if in_memory else stats(path)
        found["dead_letters"] = (
            look_at_file(path, CountLetters())
            if host is None
            else ask(data, CountLetters())
        )
        return _answer(which, {**found, "host": host}, journal_text)

    return _doing(which, look)


def check(which: Which) -> int:
    """Print what is wrong with the file; `NOT_DONE` if something is."""

    def look(data: Path) -> int:
        found = faults(data / JOURNAL_NAME)
        _answer(which, {"ok": not found, "faults": found}, _faults_text)
        return NOT_DONE if found else OK

    return _doing(which, look)


def compact(which: Which) -> int:
    """Give unused space back: by the host if there is one, else here."""

    def work(data: Path) -> int:
        path = data / JOURNAL_NAME
        before = _size(path)
        try:
            ask(data, CompactJournal())
        except NoHost:
            if not path.exists():
                raise NoJournal(f"there is no journal at {path}") from None  # noqa: EM102
            with locked(data):  # nobody may start on it meanwhile
                compact_file(path)
        result = {"bytes_before": before, "bytes": _size(path)}
        return _answer(which, result, _compact_text)

    return _doing(which, work)


def back_up(which: Which, to: Path) -> int:
    """Copy the file as it is at one instant; the copy is a whole journal by itself."""

    def work(data: Path) -> int:
        try:
            size = backup(data / JOURNAL_NAME, to)
        except OSError as error:
            why = f"{to}: {error.strerror or error}"
            return NotDone("not_written", why, NOT_DONE).tell(as_json=which.json)
        result = {"path": str(to), "bytes": size}
        return _answer(which, result, lambda _: f"{to} ({size} bytes)")

    return _doing(which, work)


def export(which: Which) -> int:
    """Print every row as one line of JSON."""

    def work(data: Path) -> int:
        for line in _lines(rows(data / JOURNAL_NAME)):
            print(line)
        return OK

    return _doing(which, work)


def _doing(which: Which, work: Callable[[Path], int]) -> int:
    """Call *work* with the data directory that is meant; say in words why it cannot be.

    The commands above differ in *work*; the ways to fail are the same for all.
    """
    try:
        return work(find_data(which.config, which.data, Path.cwd()))
    except ConfigRefused as refused:
        return NotDone("bad_config", str(refused), USAGE).tell(as_json=which.json)
    except NoJournal as missing:
        return NotDone("no_journal", str(missing), USAGE).tell(as_json=which.json)
    except (DataTaken, DataUnusable) as taken:
        return NotDone("taken", str(taken), USAGE).tell(as_json=which.json)
    except NoAnswer as silent:
        return NotDone("no_answer", str(silent), NOT_DONE).tell(as_json=which.json)
    except Refused as refused_by_host:
        return NotDone(refused_by_host.kind, str(refused_by_host), NOT_DONE).tell(
            as_json=which.json
        )


def _answer(
    which: Which,
    result: Mapping[str, object],
    show: Callable[[Mapping[str, object]], str],
) -> int:
    text = json.dumps(result, ensure_ascii=False) if which.json else show(result)
    print(text)
    return OK


def _lines(found: Iterator[Mapping[str, object]]) -> Iterator[str]:
    for row in found:
        text = json.dumps(row, ensure_ascii=False, default=_plain)
        # Half a surrogate pair is no text anywhere else.
        yield text.encode("utf-8", "replace").decode()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _faults_text(result: Mapping[str, object]) -> str:
    found = result["faults"]
    assert isinstance(found, list)
    return "\n".join(found) if found else "nothing is wrong with it"


def _compact_text(result: Mapping[str, object]) -> str:
    return f"{result['bytes_before']} bytes before, {result['bytes']} now"
