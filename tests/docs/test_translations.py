"""The two front pages say the same: headings, code, commands and links one by one."""

from __future__ import annotations

from tests.docs.pages import READMES, blocks, commands, headings, links

ENGLISH, CHINESE = READMES


def test_headings_are_alike() -> None:
    levels = [[level for level, _ in headings(page)] for page in READMES]
    assert levels[0] == levels[1]


def test_code_is_the_same() -> None:
    for kind in ("python", "toml"):
        english = [block.text for block in blocks(ENGLISH, kind)]
        assert english == [block.text for block in blocks(CHINESE, kind)]
        assert english
    kinds = [[block.kind for block in blocks(page)] for page in READMES]
    assert kinds[0] == kinds[1]


def test_commands_are_the_same() -> None:
    typed = [[commands(block) for block in blocks(page, "console")] for page in READMES]
    assert typed[0] == typed[1]


def test_links_are_the_same_but_for_each_other() -> None:
    each_other = {page.name for page in READMES}
    aims = [
        [link for link in links(page) if link not in each_other] for page in READMES
    ]
    assert aims[0] == aims[1]
