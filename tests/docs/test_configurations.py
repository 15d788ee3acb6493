"""Every TOML of the documentation is what the host would take, or refuse as it says."""

from __future__ import annotations

import re

import attrs
import pytest

from platforms.irc import IrcConfig
from platforms.matrix import MatrixConfig
from platforms.onebot11 import OneBot11Config
from platforms.telegram import TelegramConfig
from platforms.webchat import WebChatConfig
from rookery.config import (
    EMBEDDED,
    BotSettings,
    ConfigRefused,
    HostSettings,
    IngressSettings,
    MediaSettings,
    read_settings,
)
from rookery.kinds import Kinds
from tests.docs.pages import ROOT, Block, blocks, every, prose, words

PAGE = ROOT / "docs/reference/configuration.md"
_VARIABLE = re.compile(r'env = "(\w+)"')
OWNERS = (
    HostSettings,
    IngressSettings,
    MediaSettings,
    BotSettings,
    OneBot11Config,
    WebChatConfig,
    IrcConfig,
    MatrixConfig,
    TelegramConfig,
)
GOOD = [block for block in every("toml") if not block.mark]


def read(text: str) -> None:
    env = dict.fromkeys(_VARIABLE.findall(text), "4242:token")
    read_settings(text, name="rookery.toml", kinds=Kinds(), env=env)


@pytest.mark.parametrize("block", GOOD, ids=str)
def test_it_is_taken(block: Block) -> None:
    read(block.text)


def test_there_are_some() -> None:
    assert len(GOOD) >= 6


def test_ten_mistakes_are_ten_lines_and_these() -> None:
    marked = [block for block in blocks(PAGE) if block.mark == "mistakes"]
    [config, output] = marked
    with pytest.raises(ConfigRefused) as refused:
        read(config.text)
    assert str(refused.value) == output.text.rstrip("\n")
    assert len(refused.value.faults) == 10


def test_the_page_names_every_key() -> None:
    named = set(words(PAGE))
    for owner in OWNERS:
        for key in attrs.fields(owner):
            assert key.name in named, f"{owner.__name__}.{key.name}"
    for kind in Kinds().names():
        assert f'type = "{kind}"' in named


def test_the_page_names_no_key_that_is_refused() -> None:
    """Every `key` of the tables is one of some table."""
    tables = re.findall(
        r"^\| key \|.*?\n\|[-| ]+\n(.*?)\n\n", prose(PAGE), re.MULTILINE | re.DOTALL
    )
    named = {
        word
        for table in tables
        for word in re.findall(r"^\| `(\w+)`", table, re.MULTILINE)
    }
    known = {key.name for owner in OWNERS for key in attrs.fields(owner)}
    assert named == known | {"type"}


def test_the_built_in_one_is_the_one_that_is_shown() -> None:
    """Comments aside, the page begins with what runs without a file."""
    shown = read_settings(
        blocks(PAGE, "toml")[0].text,
        name="rookery.toml",
        kinds=Kinds(),
        env={"QQ_TOKEN": "t"},
    )
    embedded = read_settings(EMBEDDED, name="", kinds=Kinds(), env={})
    assert shown.host == embedded.host
    assert shown.bots == embedded.bots
    assert shown.platforms.keys() == embedded.platforms.keys()
