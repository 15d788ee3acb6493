"""Types of platforms: found where they are, imported late, refused in one sentence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from platforms.console import Console
from rookery.kinds import Kinds, NoKind
from tests.rookery.kinds.packages import SOURCE, install

# Each test has a module name of its own: what is imported once stays imported.


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with packages in it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def why_not(name: str) -> str:
    with pytest.raises(NoKind) as refused:
        Kinds().named(name)
    return str(refused.value)


def why_not_used(use: str, folder: Path) -> str:
    with pytest.raises(NoKind) as refused:
        Kinds().used(use, folder)
    return str(refused.value)


def test_ours_are_there() -> None:
    kinds = Kinds()
    assert kinds.names() == [
        "console",
        "irc",
        "matrix",
        "onebot11",
        "telegram",
        "webchat",
    ]
    found = kinds.named("console")
    assert (found.platform, found.origin) == (Console, "rookery")
    assert found.version


def test_a_package_offers_one_and_is_imported_when_it_is_asked_for(site: Path) -> None:
    install(site, "rookery-lazy")
    kinds = Kinds()
    assert "tinychat" in kinds.names()
    assert "rookery_lazy" not in sys.modules
    found = kinds.named("tinychat")
    assert "rookery_lazy" in sys.modules
    assert (found.name, found.origin, found.version) == (
        "tinychat",
        "rookery-lazy",
        "1.2",
    )
    assert found.platform.config_type.__name__ == "Config"


def test_who_is_not_there_is_told_who_is(site: Path) -> None:
    install(site, "rookery-listed")
    said = why_not("tinychet")
    assert (
        said
        == "there is no type 'tinychet'; there are console, irc, matrix, onebot11, telegram, tinychat, webchat"
    )


def test_two_packages_with_one_name_are_named(site: Path) -> None:
    install(site, "rookery-one", version="1.0")
    install(site, "rookery-two", version="2.0")
    said = why_not("tinychat")
    assert "rookery-one 1.0 and rookery-two 2.0 both offer a type 'tinychat'" in said
    assert "uninstall one" in said
    listed = [each for each in Kinds().listed() if each.name == "tinychat"]
    assert [each.origin for each in listed] == ["rookery-one", "rookery-two"]
    assert all("both offer" in each.why for each in listed)


def test_ours_goes_before_a_strangers_of_the_same_name(site: Path) -> None:
    install(site, "rookery-usurper", entry="console = {module}:TinyChat")
    assert Kinds().named("console").platform is Console
    [ours, theirs] = [each for each in Kinds().listed() if each.name == "console"]
    assert ours.kind is not None
    assert theirs.kind is None
    assert theirs.origin == "rookery-usurper"
    assert "goes before it" in theirs.why


@pytest.mark.parametrize(
    ("entry", "source", "said"),
    [
        ("", "import nowhere_at_all", "No module named 'nowhere_at_all'"),
        ("", "1 / 0", "ZeroDivisionError: division by zero ("),
        ("", "raise SystemExit", "SystemExit"),
        ("", "x =", "SyntaxError"),
        ("", "pass", "has no 'TinyChat'"),
        ("", "TinyChat = 5", "must be a class that extends rookery.Platform (got int)"),
        ("", "class TinyChat: pass", "extends rookery.Platform (got TinyChat)"),
        (
            "",
            SOURCE.replace("async def session", "async def life"),
            "must define session",
        ),
        ("", SOURCE.replace('name = "tinychat"', ""), "must have a `name`"),
        ("", SOURCE.replace('"tinychat"', '"Tiny Chat"'), "must have a `name`"),
        ("", SOURCE.replace("Caps(segments={Text})", "{Text}"), "must have `caps`"),
        ("", SOURCE.replace("Platform[Config]", "Platform"), "an attrs class CONFIG"),
        ("", SOURCE.replace("@frozen\n", ""), "an attrs class CONFIG"),
        ("", SOURCE.replace("url: str", "url: Nowhere"), "must be known (name"),
        ("", SOURCE.replace("url: str", "url: complex"), "types that TOML has"),
        ("", SOURCE.replace("url: str", "use: str"), "must not have a key called use"),
        ("tiny = {module}:TinyChat", SOURCE, "must be called 'tiny'"),
    ],
)
def test_what_cannot_be_used_says_why(
    site: Path, entry: str, source: str, said: str, request: pytest.FixtureRequest
) -> None:
    number = abs(hash(request.node.name))
    install(site, f"bad{number}", entry or "tinychat = {module}:TinyChat", source)
    name = "tiny" if entry else "tinychat"
    assert said in why_not(name)
    [listed] = [each for each in Kinds().listed() if each.name == name]
    assert said in listed.why


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    found = Kinds().used("mine.py:TinyChat", tmp_path)
    assert (found.name, found.origin) == ("tinychat", "mine.py")


def test_a_file_is_loaded_once_and_again_when_it_has_changed(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(SOURCE)
    first = Kinds().used("mine.py:TinyChat", tmp_path)
    assert Kinds().used("mine.py:TinyChat", tmp_path) == first
    file.write_text(SOURCE.replace("Where to dial", "Whom to call"))
    second = Kinds().used("mine.py:TinyChat", tmp_path)
    assert second.platform is not first.platform
    left = [name for name in sys.modules if name.startswith("rookery_platform_mine_")]
    assert second.platform.__module__ in left
    assert first.platform.__module__ not in left


def test_a_file_that_fails_leaves_the_one_that_runs_alone(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(SOURCE)
    first = Kinds().used("mine.py:TinyChat", tmp_path)
    file.write_text("oh dear")
    assert "SyntaxError" in why_not_used("mine.py:TinyChat", tmp_path)
    assert first.platform.__module__ in sys.modules
    file.write_text(SOURCE)
    assert Kinds().used("mine.py:TinyChat", tmp_path) == first


def test_what_a_module_prints_does_not_get_into_an_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud.py").write_text(f"{SOURCE}\nprint('hello')")
    Kinds().used("loud.py:TinyChat", tmp_path)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("use", "said"),
    [
        ("mine.py", "it must look like FILE.py:CLASS or MODULE:CLASS"),
        ("mine.py:Tiny Chat", "it must look like"),
        ("nowhere.py:TinyChat", "nowhere.py must be a file that can be read"),
        ("no.such.module:TinyChat", "No module named 'no'"),
        ("mine.py:Chat", "mine.py has no 'Chat'"),
        ("mine.py:Config", "extends rookery.Platform (got Config)"),
    ],
)
def test_a_use_that_names_nothing_says_why(tmp_path: Path, use: str, said: str) -> None:
    (tmp_path / "mine.py").write_text(SOURCE)
    assert said in why_not_used(use, tmp_path)


def test_a_file_cannot_take_the_name_of_ours(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SOURCE.replace('"tinychat"', '"console"'))
    said = why_not_used("mine.py:TinyChat", tmp_path)
    assert said == (
        "mine.py:TinyChat is called 'console', which is a type of ours: give it another `name`"
    )
