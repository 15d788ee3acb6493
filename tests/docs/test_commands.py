"""Every command that the documentation tells to type is there, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest
from cyclopts import App

from rookery.cli import app
from tests.docs.pages import PAGES, ROOT, commands, every, rows, words

PAGE = ROOT / "docs/reference/command-line.md"
OTHERS = {"cd", "curl", "journalctl", "make", "mkdir", "printf", "pytest", "systemctl"}
GROUPS = ("new", "journal", "outbox", "dead-letters")
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)


def typed() -> Iterator[tuple[str, str]]:
    """Yield (where, command) for each that is typed, those behind a pipe as well."""
    for block in every("console"):
        for line in commands(block):
            for part in re.split(r" \| (?=rookery)", line):
                yield str(block), part


ROOKERY = [pair for pair in typed() if pair[1].startswith("rookery")]
MAKE = [pair for pair in typed() if pair[1].startswith("make")]


@pytest.mark.parametrize(("where", "line"), ROOKERY)
def test_a_command_of_ours_is_understood(where: str, line: str) -> None:
    arguments = shlex.split(line.partition(" 2>")[0])[1:]
    command, bound, _ = app.parse_args(
        arguments, exit_on_error=False, print_error=False
    )
    assert callable(command), where
    assert bound is not None


@pytest.mark.parametrize(("where", "line"), MAKE)
def test_a_target_exists(where: str, line: str) -> None:
    targets = set(_TARGET.findall((ROOT / "Makefile").read_text()))
    assert line.split()[1] in targets, where


def test_nothing_else_is_asked_for() -> None:
    """Another program in a page needs a look whether a reader has it."""
    programs = {line.split()[0] for _, line in typed()}
    assert programs <= OTHERS | {"rookery"}
    assert len(ROOKERY) > 10


def names() -> set[str]:
    return {name for name in app if not name.startswith("-")}


def test_commands_in_running_text_exist() -> None:
    for page in PAGES:
        for word in words(page):
            if word.startswith("rookery ") and not word.startswith("rookery -"):
                assert word.split()[1] in {*names(), "COMMAND"}, (page.name, word)


def test_the_reference_names_every_command_and_no_other() -> None:
    said = [row[0].strip("`").split()[1:] for row in rows(PAGE, "command")]
    assert {words[0] for words in said} == names()
    for group in GROUPS:
        own = {words[1] for words in said if words[0] == group}
        assert own == {name for name in app[group] if not name.startswith("-")}


def test_the_reference_names_every_option_and_no_other() -> None:
    named: dict[str, set[str]] = {}
    for row in rows(PAGE, "option"):
        options = {option.split()[0] for option in re.findall(r"`([^`]+)`", row[0])}
        for command in re.findall(r"`([\w -]+)`", row[1]):
            named.setdefault(command, set()).update(options)
    for name in names() - {"new"}:
        if name not in GROUPS:
            assert named.get(name, set()) == options_of(app, name), name
            continue
        group = app[name]
        for each in [each for each in group if each[0] != "-"]:
            # What is said of a group is said of each of its commands.
            said = named.get(name, set()) | named.get(f"{name} {each}", set())
            assert said == options_of(group, each), (name, each)


def options_of(group: App, name: str) -> set[str]:
    return {
        option
        for argument in group[name].assemble_argument_collection()
        for option in argument.names
        if option.startswith("-")
    }
