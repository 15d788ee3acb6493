"""`rookery platforms` about types: what there is, and what each of them takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rookery.cli import main
from tests.rookery.kinds.packages import SOURCE, install


@pytest.fixture(autouse=True)
def _packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    install(site, "rookery-tinychat-shown")
    install(site, "rookery-broken-shown", "broken = {module}:Nothing", "pass")
    (tmp_path / "mine.py").write_text(SOURCE)


def test_the_types_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platforms", "--types"]) == 0
    rows = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows] == [
        "TYPE",
        "broken",
        "console",
        "irc",
        "matrix",
        "onebot11",
        "telegram",
        "tinychat",
        "webchat",
    ]
    assert rows[1][2] == "rookery-broken-shown"
    assert rows[1][3].startswith("unusable: rookery_broken_shown:Nothing")
    assert rows[-2][1:] == [
        "1.2",
        "rookery-tinychat-shown",
        "A chat that fits on one screen.",
    ]


def test_the_types_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platforms", "--types", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["types"]
    assert listed[-2] == {
        "name": "tinychat",
        "version": "1.2",
        "origin": "rookery-tinychat-shown",
        "doc": "A chat that fits on one screen.",
        "why_not": "",
    }


@pytest.mark.parametrize("name", ["tinychat", "mine.py:TinyChat"])
def test_what_one_takes(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platforms", name]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[1:] == [
        "A chat that fits on one screen.",
        "",
        "It can:",
        "  carry text",
        "",
        "Keys of its table:",
        "  url  (text, required, needs a reconnect)",
        "      Where to dial.",
        "  token  (secret, required, needs a reconnect)",
        '  greeting  (text, default "hello", live)',
        "      What is said first.",
    ]


def test_what_one_takes_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platforms", "tinychat", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"]["required"] == ["url", "token"]
    assert [key["name"] for key in told["keys"]] == ["url", "token", "greeting"]
    assert told["keys"][2]["live"] is True


def test_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["platforms", "tinychet"]) == 2
    assert (
        "there are broken, console, irc, matrix, onebot11, telegram, tinychat"
        in capsys.readouterr().err
    )
