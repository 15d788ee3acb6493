"""The plug is pulled on a real host; `python -m tests.kills` does it fifty times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kills.campaign import Campaign
from tests.kills.networks import IrcPeer, MatrixPeer, WebChatPeer
from tests.kills.peers import OneBotPeer, TelegramPeer, TinyPeer
from tests.kills.verdict import complaints


@pytest.mark.parametrize(
    ("peer", "rounds", "kinds"),
    [
        (OneBotPeer, 5, ("kill",)),
        (OneBotPeer, 2, ("kill", "disk", "line")),
        (TinyPeer, 3, ("kill", "line")),
        (TelegramPeer, 3, ("kill", "line")),
        (MatrixPeer, 2, ("kill", "line")),
        (IrcPeer, 2, ("kill",)),
        (WebChatPeer, 2, ("kill",)),
    ],
)
async def test_nothing_is_lost_and_nothing_is_said_twice(
    tmp_path: Path,
    peer: type[
        OneBotPeer | TinyPeer | TelegramPeer | MatrixPeer | IrcPeer | WebChatPeer
    ],
    rounds: int,
    kinds: tuple[str, ...],
) -> None:
    """Laws 5, 6, 8, 13, B36, B40: killed under load, on a full disk, over a torn line."""
    campaign = Campaign(tmp_path, seed=rounds, make_peer=peer, kinds=kinds)
    found = await campaign.run(rounds)
    assert list(complaints(found)) == []
    assert campaign.kills == rounds
    assert len(found.handled) > 50, "hardly anything was accepted: no proof of anything"
