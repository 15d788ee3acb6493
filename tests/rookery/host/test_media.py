"""What the configuration opens to bots, and that a reload changes it."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from platforms.media import MediaRefused
from rookery.config import Configuration, HostSettings, MediaSettings, Settings
from rookery.host.estate import Estate
from rookery.host.media import HostReader
from tests.platforms.media.servers import PNG, response, says, serving


def configured(folder: Path, *folders: str, allow: str = "") -> Configuration:
    media = MediaSettings(folders=folders, allow=(allow,) if allow else ())
    settings = Settings(host=HostSettings(data="data"), media=media)
    return Configuration(settings=settings, source=None, folder=folder)


async def test_a_reload_opens_and_closes_folders(tmp_path: Path) -> None:
    (tmp_path / "pics").mkdir()
    (tmp_path / "data").mkdir()
    picture = tmp_path / "pics" / "rook.png"
    picture.write_bytes(PNG)
    (tmp_path / "data" / "secret").write_bytes(PNG)
    estate = Estate(configured(tmp_path))
    reader = HostReader(estate)
    with pytest.raises(MediaRefused):
        await reader.read(picture, "image", 1000)
    estate.configuration = configured(tmp_path, "pics")
    assert (await reader.read(picture, "image", 1000)).data == PNG
    estate.configuration = configured(tmp_path, ".")
    assert (await reader.read(picture, "image", 1000)).data == PNG
    with pytest.raises(MediaRefused):
        await reader.read(tmp_path / "data" / "secret", "image", 1000)
    estate.configuration = evolve(estate.configuration, settings=Settings())
    with pytest.raises(MediaRefused):
        await reader.read(picture, "image", 1000)


async def test_our_own_net_is_opened_by_name(tmp_path: Path) -> None:
    async with serving({"/x": says(response(PNG))}) as server:
        url = server.url("/x", "127.0.0.1")
        with pytest.raises(MediaRefused, match="loopback"):
            await HostReader(Estate(configured(tmp_path))).read(url, "image", 1000)
        opened = Estate(configured(tmp_path, allow="127.0.0.0/8"))
        assert (await HostReader(opened).read(url, "image", 1000)).data == PNG
