"""`read_settings`: strict, complete, and silent about secrets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import attrs
import pytest
from attrs import frozen
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Outbound
from platforms.base import Fault as KeyFault
from platforms.base import Link, Platform, Secret, Sent
from platforms.ingress import PER_ADDRESS
from rookery.config import (
    ConfigRefused,
    IngressSettings,
    MediaSettings,
    Settings,
    read_settings,
)
from rookery.kinds import Kinds


@frozen(kw_only=True)
class Radio:
    """A platform's configuration with a key of every sort."""

    mode: Literal["am", "fm"]
    station: str = ""
    volume: int = 5
    pause: float = 0.0
    loud: bool = False
    token: Secret | None = None
    presets: tuple[str, ...] = ()

    def faults(self) -> tuple[KeyFault, ...]:
        found = []
        if self.mode == "fm" and not self.station:
            found.append(KeyFault("station", "must be a station in fm (got nothing)"))
        if self.volume > 11:
            found.append(KeyFault("volume", f"expected at most 11, got {self.volume}"))
        return tuple(found)


class RadioPlatform(Platform[Radio]):
    """Never made: only its configuration is read."""

    name = "radio"

    async def session(self, link: Link) -> None:
        raise NotImplementedError

    async def send(self, link: Link, out: Outbound) -> Sent:
        raise NotImplementedError


KINDS = Kinds.of(RadioPlatform)


def read(text: str, env: Mapping[str, str] | None = None) -> Settings:
    return read_settings(text, name="rookery.toml", kinds=KINDS, env=env or {})


def faults(text: str, env: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        read(text, env)
    assert str(refused.value).splitlines() == [str(f) for f in refused.value.faults]
    return [str(fault) for fault in refused.value.faults]


def test_what_may_be_read_on_behalf_of_a_message() -> None:
    """A26: nothing of the operator's own net or disk, unless it is named."""
    assert read("").media == MediaSettings()
    media = read('[media]\nfolders = ["pics"]\nallow = ["10.0.0.0/8", "::1"]').media
    assert media == MediaSettings(folders=("pics",), allow=("10.0.0.0/8", "::1"))
    assert faults('[media]\nfolders = [""]\nallow = ["10.0.0.1/8", "lan"]\nx = 1') == [
        "media.x: expected allow or folders, got the unknown key x"
    ]
    assert faults('[media]\nfolders = [""]\nallow = ["10.0.0.1/8", "lan"]') == [
        "media.folders[0]: expected the path of a folder, got an empty text",
        'media.allow[0]: expected an address or a network such as 192.168.1.0/24, got the text "10.0.0.1/8"',
        'media.allow[1]: expected an address or a network such as 192.168.1.0/24, got the text "lan"',
    ]


def test_how_many_may_come_from_one_address() -> None:
    assert read("").ingress.connections_per_address == PER_ADDRESS
    assert read("[ingress]\nconnections_per_address = 1").ingress == IngressSettings(
        connections_per_address=1
    )
    assert faults("[ingress]\nconnections_per_address = 0") == [
        "ingress.connections_per_address: expected 1 or more, got 0"
    ]


def test_everything_that_can_be_said() -> None:
    settings = read(
        """
        [host]
        data = "somewhere"
        [operators]
        r = ["10001", "14"]
        [bots.demo]
        use = "rookery.demo:bot"
        [bots.mine]
        use = "mine.py"
        [platforms.r]
        type = "radio"
        mode = "fm"
        station = "one"
        volume = 7
        pause = "5m"
        loud = true
        token = { env = "TOKEN" }
        presets = ["a", "b"]
        """,
        {"TOKEN": "hunter2"},
    )

    assert settings.host.data == "somewhere"
    assert settings.operators == {"r": frozenset({"10001", "14"})}
    assert settings.bots["demo"].use == "rookery.demo:bot"
    assert settings.bots["mine"].use == "mine.py:bot"
    assert settings.platforms["r"].config == Radio(
        mode="fm",
        station="one",
        volume=7,
        pause=300.0,
        loud=True,
        token=Secret("hunter2"),
        presets=("a", "b"),
    )


def test_nothing_at_all_is_a_configuration() -> None:
    assert read("") == Settings()


def test_ten_mistakes_are_ten_lines() -> None:
    assert faults(
        """
        [host]
        data = 5
        dta = "x"
        [hots]
        [operators]
        r = "10001"
        [bots.demo]
        use = "not a module"
        [bots.empty]
        [platforms.r]
        type = "radio"
        mode = "fm"
        station = "one"
        volume = "7"
        loud = 1
        presets = "abc"
        [platforms.s]
        type = "satellite"
        """
    ) == [
        "hots: expected bots, host, ingress, media, operators or platforms, got an unknown table",
        'host.data: expected a text, got the integer 5 (write "5")',
        "host.dta: expected data or durability, got the unknown key dta",
        'bots.demo.use: expected "module:attribute" or "file.py:attribute", got the text "not a module"',
        "bots.empty.use: expected a value, got nothing (the key is missing)",
        'platforms.r.volume: expected an integer, got the text "7"',
        "platforms.r.loud: expected true or false, got the integer 1",
        'platforms.r.presets: expected a list, got the text "abc"',
        'platforms.s.type: expected "console", "irc", "matrix", "onebot11", "radio", "telegram" or "webchat", got the text "satellite" (one of your own: use = "FILE.py:CLASS" instead)',
        'operators.r: expected a list, got the text "10001"',
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("volume = true", "expected an integer, got the boolean true"),
        ("volume = 7.0", "expected an integer, got the number 7"),
        ('pause = "soon"', 'got the text "soon"'),
        ("pause = nan", "got the number nan"),
        ("pause = true", "got the boolean true"),
        ("pause = -1", "got the integer -1"),
        ("station = 5", "expected a text"),
        ('station = "x\\ny"', ""),
        ("presets = [1]", "platforms.r.presets[0]: expected a text"),
        ('mode = "sw"', 'expected "am" or "fm", got the text "sw"'),
        ("token = 5", 'expected a text or { env = "NAME" }, got a number'),
        ('token = ""', "got an empty text"),
        ("token = { env = 5 }", "platforms.r.token.env"),
        (
            'token = { env = "NO" }',
            "the environment variable NO to be set, got nothing",
        ),
        ('token = { env = "EMPTY" }', "NO to be set, got an empty one"),
        ("loud = {}", "expected true or false, got an empty table"),
    ],
)
def test_a_value_that_is_not_meant_so_is_refused(line: str, said: str) -> None:
    mode = "" if line.startswith("mode") else 'mode = "am"\n'
    text = f'[platforms.r]\ntype = "radio"\n{mode}{line}\n'
    if not said:
        read(text)
        return
    said = said.replace(
        "NO to be set, got an empty one", "EMPTY to be set, got an empty one"
    )

    [fault] = faults(text, {"EMPTY": ""})

    assert said in fault
    assert fault.startswith("platforms.r.")


def test_keys_that_contradict_each_other_are_named_beside_wrong_ones() -> None:
    assert faults(
        """
        [platforms.r]
        type = "radio"
        mode = "fm"
        station = ""
        volume = 12
        loudness = 3
        """
    ) == [
        "platforms.r.loudness: expected loud, mode, pause, presets, station, token or volume, got the unknown key loudness",
        "platforms.r.station: expected a station in fm, got nothing",
        "platforms.r.volume: expected at most 11, got 12",
    ]


def test_what_hangs_on_a_wrong_key_is_not_guessed() -> None:
    [fault] = faults('[platforms.r]\ntype = "radio"\nmode = "sw"\nvolume = 12\n')

    assert fault.startswith("platforms.r.mode: ")


def test_an_id_is_a_slug() -> None:
    [fault] = faults('[bots."Bad Name"]\nuse = "a:b"\n')

    assert fault.startswith('bots."Bad Name": expected an id of a-z')


@pytest.mark.parametrize("data", ['""', r'"a\u0000b"'])
def test_the_data_directory_is_a_path(data: str) -> None:
    [fault] = faults(f"[host]\ndata = {data}\n")

    assert fault.startswith("host.data: expected the path of a folder, got ")


def test_an_operator_of_no_platform_is_a_mistake() -> None:
    [fault] = faults('[operators]\nqq = ["1"]\n')

    assert fault.startswith("operators.qq: expected the id of a platform")


def test_a_syntax_error_has_the_name_of_the_file() -> None:
    [fault] = faults("[host\n")

    assert fault.startswith("rookery.toml: expected TOML, got a syntax error: ")
    assert "line 1" in fault


@pytest.mark.parametrize("key", ["token", "tokn", "mode"])
def test_a_secret_is_never_printed(key: str) -> None:
    value = '["hunter2"]' if key == "token" else '"hunter2"'
    if key == "mode":
        settings = read(
            '[platforms.r]\ntype = "radio"\nmode = "am"\ntoken = "hunter2"\n'
        )
        assert "hunter2" not in repr(settings)
        return

    told = faults(f'[platforms.r]\ntype = "radio"\nmode = "am"\n{key} = {value}\n')

    assert "hunter2" not in "".join(told)


toml_values = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=True)
    | st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["env", "type", "mode", "use", "data", "x y", "é"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def to_toml(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return repr(value)
        case int():
            return str(value)
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
        case list():
            return f"[{', '.join(map(to_toml, value))}]"
        case dict():
            inner = (f"{to_toml(k)} = {to_toml(v)}" for k, v in value.items())
            return f"{{ {', '.join(inner)} }}"
        case _:
            raise AssertionError(value)


@given(
    st.dictionaries(
        st.sampled_from(["host", "bots", "platforms", "operators", "more"]),
        toml_values
        | st.dictionaries(
            st.sampled_from(["r", "data", "B"]),
            toml_values
            | st.fixed_dictionaries(
                {"type": st.just("radio")},
                optional={
                    "mode": st.just("fm") | toml_values,
                    "volume": toml_values,
                    "token": toml_values,
                    "presets": toml_values,
                },
            ),
            max_size=2,
        ),
        max_size=5,
    )
)
def test_whatever_is_written_is_read_or_refused_line_by_line(
    document: dict[str, object],
) -> None:
    text = "\n".join(f"{key} = {to_toml(value)}" for key, value in document.items())

    try:
        settings = read(text)
    except ConfigRefused as refused:
        told = refused.faults
    else:
        assert isinstance(settings, Settings)
        return
    assert told
    for fault in told:
        assert fault.message.startswith("expected ")
        assert "\n" not in str(fault)


OWN = """
from attrs import frozen
from rookery import Link, Outbound, Platform, Sent

@frozen
class Config:
    url: str

class Own(Platform[Config]):
    name = "own"
    async def session(self, link: Link) -> None: ...
    async def send(self, link: Link, out: Outbound) -> Sent: ...
"""


def test_a_platform_of_ones_own_stands_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    text = '[platforms.o]\nuse = "own.py:Own"\nurl = "ws://there"\n'
    found = read_settings(
        text, name="rookery.toml", kinds=KINDS, env={}, folder=tmp_path
    ).platforms["o"]
    assert found.type == "own"
    assert attrs.asdict(found.config) == {"url": "ws://there"}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            'use = "own.py:Own"',
            "platforms.o.url: expected a value, got nothing (the key is missing)",
        ),
        (
            'use = "own.py:Own"\nurl = "x"\nport = 5',
            "platforms.o.port: expected url, got the unknown key port",
        ),
        (
            'type = "own"\nuse = "own.py:Own"',
            "platforms.o.type: expected nothing beside `use`, which names the class, got one",
        ),
        (
            "use = 5",
            'platforms.o.use: expected "FILE.py:CLASS" or "MODULE:CLASS", got the integer 5',
        ),
        (
            'use = "own.py:Mine"',
            "platforms.o.use: expected a platform that can be loaded, got: own.py has no 'Mine'",
        ),
    ],
)
def test_what_is_wrong_with_ones_own_is_a_fault_like_any_other(
    tmp_path: Path, lines: str, said: str
) -> None:
    (tmp_path / "own.py").write_text(OWN)
    with pytest.raises(ConfigRefused) as refused:
        read_settings(
            f"[platforms.o]\n{lines}\n",
            name="rookery.toml",
            kinds=KINDS,
            env={},
            folder=tmp_path,
        )
    assert str(refused.value) == said
