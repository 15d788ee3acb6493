"""Markdown as plain text that reads well. Pure.

Parsing is markdown-it-py's; here is only what each token looks like without markup.
Raw HTML is text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import define, field
from markdown_it import MarkdownIt
from markdown_it.token import Token

from platforms.base.forms.tables import table_in_text

MAX_CHARS = 10_000
"""A longer text is left as it is: parsing it would block the event loop for too long."""

_PARSER = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_RULE = "———"


def plain(markdown: str) -> str:
    """Return *markdown* without its markup; nothing that a person reads is lost."""
    if len(markdown) > MAX_CHARS or not markdown.strip():
        return markdown
    return _blocks(_Tokens(_PARSER.parse(markdown)), tight=False)


@define
class _Tokens:
    """The tokens in their order. A recursive call reads up to the closing one of its block."""

    tokens: Sequence[Token]
    at: int = field(default=0)

    def __iter__(self) -> Iterator[Token]:
        """Yield up to the end of the block that was just opened."""
        while self.at < len(self.tokens):
            token = self.tokens[self.at]
            self.at += 1
            if token.nesting < 0:
                return
            yield token


def _blocks(tokens: _Tokens, *, tight: bool) -> str:
    parts = [text for token in tokens if (text := _block(token, tokens))]
    return ("\n" if tight else "\n\n").join(parts)


def _block(token: Token, tokens: _Tokens) -> str:
    match token.type:
        case "inline":
            return inline(token.children or ())
        case "fence" | "code_block":
            return token.content.rstrip("\n")
        case "hr":
            return _RULE
        case "bullet_list_open":
            return _list(tokens, None)
        case "ordered_list_open":
            return _list(tokens, int(token.attrGet("start") or 1))
        case "blockquote_open":
            return _prefixed(_blocks(tokens, tight=False), "> ", "> ")
        case "table_open":
            return table_in_text(list(_rows(tokens)))
        case "paragraph_open" | "heading_open":
            return _blocks(tokens, tight=True)
        case _:
            return token.content if token.nesting == 0 else _blocks(tokens, tight=True)


def _list(tokens: _Tokens, number: int | None) -> str:
    items: list[str] = []
    loose = False
    for _ in tokens:
        mark = "• " if number is None else f"{number + len(items)}. "
        first = tokens.tokens[tokens.at : tokens.at + 1]
        # An author who leaves lines between the items wants to see them.
        loose = loose or any(t.type == "paragraph_open" and not t.hidden for t in first)
        text = _blocks(tokens, tight=not loose)
        items.append(_prefixed(text, mark, " " * len(mark)))
    return ("\n\n" if loose else "\n").join(items)


def _prefixed(text: str, first: str, others: str) -> str:
    lines = text.split("\n")
    rest = [(others + line).rstrip() for line in lines[1:]]
    return "\n".join([(first + lines[0]).rstrip(), *rest])


def _rows(tokens: _Tokens) -> Iterator[list[str]]:
    for part in tokens:  # head and body
        if part.nesting > 0:
            for _row in tokens:
                yield [_blocks(tokens, tight=True) for _cell in tokens]


def inline(children: Sequence[Token]) -> str:
    """Return a line of text, its links written out."""
    said: list[str] = []
    links: list[tuple[str, int]] = []
    for token in children:
        match token.type:
            case "text" | "code_inline" | "html_inline" | "text_special":
                said.append(token.content)
            case "softbreak" | "hardbreak":
                said.append("\n")
            case "image":
                alt = inline(token.children or ())
                link = str(token.attrGet("src") or "")
                said.append(f"[image {alt}] {link}" if alt else f"[image] {link}")
            case "link_open":
                links.append((str(token.attrGet("href") or ""), len(said)))
            case "link_close":
                link, begin = links.pop()
                said.append(_address(link, "".join(said[begin:])))
            case _:
                pass  # emphasis and the like: its words come by themselves
    return "".join(said)


def _address(link: str, words: str) -> str:
    """Return what to write behind the words of a link, if they are not the link."""
    told = link.removeprefix("mailto:")
    return "" if told in ("", words) else f" ({told})"
