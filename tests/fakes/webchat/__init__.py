"""The page of a web chat without a browser: what `line.js` does, over any stream."""

from tests.fakes.webchat.page import Page

__all__ = ["Page"]
