"""The documentation as data: its pages, their code blocks, links and headings. Pure.

A block says what it is in its fence: `python`, `toml`, `console`, `text`, `chat`; a
second word sets it apart for one test (```` ```toml mistakes ````).
"""

from __future__ import annotations

import re
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = (*READMES, *sorted((ROOT / "docs").rglob("*.md")))

_FENCED = re.compile(
    r"^```(?P<kind>\w*)(?: (?P<mark>\w+))?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
_WORDS = re.compile(r"`([^`\n]+)`")


@frozen
class Block:
    """One fenced block."""

    page: str
    line: int
    kind: str
    mark: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, kind: str | None = None) -> list[Block]:
    """Return the blocks of *page* in order, or those of one kind."""
    text = page.read_text("utf-8")
    return [
        Block(
            name_of(page),
            text.count("\n", 0, found.start()) + 2,
            found["kind"],
            found["mark"] or "",
            found["text"],
        )
        for found in _FENCED.finditer(text)
        if kind in (None, found["kind"])
    ]


def every(kind: str) -> list[Block]:
    """Return the blocks of that kind on all pages."""
    return [block for page in PAGES for block in blocks(page, kind)]


def prose(page: Path) -> str:
    """Return *page* without its blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """Return the targets of links, those into the web left out."""
    found = [match["target"] for match in _LINK.finditer(prose(page))]
    return [target for target in found if "://" not in target]


def headings(page: Path) -> list[tuple[int, str]]:
    """Return (level, text) of each heading."""
    return [(len(found[1]), found[2]) for found in _HEADING.finditer(prose(page))]


def words(page: Path) -> list[str]:
    """Return what stands in `backticks`."""
    return _WORDS.findall(prose(page))


def commands(block: Block) -> list[str]:
    """Return the lines that are typed in a `console` block, without their comments."""
    return [
        line[2:].split(" #")[0].strip()
        for line in block.text.splitlines()
        if line.startswith("$ ")
    ]


def rows(page: Path, column: str) -> list[list[str]]:
    """Return the rows of every table whose first column is headed *column*."""
    found: list[list[str]] = []
    inside = False
    for line in page.read_text("utf-8").splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [
            cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)
        ]
        cells = cells[1:-1]
        if cells[0] == column:
            inside = True
        elif inside and not set(line) <= set("|- "):
            found.append(cells)
    return found
