"""Where a configuration comes from, and where its host is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from platforms.console import Console
from rookery.config import EMBEDDED, ConfigRefused, find_data, find_file, load
from rookery.kinds import Kinds

KINDS = Kinds()
TERMINAL = '[platforms.terminal]\ntype = "console"\n'


def test_without_a_file_the_embedded_default_runs_here(tmp_path: Path) -> None:
    found = load(find_file(None, tmp_path), here=tmp_path, kinds=KINDS, env={})

    assert found.source is None
    assert found.data == tmp_path / "rookery-data"
    assert list(found.settings.bots) == ["demo"]
    assert list(found.settings.platforms) == ["qq", "terminal", "web"]
    assert "127.0.0.1:6700" in EMBEDDED


def test_a_file_here_goes_before_the_default(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(TERMINAL)

    found = load(find_file(None, tmp_path), here=tmp_path, kinds=KINDS, env={})

    assert found.source == tmp_path / "rookery.toml"
    assert found.folder == tmp_path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    (folder / "my.toml").write_text('[host]\ndata = "state"\n')

    found = load(folder / "my.toml", here=tmp_path, kinds=KINDS, env={})

    assert found.data == folder / "state"
    assert find_data(Path("etc/my.toml"), None, tmp_path) == folder / "state"


def test_a_data_directory_given_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(
        '[host]\ndata = "state"\ndurability = "power"\n'
    )

    found = load(
        tmp_path / "rookery.toml",
        here=tmp_path,
        kinds=KINDS,
        env={},
        data=Path("other"),
    )

    assert found.data == tmp_path / "other"
    assert found.settings.host.durability == "power"  # nothing else of it is lost
    assert find_data(None, Path("other"), tmp_path) == tmp_path / "other"


def test_a_host_is_found_though_its_file_is_being_edited(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(
        '[host]\ndata = "state"\nnonsense = 1\n[bots.x]\n'
    )

    assert find_data(None, None, tmp_path) == tmp_path / "state"


def test_the_mark_that_some_editors_put_in_front_is_no_mistake(tmp_path: Path) -> None:
    file = tmp_path / "rookery.toml"
    file.write_bytes(b'\xef\xbb\xbf[host]\ndata = "state"\n')

    assert load(file, here=tmp_path, kinds=KINDS, env={}).data == tmp_path / "state"
    assert find_data(file, None, tmp_path) == tmp_path / "state"


@pytest.mark.parametrize("text", ["", "[host]\ndata = 5\n", "host = 5\n"])
def test_a_host_is_looked_for_in_the_usual_place(tmp_path: Path, text: str) -> None:
    assert find_data(None, None, tmp_path) == tmp_path / "rookery-data"
    (tmp_path / "rookery.toml").write_text(text)
    assert find_data(None, None, tmp_path) == tmp_path / "rookery-data"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"\xff\xfe", "text in UTF-8"),
        (b"[host", "a syntax error"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_fault(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "rookery.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(ConfigRefused, match=said) as refused:
        load(file, here=tmp_path, kinds=KINDS, env={})

    assert len(refused.value.faults) == 1
    with pytest.raises(ConfigRefused, match=said):
        find_data(file, None, tmp_path)


def test_a_home_that_nobody_has_is_one_fault(tmp_path: Path) -> None:
    """In a container that knows no user, `~` is nobody's."""
    file = tmp_path / "rookery.toml"
    file.write_text(
        '[host]\ndata = "~no-such-user/x"\n[media]\nfolders = ["~nor-me"]\n'
    )

    with pytest.raises(ConfigRefused) as refused:
        load(file, here=tmp_path, kinds=KINDS, env={})

    said = "expected a path whose ~ is the home of somebody known here, got the text"
    assert list(map(str, refused.value.faults)) == [
        f'host.data: {said} "~no-such-user/x"',
        f'media.folders[0]: {said} "~nor-me"',
    ]
    with pytest.raises(ConfigRefused, match=r"host\.data: expected a path"):
        find_data(file, None, tmp_path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigRefused, match="Is a directory"):
        load(tmp_path, here=tmp_path, kinds=KINDS, env=os.environ)


def test_there_is_one_console_at_most(tmp_path: Path) -> None:
    (tmp_path / "rookery.toml").write_text(
        TERMINAL + TERMINAL.replace("terminal", "other")
    )

    with pytest.raises(
        ConfigRefused, match=r"^platforms\.other\.type: expected one console at most"
    ):
        load(find_file(None, tmp_path), here=tmp_path, kinds=KINDS, env={})


@pytest.mark.parametrize("one", [True, False])
def test_of_a_type_that_says_so_there_is_one_at_most(tmp_path: Path, one: bool) -> None:
    class Sensor(Console):
        name = "sensor"
        singleton = one

    table = '[platforms.KEY]\ntype = "sensor"\n'
    tables = (table.replace("KEY", key) for key in ("a", "b", "c"))
    (tmp_path / "rookery.toml").write_text("".join(tables))
    said: list[str] = []

    try:
        load(find_file(None, tmp_path), here=tmp_path, kinds=Kinds.of(Sensor), env={})
    except ConfigRefused as refused:
        said += map(str, refused.faults)

    assert said == [
        f"platforms.{key}.type: expected one sensor at most, got another beside a"
        for key in ("b", "c")
        if one
    ]
