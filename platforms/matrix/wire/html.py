"""Markdown and mentions as the small HTML that Matrix knows. Pure.

Source: Matrix specification v1.15, client-server API, "m.room.message msgtypes": which
tags and attributes a client should permit, and no others. What markdown has beyond them
is left as its text.
"""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import quote

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_CHARS: Final = 10_000
"""A longer text goes out without HTML: reading it would hold up everybody for too long."""
_SCHEMES: Final = ("http://", "https://", "ftp://", "mailto:", "magnet:")
_ATTRIBUTES: Final = {"a": {"href"}, "ol": {"start"}, "code": {"class"}}


class _Linked(MarkdownIt):
    """Takes for links what a client may follow; anything else stays as it was typed."""

    def validateLink(self, url: str) -> bool:  # noqa: N802  # the library's name
        return url.lower().startswith(_SCHEMES)


def _parser() -> MarkdownIt:
    parser = _Linked("commonmark", {"html": False, "breaks": True, "xhtmlOut": True})
    # A picture in the text would have to be one of the homeserver's own.
    return parser.enable(["table", "strikethrough"]).disable("image")


_PARSER: Final = _parser()


def html_of(markdown: str) -> str | None:
    """Return *markdown* as HTML; `None` if it has no markup, or is too long to be read."""
    if len(markdown) > MAX_CHARS:
        return None
    tokens = _PARSER.parse(markdown)
    if all(_is_plain(token) for token in tokens):
        return None
    _permit(tokens)
    _unwrap(tokens)
    return str(_PARSER.renderer.render(tokens, _PARSER.options, {})).strip()


def html_of_text(text: str) -> str:
    """Return plain *text* as HTML that shows it as it is."""
    return escape(text, quote=False).replace("\n", "<br/>")


def pill(user: str, name: str) -> str:
    """Return the link that clients show as a mention of *user*."""
    target = quote(user, safe="@:")
    return f'<a href="https://matrix.to/#/{target}">{escape(name, quote=False)}</a>'


def _is_plain(token: Token) -> bool:
    if token.type == "inline":
        return all(
            child.type in ("text", "softbreak", "text_special")
            for child in token.children or ()
        )
    return token.type in ("paragraph_open", "paragraph_close")


def _permit(tokens: list[Token]) -> None:
    """Leave no attribute that is not permitted."""
    for token in tokens:
        allowed = _ATTRIBUTES.get(token.tag, set())
        token.attrs = {k: v for k, v in token.attrs.items() if k in allowed}
        if not str(token.attrs.get("href", _SCHEMES[0])).lower().startswith(_SCHEMES):
            del token.attrs["href"]  # an empty one is asked of nobody
        if token.children:
            _permit(token.children)


def _unwrap(tokens: list[Token]) -> None:
    """A single paragraph needs no tags of its own."""
    kinds = [token.type for token in tokens]
    if kinds == ["paragraph_open", "inline", "paragraph_close"]:
        tokens[0].hidden = tokens[-1].hidden = True
