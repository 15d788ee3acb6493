"""What an author says is taken as it was when it was said."""

from __future__ import annotations

from actors.bots.speech import as_body
from actors.messages import Forward, Node, Raw


def test_what_the_author_changes_afterwards_is_not_said() -> None:
    """E14, D42: a message may wait for hours, and shares nothing with who wrote it."""
    data = {"type": "dice", "data": {"result": 1}}
    inside = {"type": "json", "data": {"x": [1]}}
    body = as_body(
        [Raw("qq", data), Forward((Node(user="1", body=(Raw("qq", inside),)),))]
    )
    data["data"] = {"result": 6}
    inside["data"] = {}
    assert body == (
        Raw("qq", {"type": "dice", "data": {"result": 1}}),
        Forward(
            (Node(user="1", body=(Raw("qq", {"type": "json", "data": {"x": [1]}}),)),)
        ),
    )
