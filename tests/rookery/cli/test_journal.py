"""`rookery journal` on a file that no host runs on, and on what is no file of ours."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import trio

from actors.journal import Claim, FileJournal, SqliteStore
from actors.journal.sqlite.schema import migrate, version_of
from actors.messages import (
    Chat,
    ChatKind,
    Forward,
    Image,
    Inbound,
    InboundState,
    Node,
    Sender,
    Text,
)
from rookery.cli import main
from rookery.host import locked
from tests.actors.journal.builders import saying

HOME = Path(__file__).resolve().parents[3]
COMMANDS = ("stats", "check", "compact", "export", "backup")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A journal of two events, one of them handled, and one thing to say."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "rookery-data"
    folder.mkdir()
    path = folder / "journal.sqlite"

    async def main() -> None:
        store = SqliteStore(path, new_id="mine", wall_clock=lambda: 1e9)
        journal = FileJournal(store, trio.current_time, lambda: 1e9)
        router = Claim("router", 1)
        body = (
            Text("hi \ud800"),
            Image(b"png"),
            Forward((Node("1", body=(Text("x"),)),)),
        )
        async with journal.running():
            for n in range(2):
                event = Inbound(
                    str(n), chat=Chat(ChatKind.GROUP, "42"), sender=Sender("7", "Ada"),
                    body=body, raw={"x": 2**70},
                )  # fmt: skip
                await journal.append("qq", "1", event, trace="t")
            (row, _) = await journal.claim_inbound(router, 2)
            journal.settle_inbound(router, row.seq, InboundState.DONE)
            await journal.enqueue(saying("k"), expires_at=trio.current_time() + 600)

    trio.run(main)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main(["journal", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_stats_counts_by_state(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "stats")
    assert code == 0
    for word in (
        "1 done",
        "1 claimed",
        "1 queued",
        "journal mine",
        "2 events",
        "none is running",
    ):
        assert word in out

    _, out, _ = run(capsys, "stats", "--json")
    found = json.loads(out)
    assert (found["id"], found["host"]) == ("mine", None)
    assert found["inbound"] == {"claimed": 1, "done": 1}
    assert found["oldest_open_utc"] == 1e9


def test_export_is_every_row_as_a_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "export")
    assert code == 0
    first, second, third = map(json.loads, out.splitlines())
    assert [row["table"] for row in (first, second, third)] == [
        "inbound",
        "inbound",
        "outbound",
    ]
    assert (first["state"], second["state"]) == ("done", "claimed")
    text, image, forward = first["event"]["body"]
    assert (text["segment"], text["text"]) == ("text", "hi ?")
    assert image["source"] == "<3 bytes>"
    assert forward["messages"][0]["body"][0]["text"] == "x"
    assert first["event"]["sender"]["name"] == "Ada"
    assert (third["key"], third["body"][0]["text"]) == ("k", "pong")


def test_a_backup_is_a_whole_journal(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "copy.sqlite"
    assert run(capsys, "backup", str(to))[0] == 0
    assert to.stat().st_mode & 0o777 == 0o600
    exported = run(capsys, "export")[1]

    path.unlink()
    to.rename(path)
    assert run(capsys, "export")[1] == exported
    assert run(capsys, "check") == (0, "nothing is wrong with it\n", "")


def test_a_backup_goes_over_nothing(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = tmp_path / "copy.sqlite"
    to.write_text("precious")
    code, _, err = run(capsys, "backup", str(to))
    assert code == 1
    assert "exists" in err
    assert to.read_text() == "precious"
    assert run(capsys, "backup", str(tmp_path / "no" / "where"))[0] == 1


DIES = """
import os, sqlite3, sys
from pathlib import Path
from actors.journal import backup

class Dies(sqlite3.Connection):
    def backup(self, target):
        super().backup(target, pages=1, progress=lambda *_: os._exit(9))

real = sqlite3.connect
sqlite3.connect = lambda *where, **how: real(*where, factory=Dies, **how)
backup(Path(sys.argv[1]), Path("copy"))
"""


def test_a_backup_that_was_killed_looks_like_none(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And is in nobody's way the next time."""
    killed = subprocess.run(
        [sys.executable, "-c", DIES, str(path)],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        check=False,
    )
    assert killed.returncode == 9
    assert not (tmp_path / "copy").exists()
    assert run(capsys, "backup", "copy")[0] == 0
    assert [file.name for file in tmp_path.glob("copy*")] == ["copy"]
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o600


def test_a_backup_names_the_disk_that_is_full(path: Path, tmp_path: Path) -> None:
    """A real one of 40 kB, in a namespace of its own where that is allowed."""
    unshare = shutil.which("unshare")
    small = tmp_path / "small"
    small.mkdir()
    mount = f"mount -t tmpfs -o size=40k none {small}"
    job = f"{mount} && {sys.executable} -m rookery journal backup {small}/copy; ls {small}; true"
    if unshare is None:
        pytest.skip("no mount namespaces here")
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", job],
        env={**os.environ, "PYTHONPATH": str(HOME)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("no mount namespaces here")
    assert done.stderr == f"{small}/copy: No space left on device\n"
    assert done.stdout == "", "no half of it is left"


def test_a_file_of_an_earlier_version_can_be_backed_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before a host of this version brings it up to date, and nothing leads back."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "rookery-data" / "journal.sqlite"
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        migrate(db, to=1)
    assert run(capsys, "stats")[0] == 2
    assert run(capsys, "backup", "copy")[0] == 0
    with closing(sqlite3.connect(tmp_path / "copy")) as db:
        assert version_of(db) == 1


def test_check_finds_what_is_wrong(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE inbound SET settled_at = NULL WHERE state = 'done'")
        db.execute("UPDATE outbound SET body = x'ff'")
    code, out, _ = run(capsys, "check")
    assert code == 1
    first, second = out.splitlines()
    assert first == "inbound 1: it is 'done' and open"
    assert second.startswith("outbound 1: its content cannot be read")
    code, out, _ = run(capsys, "check", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)
    assert '"unreadable"' in run(capsys, "export")[1]


def test_check_finds_damaged_pages(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'inbound'"
        ).fetchone()
    data = bytearray(path.read_bytes())
    data[(page - 1) * 4096 : page * 4096] = b"\xee" * 4096
    path.write_bytes(data)
    code, out, _ = run(capsys, "check")
    assert code == 1
    assert "malformed (move it away" in out
    code, out, _ = run(capsys, "check", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_check_says_what_it_found_before_it_could_read_no_further(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A page of rows is gone: SQLite says which, then how far one came."""
    with closing(sqlite3.connect(path)) as db, db:
        columns = [row[1] for row in db.execute("PRAGMA table_info(inbound)")][1:]
        db.execute(
            "WITH RECURSIVE number(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM number "
            f"WHERE n < 300) INSERT INTO inbound SELECT n, {', '.join(columns)} "
            "FROM number, (SELECT * FROM inbound WHERE seq = 2)"
        )
    data = bytearray(path.read_bytes())
    leaf = max(at for at in range(0, len(data), 4096) if data[at] == 0x0D)
    data[leaf : leaf + 4096] = b"\xee" * 4096
    path.write_bytes(data)
    code, out, _ = run(capsys, "check")
    first, *_, last = out.splitlines()
    assert code == 1
    assert first.startswith("SQLite: ")
    assert "malformed (move it away" in last


def test_compact_gives_space_back(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE ballast AS SELECT randomblob(1000000) AS x")
        db.execute("DROP TABLE ballast")
    code, out, _ = run(capsys, "compact", "--json")
    sizes = json.loads(out)
    assert code == 0
    assert sizes["bytes"] < 100_000 < sizes["bytes_before"]
    with locked(path.parent):  # a host that does not answer
        code, _, err = run(capsys, "compact")
    assert code == 2
    assert "in use by the host with pid" in err


@pytest.mark.parametrize("command", COMMANDS)
def test_where_there_is_no_journal_it_says_so(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [command, *(["copy"] if command == "backup" else [])]
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert "there is no journal at" in err
    code, out, _ = run(capsys, *arguments, "--json")
    assert (code, json.loads(out)["error"]["kind"]) == (2, "no_journal")
    assert not (tmp_path / "rookery-data").exists()


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("content", [b"no database", b"", "another"])
def test_what_is_no_journal_is_said_to_be_none(
    command: str,
    content: bytes | str,
    path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if isinstance(content, bytes):
        path.write_bytes(content * 1_000)
    else:
        path.unlink()
        with closing(sqlite3.connect(path)) as db, db:
            db.execute("CREATE TABLE mine (x)")
    arguments = [command, *(["copy"] if command == "backup" else [])]
    code, out, err = run(capsys, *arguments)
    if command == "compact" and content == b"":  # an empty file becomes one
        assert code == 0
        return
    if command == "check" and content == b"no database":  # a damaged one looks like it
        assert (code, str(path) in out) == (1, True)
        return
    assert code == 2, err
    assert str(path) in err
