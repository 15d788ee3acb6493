"""What a homeserver answers. Pure."""

from __future__ import annotations

from attrs import field, frozen

from rookery.testing.lab.wires.http import Request


@frozen
class Answer:
    """A status and what comes with it: bytes as they are, anything else as JSON."""

    status: int
    body: object = field(factory=dict)
    headers: tuple[tuple[str, str], ...] = ()


@frozen
class Call:
    """Who asks, and for what."""

    user: str
    device: str
    request: Request


class Refused(Exception):
    """Raised by a handler instead of an answer of the 2xx."""

    def __init__(self, status: int, code: str, why: str = "", **more: object) -> None:
        super().__init__(f"{status} {code}")
        self.answer = Answer(
            status, {"errcode": code, "error": why or code.lower(), **more}
        )


def too_many(after: float | None) -> Answer:
    """A refusal as Synapse gives it: exact in the body, whole seconds in the header."""
    body: dict[str, object] = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many"}
    if after is None:
        return Answer(429, body)
    body["retry_after_ms"] = round(after * 1000)
    return Answer(429, body, (("Retry-After", str(int(after) + 1)),))
