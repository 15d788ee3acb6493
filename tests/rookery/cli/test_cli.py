"""The command line, in this process: words in, exit code and output out."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.cli import main
from rookery.cli.lanes import lanes_text
from rookery.cli.rendering import (
    platforms_text,
    reload_text,
    schedules_text,
    send_text,
)
from rookery.config import EMBEDDED
from rookery.control.protocol import encode_request

HOME = Path(__file__).resolve().parents[3]
COMMANDS = (
    "chaos",
    "check",
    "demo",
    "journal",
    "lanes",
    "new",
    "platforms",
    "reload",
    "run",
    "schedules",
    "send",
    "tree",
)

JOURNAL = [
    f"journal {each}" for each in ("stats", "check", "compact", "backup", "export")
]


GROUPED = [
    "new bot",
    "new platform",
    *JOURNAL,
    *(f"outbox {each}" for each in ("list", "show", "retry", "mark-sent", "discard")),
    *(f"dead-letters {each}" for each in ("list", "show", "retry", "discard")),
]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def said(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    out, err = capsys.readouterr()
    return out, err


def test_help_names_every_command_and_how_to_begin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--help"]) == 0

    out, _ = said(capsys)
    for word in (*COMMANDS, "For example", "rookery run", "127.0.0.1:6700", "70"):
        assert word in out


@pytest.mark.parametrize("command", [*COMMANDS, *GROUPED])
def test_every_command_has_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command.split(), "--help"]) == 0

    out, _ = said(capsys)
    assert f"rookery {command}" in out
    assert command == "new" or "For example" in out


@pytest.mark.parametrize("command", ["", *COMMANDS, *GROUPED])
def test_help_fits_a_terminal_of_80_columns(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lines are told as they are written: a longer one leaves a torn margin."""
    written = help_of(command, "400", capsys, monkeypatch)
    shown = help_of(command, "80", capsys, monkeypatch)
    assert shown == written


def help_of(
    command: str,
    columns: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> list[str]:
    """Return what stands before the table of options, on a screen so wide."""
    monkeypatch.setenv("COLUMNS", columns)
    assert main([*command.split(), "--help"]) == 0
    told, _, _ = said(capsys)[0].partition("╭")
    return [line.rstrip() for line in told.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["frobnicate"], "rookery --help"),
        (["send"], "rookery send --help"),
        (["new", "bot"], "rookery new bot --help"),
        (["chaos"], "rookery chaos --help"),
    ],
)
def test_wrong_usage_names_the_help_of_its_command(
    arguments: list[str], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(arguments)
    assert f"`{where}`" in said(capsys)[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["send"],
        ["send", "qq/1/group:42"],
        ["tree", "--jsn"],
        ["check", "a", "b"],
        ["new", "bot"],
        ["new", "bot", "a", "b"],
        ["new", "platform", "x"],
        ["chaos"],
    ],
)
def test_wrong_usage_is_one_line_and_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    out, err = said(capsys)
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "--help`" in err


@pytest.mark.parametrize(
    "arguments", [["tree"], ["platforms"], ["reload"], ["send", "a/b/group:c", "x"]]
)
def test_where_no_host_runs_it_says_how_to_start_one(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2

    _, err = said(capsys)
    assert "no host is running on" in err
    assert "rookery run" in err

    assert main([*arguments, "--json"]) == 2
    out, _ = said(capsys)
    assert json.loads(out)["error"]["kind"] == "no_host"


def test_a_new_bot_is_written_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "bot", "my-weather"]) == 0

    out, _ = said(capsys)
    written = tmp_path / "my_weather.py"
    ast.parse(written.read_text())
    assert 'use = "my_weather.py:bot"' in out
    assert EMBEDDED in out

    written.write_text("mine now")
    assert main(["new", "bot", "my-weather"]) == 2
    assert "exists already" in said(capsys)[1]
    assert written.read_text() == "mine now"


def test_a_new_bot_beside_a_configuration_is_one_table_to_add(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rookery.toml").touch()

    assert main(["new", "bot", "weather"]) == 0

    out, _ = said(capsys)
    assert "[bots.weather]" in out
    assert "[platforms" not in out
    assert "rookery reload" in out


@pytest.mark.parametrize(
    "name",
    ["Weather", "1st", "a b", "../x", "class", "", "é", "json", "trio", "structlog"],
)
def test_a_new_bot_has_a_name_that_can_be_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["new", "bot", name]) == 2

    assert "a bot's name must" in said(capsys)[1]
    assert list(tmp_path.iterdir()) == []


def test_check_of_a_new_bot_is_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["new", "bot", "weather"])
    (tmp_path / "rookery.toml").write_text('[bots.weather]\nuse = "weather.py"\n')
    said(capsys)

    assert main(["check", "rookery.toml"]) == 0

    assert "rookery.toml is fine: bots weather; platforms none" in said(capsys)[0]

    assert main(["check"]) == 0  # what `rookery run` would take
    assert "rookery.toml is fine: bots weather; platforms none" in said(capsys)[0]


def test_check_without_a_file_where_there_is_none_names_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check"]) == 2
    assert "rookery.toml: expected a file that can be read" in said(capsys)[1]


def test_check_prints_one_line_a_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.toml").write_text("[host]\ndata = 5\nx = 1\n[bost]\n")

    assert main(["check", "bad.toml"]) == 2
    out, err = said(capsys)
    assert out == ""
    assert [line.split(":")[0] for line in err.splitlines()] == [
        "bost",
        "host.data",
        "host.x",
    ]

    assert main(["check", "bad.toml", "--json"]) == 2
    listed = json.loads(said(capsys)[0])
    assert listed["ok"] is False
    assert [fault["path"] for fault in listed["faults"]] == [
        "bost",
        "host.data",
        "host.x",
    ]


def test_check_tries_to_load_the_bots(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "bad.toml").write_text('[bots.b]\nuse = "broken.py:bot"\n')

    assert main(["check", "bad.toml"]) == 2

    [line] = said(capsys)[1].splitlines()
    assert line.startswith("bots.b.use: expected a bot that can be loaded, got: ")
    assert "nothing_of_that_name" in line


@pytest.mark.parametrize(
    ("code", "said_of_it"),
    [
        ("raise BaseException", "BaseException"),
        (
            (
                "from rookery import Bot, use\nbot = Bot('b')\n@bot.command('x')\n"
                "async def x(ctx, db: object = use('db')) -> None: ..."
            ),
            "uses 'db', which nobody provides (provided: tree)",
        ),
    ],
)
def test_check_finds_what_would_keep_a_bot_from_running(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: str, said_of_it: str
) -> None:
    (tmp_path / "broken.py").write_text(f"print('a word')\n{code}\n")
    (tmp_path / "bad.toml").write_text('[bots.b]\nuse = "broken.py:bot"\n')

    assert main(["check", "bad.toml", "--json"]) == 2

    [fault] = json.loads(said(capsys)[0])["faults"]
    assert fault["path"] == "bots.b.use"
    assert said_of_it in fault["message"]


def test_a_terminal_that_cannot_show_a_character_gets_its_number(
    tmp_path: Path,
) -> None:
    (tmp_path / "\u6587.toml").write_text("")

    told = subprocess.run(
        [sys.executable, "-m", "rookery", "check", "\u6587.toml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(HOME), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith(rb"\u6587.toml is fine")


def test_run_prints_ten_lines_for_ten_mistakes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = "".join(f'[bots.b{n}]\nuse = "{n}"\n' for n in range(9))
    (tmp_path / "rookery.toml").write_text(f"[host]\ndata = 1\n{tables}")

    assert main(["run"]) == 2

    assert len(said(capsys)[1].splitlines()) == 10
    assert not (tmp_path / "rookery-data").exists()


def test_platforms_are_listed() -> None:
    account = {"account": "10001", "state": "up"}
    platforms = [
        {"id": "qq", "type": "onebot11", "state": "up", "accounts": [account]},
        {"id": "t", "type": "console", "state": "", "accounts": []},
    ]

    assert platforms_text({"platforms": platforms}).splitlines() == [
        "PLATFORM  ACCOUNT  TYPE      STATE",
        "qq        -        onebot11  up",
        "qq        10001    onebot11  up",
        "t         -        console",
    ]
    assert platforms_text({"platforms": []}) == "no platforms are configured"


def test_what_is_due_is_listed() -> None:
    result: dict[str, object] = {
        "schedules": [
            {
                "bot": "demo",
                "handler": "every:report",
                "plan": "every 1h",
                "missed": "once",
                "due": "2026-01-05T10:00:00+00:00",
            },
            {"bot": "demo", "handler": "cron:x", "plan": "cron ...", "due": None},
        ],
        "laters": [
            {
                "bot": "demo",
                "handler": "later:ring",
                "to": "qq/1/group:2",
                "due": "2026-01-05T09:00:00+00:00",
            }
        ],
        "waiting": 3,
    }
    assert schedules_text(result).splitlines() == [
        "DUE                        BOT   HANDLER       PLAN OR CHAT",
        "2026-01-05T10:00:00+00:00  demo  every:report  every 1h",
        "soon                       demo  cron:x        cron ...",
        "2026-01-05T09:00:00+00:00  demo  later:ring    qq/1/group:2",
        "and 2 more",
    ]
    nothing = {"schedules": [], "laters": [], "waiting": 0}
    assert schedules_text(nothing) == "nothing is scheduled"


def test_lanes_are_listed() -> None:
    lane = {
        "waiting": 3,
        "oldest_seconds": 12.3,
        "in_hand": 1,
        "routed": 9,
        "ended": {"done": 5, "failed": 2, "quarantined": 1},
    }
    idle = {**lane, "waiting": 0, "oldest_seconds": None, "ended": {}}
    platform = {
        "platform": "qq",
        "accepted": 12,
        "duplicates": 2,
        "refused": 0,
        "waiting_for_room": 4,
        "rows": 4,
        "bytes": 900,
        "lanes": [{"priority": "urgent", **idle}, {"priority": "bulk", **lane}],
    }
    assert lanes_text({"platforms": [platform]}).splitlines() == [
        "PLATFORM  PRIORITY  WAITING  OLDEST  IN HAND  ROUTED  DONE  FAILED  EXPIRED",
        "qq        urgent          0       -        1       9     0       0        0",
        "qq        bulk            3    12 s        1       9     5       3        0",
        "",
        (
            "qq: accepted 12, duplicate 2, refused 0; 4 unsettled in 900 bytes; "
            "its backlog is full, and 4 wait for room"
        ),
    ]
    assert lanes_text({"platforms": []}) == "nothing has come in yet"


def test_a_reload_is_told() -> None:
    told = reload_text(
        {
            "bots": {"added": ["a", "b"], "removed": []},
            "platforms": {"added": []},
            "faults": ["bots.c: cannot be loaded"],
        }
    )

    assert told.splitlines() == [
        "bots: added a, b",
        "platforms: nothing changed",
        "bots.c: cannot be loaded",
    ]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"state": "sent", "detail": "", "message_id": "7"}, "sent, message 7"),
        ({"state": "rejected", "detail": "muted"}, "rejected (muted)"),
    ],
)
def test_what_became_of_a_message_is_told(result: dict[str, object], told: str) -> None:
    assert send_text(result) == told


EVIL = "no \x1b[2J\x9b31m \u202e\r\nok"
SHOWN = r"no \x1b[2J\x9b31m \u202e\r\nok"


def test_what_a_peer_says_does_not_reach_the_terminal_as_it_is() -> None:
    """A refusal, a name, a reason: all of it comes from the other side of a line."""
    result = {"state": "rejected", "detail": EVIL, "message_id": EVIL}
    assert send_text(result) == f"rejected ({SHOWN}), message {SHOWN}"
    account = {"account": "漢", "state": EVIL}
    platforms = [
        {"id": "qq", "type": "onebot11", "state": "", "accounts": [account, account]}
    ]
    table = platforms_text({"platforms": platforms}).splitlines()
    assert table[1:] == [f"qq        漢       onebot11  {SHOWN}"] * 2
    done: dict[str, object] = {"bots": {}, "platforms": {}, "faults": [EVIL]}
    assert reload_text(done).splitlines()[2:] == [SHOWN]


def test_arguments_that_are_no_text_are_one_line_and_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rookery.cli.client.ask", lambda _, asked: encode_request(asked)
    )
    for command in ("show", "retry"):
        assert main(["outbox", command, "\udcff", "--data", str(tmp_path)]) == 2
        said = capsys.readouterr().err
        assert said == "arguments must be UTF-8 (got bytes that are not)\n"


def test_what_is_refused_is_shown_and_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = {"done": [], "failed": [{"key": EVIL, "why": EVIL}]}
    monkeypatch.setattr("rookery.cli.client.ask", lambda _, __: failed)
    assert main(["outbox", "retry", EVIL, "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{SHOWN}: {SHOWN}\n"
