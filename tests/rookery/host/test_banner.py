"""What a platform says of itself to who has started the host, and who sits there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rookery.config import Configuration, read_settings
from rookery.host.banner import lines
from rookery.host.estate import Estate
from rookery.kinds import Kinds

MINE = """
from attrs import frozen
from rookery import Link, Outbound, Platform, Sent

@frozen
class Config:
    pass

class Quiet(Platform[Config]):
    name = "quiet"
    async def session(self, link: Link) -> None: ...
    async def send(self, link: Link, out: Outbound) -> Sent: return Sent()

class Desk(Quiet):
    name = "desk"
    local = True
"""


@pytest.fixture
def configured(tmp_path: Path) -> Configuration:
    (tmp_path / "mine.py").write_text(MINE)
    text = """
[operators]
qq = ["7"]
[platforms.qq]
type = "onebot11"
[platforms.far]
type = "onebot11"
mode = "forward"
url = "ws://far.example/?access_token=s3cret"
[platforms.terminal]
type = "console"
[platforms.quiet]
use = "mine.py:Quiet"
[platforms.desk]
use = "mine.py:Desk"
"""
    settings = read_settings(
        text, name="rookery.toml", kinds=Kinds(), env={}, folder=tmp_path
    )
    return Configuration(settings=settings, source=None, folder=tmp_path)


def test_each_platform_says_how_people_talk_through_it(
    configured: Configuration,
) -> None:
    assert [line for line in lines(configured) if line.startswith("Talk:")] == [
        "Talk:  OneBot v11: let NapCat, LLOneBot or Lagrange connect to ws://127.0.0.1:6700/onebot/v11/ws (qq)",
        "Talk:  OneBot v11 (far)",
        "Talk:  type here (terminal)",
        "Talk:  quiet (quiet)",
        "Talk:  desk (desk)",
    ]


def test_whoever_sits_at_the_host_is_its_operator(configured: Configuration) -> None:
    estate = Estate(configured)
    assert estate.is_operator("qq", "7")
    assert not estate.is_operator("qq", "8")
    assert not estate.is_operator("quiet", "7")
    assert estate.is_operator("terminal", "operator")
    assert estate.is_operator("desk", "anybody")
