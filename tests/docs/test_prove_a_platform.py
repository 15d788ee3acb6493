"""The page on proving a platform: whoever types it in has a platform that is proved."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from trio.testing import MockClock

from rookery import Link, Outbound, Sent, Text
from rookery.testing.lab import Case, Lab, NotConforming, Peer, prove
from rookery.testing.plugin import OpenLab
from tests.docs.pages import READMES, ROOT, blocks
from tests.docs.test_python import run

PAGE = ROOT / "docs/how-to/prove-a-platform.md"
REFERENCE = (ROOT / "docs/reference/testing.md").read_text("utf-8")


@pytest.fixture(scope="module")
def page() -> Iterator[ModuleType]:
    """What its reader has saved as `test_tinychat.py`, beside `tinychat.py`."""
    platform, *rest = blocks(PAGE, "python")
    sys.modules["tinychat"] = run(platform.text, "tinychat")
    yield run("\n".join(block.text for block in rest), "test_tinychat")
    del sys.modules["tinychat"]


def test_it_is_the_platform_of_the_front_page() -> None:
    platform, *_ = blocks(PAGE, "python")
    assert platform.text in [block.text for block in blocks(READMES[0], "python")]


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_it_stands_everything(page: ModuleType, case: Case) -> None:
    excuse = prove(page.TestTinyChat.peer, case)
    assert bool(excuse) == (case is Case.TOO_MANY)


async def test_its_story_is_true(
    page: ModuleType, lab: OpenLab, autojump_clock: MockClock
) -> None:
    await page.test_survives_a_drop(lab, autojump_clock)


def test_its_files_are_all_that_pytest_needs(tmp_path: Path) -> None:
    """An asynchronous test is skipped or refused where nothing says who runs it."""
    platform, *rest = blocks(PAGE, "python")
    [settings] = blocks(PAGE, "ini")
    (tmp_path / "tinychat.py").write_text(platform.text)
    (tmp_path / "pytest.ini").write_text(settings.text)
    tests = "\n".join(block.text for block in rest)
    (tmp_path / "test_tinychat.py").write_text(tests)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-k", "survives_a_drop or gap"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "2 passed" in done.stdout, done.stdout


def test_what_it_shows_of_a_failure_is_what_is_said(page: ModuleType) -> None:
    whole: Any = page.TinyChat

    class Broken(whole):  # type: ignore[misc]  # as the page tells its reader
        async def send(self, link: Link, out: Outbound) -> Sent:
            ref = link.new_id()
            text = "".join(part.text for part in out.body if isinstance(part, Text))
            say = {"op": "say", "ref": ref, "chat": out.chat, "text": text}
            return await link.request(say, ref=ref, within=15)

    peer: type[Peer] = type("BrokenPeer", (page.TinyPeer,), {"kind": Broken})
    with pytest.raises(NotConforming) as failed:
        prove(peer, Case.CUT)
    [shown] = blocks(PAGE, "text")
    assert without_keys(shown.text) == without_keys(f"{failed.value}\n")


def without_keys(text: str) -> str:
    return re.sub(r"(?<=another key: ).*", "...", text)


def test_the_reference_says_what_each_case_is() -> None:
    for case in Case:
        assert f"| `{case.name}` | {case.value} | " in REFERENCE


@pytest.mark.parametrize("of", [Peer, Lab])
def test_the_reference_names_what_there_is(of: type) -> None:
    of_the_lab_alone = {
        "enter",
        "serves",
        "visits",
        "note",
        "witness",
        "changed",
        "unknown",
    }
    of_the_stage = {"hears", "refusal", "dial"}
    for name in vars(of):
        if not name.startswith("_") and name not in of_the_lab_alone | of_the_stage:
            assert re.search(rf"`[^`]*\b{name}\b[^`]*`", REFERENCE), name
