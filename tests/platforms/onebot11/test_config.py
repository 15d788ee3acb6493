"""What the configuration of a OneBot platform may say."""

import pytest

from platforms.base import Secret
from platforms.onebot11 import OneBot11Config
from platforms.onebot11.roles import SocketRole, dialled, is_account, role_named

TOKEN = Secret("t0k")


@pytest.mark.parametrize(
    "config",
    [
        OneBot11Config(),
        OneBot11Config(listen="localhost:0"),
        OneBot11Config(listen="[::1]:6700"),
        OneBot11Config(listen="0.0.0.0:6700", access_token=TOKEN),
        OneBot11Config("forward", url="ws://127.0.0.1:6701/api?a=b"),
        OneBot11Config("forward", url="wss://example.org", access_token=TOKEN),
    ],
)
def test_a_right_configuration_has_no_faults(config: OneBot11Config) -> None:
    assert config.faults() == ()


@pytest.mark.parametrize(
    ("config", "keys", "says"),
    [
        (OneBot11Config("forward"), ["url"], "got nothing"),
        (OneBot11Config("forward", url="http://x"), ["url"], "ws://"),
        (OneBot11Config("forward", "127.0.0.1:1", "ws://x"), ["listen"], "forward"),
        (OneBot11Config(url="ws://x"), ["url"], "reverse"),
        (OneBot11Config(listen="6700"), ["listen"], "HOST:PORT"),
        (OneBot11Config(listen="127.0.0.1:70000"), ["listen"], "65535"),
        (OneBot11Config(listen="0.0.0.0:6700"), ["access_token"], "others can connect"),
        (OneBot11Config(listen="[::]:6700"), ["access_token"], "others can connect"),
        (OneBot11Config(access_token=Secret("")), ["access_token"], "empty"),
        (
            OneBot11Config("reverse", "nonsense", "ws://x", Secret("")),
            ["access_token", "url", "listen"],
            "empty",
        ),
    ],
)
def test_a_wrong_configuration_has_all_of_its_faults_told_at_once(
    config: OneBot11Config, keys: list[str], says: str
) -> None:
    faults = config.faults()
    assert [fault.key for fault in faults] == keys, "all of them, at once"
    assert says in str(faults[0])


def test_the_token_is_not_shown() -> None:
    assert "t0k" not in repr(OneBot11Config(access_token=TOKEN))
    wrong = OneBot11Config("forward", url="http://u:t0k@x/?access_token=t0k")
    assert "t0k" not in str(wrong.faults())


@pytest.mark.parametrize(
    ("url", "dials"),
    [
        ("ws://h", {"Universal": "ws://h"}),
        ("ws://h/", {"Universal": "ws://h/"}),
        ("ws://h/onebot", {"Universal": "ws://h/onebot"}),
        ("ws://h/api", {"API": "ws://h/api", "Event": "ws://h/event"}),
        ("ws://h/event/", {"API": "ws://h/api", "Event": "ws://h/event"}),
        (
            "ws://h/v11/event?k=v",
            {"API": "ws://h/v11/api?k=v", "Event": "ws://h/v11/event?k=v"},
        ),
    ],
)
def test_what_is_dialled(url: str, dials: dict[str, str]) -> None:
    assert {role.value: u for role, u in dialled(url).items()} == dials


def test_roles_and_accounts_of_a_handshake() -> None:
    assert role_named(None) is role_named(" ") is SocketRole.UNIVERSAL
    assert role_named("api") is SocketRole.API
    assert role_named("Emperor") is None
    assert is_account("10001")
    assert not any(map(is_account, ["", "-1", "a", "../x", "1/2", "²", "9" * 21]))
