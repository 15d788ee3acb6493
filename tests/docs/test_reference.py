"""What pages say about the code is what the code does."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import attrs
import pytest

from actors.journal import MemoryJournal
from actors.kernel import System
from actors.messages import InboundState, OutboundState
from actors.monitor import Phase
from rookery.config import Configuration, load
from rookery.host.estate import Estate
from rookery.host.loading import Loader
from rookery.host.notify import Notifier
from rookery.host.parts import Parts
from rookery.host.tree import host_tree
from rookery.kinds import Kinds
from rookery.logs.fields import COMMON
from supervision import Supervisor
from tests.docs.logged import logged
from tests.docs.pages import ROOT, blocks, rows, words
from tests.meta.sources import TESTS, docstrings

DOCS = ROOT / "docs"
LOGS = DOCS / "reference/logs.md"
GUARANTEES = DOCS / "explanation/guarantees.md"
_EVENT = re.compile(r"`([\w.]+)`")
# A noun of ours and a dot, and yet no event: keys and files.
_NO_EVENT = re.compile(r".*\.(data|env|json|py|sock|sqlite|target|toml|ya?ml)")
_LIKE_AN_EVENT = re.compile(r"([a-z]+)\.[a-z_]+")
_UNITS = {
    "": 1,
    "ms": 0.001,
    "s": 1,
    "min": 60,
    "h": 3600,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
}


def test_every_event_that_is_logged_is_listed_and_no_other() -> None:
    listed = [name for row in rows(LOGS, "event") for name in _EVENT.findall(row[0])]
    assert sorted(listed) == sorted({line.event for line in logged()})


def test_levels_are_those_of_the_code() -> None:
    listed = {
        name: {level.strip() for level in row[1].split(",")}
        for row in rows(LOGS, "event")
        for name in _EVENT.findall(row[0])
    }
    for line in logged():
        if line.level:
            assert line.level in listed[line.event], f"{line.file}:{line.line}"


def test_events_are_a_noun_and_what_happened_to_it() -> None:
    for line in logged():
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", line.event), f"{line.file}:{line.line}"


@pytest.mark.parametrize("field", ["ts", "level", "event", *COMMON])
def test_every_field_is_listed(field: str) -> None:
    assert f"`{field}`" in " ".join(row[0] for row in rows(LOGS, "field"))


def test_events_named_elsewhere_exist() -> None:
    events = {line.event for line in logged()}
    nouns = {event.split(".")[0] for event in events}
    for page in (DOCS / "how-to").glob("*.md"):
        for word in words(page):
            found = _LIKE_AN_EVENT.fullmatch(word)
            if found and found[1] in nouns and not _NO_EVENT.fullmatch(word):
                assert word in events, (page.name, word)


@pytest.mark.parametrize("row", rows(GUARANTEES, "what"), ids=lambda row: row[0])
def test_a_number_is_that_of_the_code(row: list[str]) -> None:
    said, where = row[1], row[2].strip("`")
    number, _, unit = said.partition(" ")
    wanted = float(number.replace(",", "")) * _UNITS[unit]
    assert constant(where) == pytest.approx(wanted)


def constant(where: str) -> float:
    """Return `module:NAME`, or `module:Class.field`'s default."""
    module, _, name = where.partition(":")
    owner, dot, field = name.partition(".")
    found = getattr(import_module(module), owner)
    if dot:
        found = getattr(attrs.fields(found), field).default
    assert isinstance(found, int | float), where
    return found


def test_there_are_numbers() -> None:
    assert len(rows(GUARANTEES, "what")) > 40


def test_states_are_those_of_the_code() -> None:
    inbound = rows(DOCS / "explanation/messages.md", "state")
    assert {row[0].strip("`") for row in inbound} == {s.value for s in InboundState}
    outbound = rows(DOCS / "reference/bots.md", "state")
    assert {row[0].strip("`") for row in outbound} == {s.value for s in OutboundState}
    named = {
        word.split(" ")[0]
        for row in rows(DOCS / "explanation/tree.md", "state")
        for word in re.findall(r"`([^`]+)`", row[0])
    }
    # Nothing that we offer catches up or stops slowly enough to be seen at it.
    assert named == {phase.value for phase in Phase} - {"catching_up", "stopping"}


async def test_the_tree_that_is_drawn_is_the_one_that_runs(tmp_path: Path) -> None:
    found = load(None, here=tmp_path, kinds=Kinds(), env={})
    journal = MemoryJournal(lambda: 0.0, id="drawn")
    parts = Parts.of(System(Supervisor().actor), Estate(found), journal)

    async def reread() -> Configuration:
        return found

    spec = host_tree(parts, reread, Notifier(), Loader().load)
    [drawn, *_] = blocks(DOCS / "explanation/tree.md", "text")
    names = {
        re.sub(r"^[│├└─ ]+", "", line).split("  ")[0]
        for line in drawn.text.splitlines()
    }
    assert ids(spec) <= names


def ids(spec: Supervisor) -> set[str]:
    found = set()
    for child in spec.children:
        found.add(child.id)
        if isinstance(child.start, Supervisor):
            found |= ids(child.start)
    return found


def test_every_promise_of_an_actor_and_of_a_supervisor_is_named_by_a_test() -> None:
    promised = [row[0] for row in rows(GUARANTEES, "")]
    assert len(promised) == len(set(promised)) > 15
    named = {
        name
        for file in TESTS
        for docstring in docstrings(file)
        for name in re.findall(r"\b[KS]\d+\b", docstring)
    }
    assert named == set(promised)
