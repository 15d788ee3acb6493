"""Links of the documentation lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, headings, links, name_of


def anchor(heading: str) -> str:
    """Return what GitHub makes of a heading."""
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_resolves(page: Path) -> None:
    for target in links(page):
        path, _, part = target.partition("#")
        aim = (page.parent / path).resolve() if path else page
        assert aim.exists(), target
        assert aim.is_relative_to(ROOT), target
        if part:
            assert part in {anchor(text) for _, text in headings(aim)}, target


def test_every_page_can_be_found() -> None:
    """From the front page, by links alone."""
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen or page.suffix != ".md":
            continue
        seen.add(page)
        waiting += [
            (page.parent / link.split("#")[0]).resolve() for link in links(page)
        ]
        if page.parent == ROOT / "docs" / "decisions":
            waiting.append(ROOT / "docs/decisions/README.md")
    assert set(PAGES) - seen - set((ROOT / "docs/decisions").glob("*.md")) == set()


def test_the_decisions_are_listed() -> None:
    listed = {
        (ROOT / "docs/decisions" / link).name
        for link in links(ROOT / "docs/decisions/README.md")
    }
    pages = {page.name for page in (ROOT / "docs/decisions").glob("0*.md")}
    assert listed == pages
