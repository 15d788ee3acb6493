"""`rookery outbox` and `rookery dead-letters` where no host runs, and what they refuse."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trio

from actors.journal import Claim, FileJournal, Kind, Said, SqliteStore, file_listing
from actors.messages import (
    Change,
    Delete,
    Edit,
    InboundState,
    Ours,
    OutboundKind,
    OutboundState,
    Outcome,
    React,
    Text,
)
from rookery.cli import main
from rookery.cli.messagelists import ago, letters_text, outbox_text, whole_text
from rookery.host.showing import letter_row, said_row, said_whole
from tests.actors.journal.builders import event, saying
from tests.actors.journal.claiming import claimed_outbound

S = OutboundState


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal with three messages in the outbox, two dead ones and a dead event."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rookery-data").mkdir()
    path = tmp_path / "rookery-data" / "journal.sqlite"

    async def main() -> None:
        store = SqliteStore(path, new_id="mine", wall_clock=lambda: 1e9)
        journal = FileJournal(store, trio.current_time, lambda: 1e9)
        router, sender = Claim("router", 1), Claim("sender", 1)
        async with journal.running():
            await journal.append("qq", "1", event("1"), trace="t")
            (row,) = await journal.claim_inbound(router, 1)
            journal.settle_inbound(router, row.seq, InboundState.FAILED, "a mistake")
            for n, state in enumerate((S.UNKNOWN, S.REJECTED, S.REJECTED, S.UNKNOWN)):
                text = "x" * 20_000 if n == 3 else f"text {n}"
                out = saying(f"k{n}", text=text)
                await journal.enqueue(out, expires_at=trio.current_time() + 600)
                (claimed,) = await claimed_outbound(journal, sender, ("qq", "1"))
                journal.settle_outbound(sender, claimed.seq, Outcome(state, "so"))
            await journal.enqueue(saying("k4"), expires_at=trio.current_time() + 600)

    trio.run(main)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(list(arguments))
    out, err = capsys.readouterr()
    return code, out, err


def test_the_file_is_read_and_it_is_said_that_nobody_runs(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "outbox", "list")
    assert code == 0
    head, *lines = out.splitlines()
    assert head.split() == ["KEY", "STATE", "SAID", "TO", "WHY", "TEXT"]
    assert [line.split()[:2] for line in lines] == [
        ["k0", "unknown"],
        ["k3", "unknown"],
        ["k4", "queued"],
    ]
    assert "no host is running" in err
    code, out, err = run(capsys, "outbox", "list", "--json", "--limit", "2")
    page = json.loads(out)
    assert (code, err, page["host"], page["next"]) == (0, "", False, 4)
    assert page["messages"][1]["text"] is None  # too long for a list
    first = page["messages"][0]
    assert first.pop("expires_at").startswith("2001-09-09T01:56:")
    assert first == {
        "key": "k0",
        "to": "qq/1/group:42",
        "kind": "reply",
        "state": "unknown",
        "detail": "so",
        "message_id": "",
        "attempt": 1,
        "queued_at": "2001-09-09T01:46:40+00:00",
        "settled_at": None,
        "trace": "t-k0",
        "change": None,
        "text": "text 0",
    }
    _, out, _ = run(capsys, "outbox", "list", "--json", "--after", "4")
    assert [one["key"] for one in json.loads(out)["messages"]] == ["k4"]


def test_what_a_row_does_to_a_message_is_shown() -> None:
    changes: list[Change | None] = [
        None,
        Edit("7"),
        Delete(Ours("k0")),
        React("7", "👍"),
    ]
    rows = [
        Said(
            seq=n,
            key=f"k{n}",
            to=saying("k").to,
            kind=OutboundKind.REPLY,
            outcome=Outcome(S.REJECTED, "no"),
            attempt=1,
            queued_at=1e9,
            expires_at=1e9,
            settled_at=1e9,
            trace="t",
            body=() if n > 1 else (Text("new"),),
            change=change,
        )
        for n, change in enumerate(changes)
    ]
    shown = [said_row(row) for row in rows]
    assert [row["change"] for row in shown] == [
        None,
        {"does": "edit", "message_id": "7"},
        {"does": "delete", "key": "k0"},
        {"does": "react", "message_id": "7", "emoji": "👍"},
    ]
    now = datetime(2001, 9, 9, tzinfo=UTC)
    for text in (
        outbox_text({"messages": shown, "next": None}, now),
        letters_text({"dead_letters": [*map(letter_row, rows)], "next": None}, now),
    ):
        lines = [line.split("  ")[-1].strip() for line in text.splitlines()[1:]]
        assert lines == ["new", "edit 7: new", "delete k0", "react 7: 👍"]
    whole = whole_text(said_whole(rows[3]))
    assert "change       does react, message_id 7, emoji 👍" in whole


def test_one_message_is_shown_whole(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "outbox", "show", "k3")
    assert code == 0
    assert "x" * 10_000 in out
    assert "x" * 10_001 not in out
    code, out, _ = run(capsys, "dead-letters", "show", "in-1", "--json")
    assert (code, json.loads(out)["body"]) == (0, [{"segment": "text", "text": "hi"}])
    for what in (("outbox", "show", "k9"), ("dead-letters", "show", "out-9")):
        code, _, err = run(capsys, *what)
        assert code == 1
        assert "any more" in err


def test_the_shelf_and_the_counts_agree(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "dead-letters", "list")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [
        ["out-3", "rejected"],
        ["out-2", "rejected"],
        ["in-1", "failed"],
    ]
    _, out, _ = run(capsys, "dead-letters", "list", "--kind", "failed", "--json")
    page = json.loads(out)
    assert [one["id"] for one in page["dead_letters"]] == ["in-1"]
    _, out, _ = run(capsys, "journal", "stats", "--json")
    stats = json.loads(out)
    assert stats["dead_letters"] == page["counts"]
    assert stats["dead_letters"]["outbound"] == {"rejected": 2}
    assert stats["outbound"] == {"queued": 1, "rejected": 2, "unknown": 2}
    for state, count in stats["outbound"].items():
        _, out, _ = run(capsys, "outbox", "list", "--state", state, "--json")
        assert len(json.loads(out)["messages"]) == count
    assert "inbound 1 failed; outbound 2 rejected" in run(capsys, "journal", "stats")[1]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("outbox retry", "either a KEY or --all"),
        ("outbox retry k0 --all", "either a KEY or --all"),
        ("outbox retry k0 --state unknown", "go with --all"),
        ("outbox retry --all --state queued --yes", "needs messages that are unknown"),
        ("outbox discard --all", "must have --yes"),
        ("outbox mark-sent k0 k1 --message-id 7", "that of one message"),
        ("outbox list --after soon", "--after must be"),
        ("outbox list --limit 0", "--limit: expected `int` >= 1 (got 0)"),
        (
            "dead-letters list --limit 2000",
            "--limit: expected `int` <= 1000 (got 2000)",
        ),
        ("outbox list unknown", "`rookery outbox list` takes no 'unknown' here"),
        ("outbox list --state lost", "lost"),
        ("dead-letters retry", "there must be an ID"),
        ("dead-letters show k0", "must be named as in the list"),
        ("dead-letters list --after there", "behind the `next`"),
        ("outbox retry k0", "no host is running"),
        ("dead-letters discard in-1", "no host is running"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    line: str, why: str, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, *line.split())
    assert code == 2
    assert why in err


def test_without_a_journal_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capsys, "outbox", "list", "--json")
    assert (code, json.loads(out)["error"]["kind"]) == (2, "no_host")
    assert "no host is running on" in err


def test_the_shelf_holds_the_newest_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_listing, "SHELF_ROWS", 2)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE outbound SET settled_at = 5, died_at = 5 WHERE seq = 3")
        kinds: list[Kind] = [InboundState.FAILED, S.REJECTED]
        found = file_listing.letters(db, kinds, None, 10)
        assert [(type(one).__name__, one.seq) for one in found] == [
            ("Said", 2),
            ("Heard", 1),
        ]
        assert file_listing.on_the_shelf(db) == {(0, "failed"): 1, (1, "rejected"): 1}


def test_what_cannot_be_read_is_listed_all_the_same(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE outbound SET body = x'ff'")
        db.execute("UPDATE inbound SET body = x'ff'")
    assert run(capsys, "outbox", "list")[0] == 0
    assert run(capsys, "dead-letters", "list")[0] == 0
    assert run(capsys, "dead-letters", "show", "in-1")[0] == 0


def test_ages_are_words() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    for seconds, words in (
        (0, "0 s ago"),
        (119, "119 s ago"),
        (120, "2 min ago"),
        (7_200, "2 h ago"),
        (10 * 86_400, "10 days ago"),
        (-5, "0 s ago"),
    ):
        assert ago((now - timedelta(seconds=seconds)).isoformat(), now) == words
    assert ago(None, now) == "-"


def test_a_table_is_aligned_by_cells_and_obeys_nobody() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    row = {
        "key": "k", "state": "unknown", "queued_at": now.isoformat(),
        "to": "qq/1/group:天气", "detail": "\x1b[2J", "text": "好" * 100,
    }  # fmt: skip
    text = outbox_text({"messages": [row, {**row, "to": "x"}], "next": 7}, now)
    first, second, last = text.splitlines()[1:]
    assert "\\x1b[2J" in first
    assert first.endswith("…")
    assert first.index("\\x1b") + 2 == second.index("\\x1b")  # two wide characters
    assert last == "there are more: --after 7"
    assert "nothing" in outbox_text({"messages": [], "next": None}, now)
    assert "no dead letters" in letters_text({"dead_letters": [], "next": None}, now)
