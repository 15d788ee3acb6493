"""Loading a bot by its line in the configuration, again and again."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from actors.bots import BotNotLoaded, load_bot
from actors.bots.loading import KEPT_VERSIONS

CODE = '''
from __future__ import annotations
from actors.bots import Bot, Context, use
from enum import Enum

class Way(Enum):
    UP = "up"

bot = Bot("{name}")
other = Bot("other")
number = 7

@bot.command("go")
async def go(ctx: Context, way: Way, steps: int = 1, *, db: object = use("db")) -> None:
    """Goes."""
'''


@pytest.fixture(autouse=True)
def _keep_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))


def write(path: Path, name: str = "first", extra: str = "") -> None:
    path.write_text(CODE.format(name=name) + extra)


def test_a_file_beside_the_configuration_is_loaded(tmp_path: Path) -> None:
    write(tmp_path / "my-bot.py")
    bot = load_bot("my-bot.py:bot", tmp_path)
    assert bot.name == "first"
    (handler,) = bot.handlers
    assert handler.usage == "/go up [STEPS]"
    assert load_bot("./my-bot.py:other", tmp_path).name == "other"
    assert load_bot(f"{tmp_path}/my-bot.py:bot", Path("/")).name == "first"


def test_the_folder_is_appended_to_the_path_never_put_first(tmp_path: Path) -> None:
    write(tmp_path / "json.py")  # would break everything if it came first
    write(tmp_path / "weather_bot_x.py", extra="import json; json.dumps(1)\n")
    assert load_bot("weather_bot_x:bot", tmp_path).name == "first"
    assert sys.path[-1] == str(tmp_path)


def test_a_module_is_loaded_by_name() -> None:
    assert load_bot("rookery.demo:bot", Path("/nowhere")).name == "demo"


def test_every_load_sees_the_code_as_it_is_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also an edit in the same second and of the same size."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "quick_bot.py"
    bots = []
    for name in ("first", "other", "third"):
        write(path, name)
        os.utime(path, (1e9, 1e9))
        bots.append(load_bot("quick_bot:bot", tmp_path))
    assert [bot.name for bot in bots] == ["first", "other", "third"]


def test_relative_imports_of_a_package_are_loaded_again(tmp_path: Path) -> None:
    package = tmp_path / "nest_bot"
    package.mkdir()
    write(package / "__init__.py", extra="from .texts import HELLO\nbot.name = HELLO\n")
    names = []
    for hello in ("aaa", "bbb"):
        (package / "texts.py").write_text(f"HELLO = '{hello}'\n")
        (package / "texts.py").touch()
        names.append(load_bot("nest_bot:bot", tmp_path).name)
    assert names[0] == "aaa"
    write(package / "inner.py", extra="from .texts import HELLO\nbot.name = HELLO\n")
    assert load_bot("nest_bot.inner:bot", tmp_path).name in {"aaa", "bbb"}


def test_old_versions_do_not_pile_up(tmp_path: Path) -> None:
    write(tmp_path / "many_bot.py")
    before = set(sys.modules)
    for _ in range(3 * KEPT_VERSIONS):
        load_bot("many_bot.py:bot", tmp_path)
    assert len(set(sys.modules) - before) == KEPT_VERSIONS


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ("bot", "it must look like MODULE:ATTRIBUTE or FILE.py:ATTRIBUTE"),
        ("x.py:", "it must look like"),
        ("x.py:a b", "it must look like"),
        ("nowhere.py:bot", "there is no file "),
        ("no_such_module_x:bot", "there is no module 'no_such_module_x'"),
        ("no_such_package_x.inner:bot", "ModuleNotFoundError: No module named"),
        ("good.py:nothing", "the module has no 'nothing'; it has bot, other"),
        ("good.py:number", "'number' must be a Bot (got int); it has bot, other"),
        ("syntax.py:bot", "SyntaxError: "),
        ("raises.py:bot", "ZeroDivisionError: division by zero ("),
        ("exits.py:bot", "SystemExit: 3"),
        ("mistake.py:bot", "BotMistake: command 'x': parameter 'a' must be annotated"),
    ],
)
def test_what_cannot_be_loaded_is_one_clear_error(
    tmp_path: Path, use: str, why: str
) -> None:
    write(tmp_path / "good.py")
    write(tmp_path / "syntax.py", extra="def (:\n")
    write(tmp_path / "raises.py", extra="1 / 0\n")
    write(tmp_path / "exits.py", extra="raise SystemExit(3)\n")
    write(tmp_path / "mistake.py", extra="@bot.command('x')\ndef x(ctx, a): ...\n")
    before = set(sys.modules)
    with pytest.raises(BotNotLoaded) as refused:
        load_bot(use, tmp_path)
    assert refused.value.use == use
    assert why in refused.value.why
    assert "\n" not in refused.value.why
    left = {name for name in set(sys.modules) - before if "__" in name}
    assert len(left) <= 1  # nothing of a module that failed half-way


def test_the_error_points_at_the_line(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text("\n\nopen('/no/such/file')\n")
    with pytest.raises(BotNotLoaded, match=r"raises\.py:3\)$"):
        load_bot("raises.py:bot", tmp_path)


@pytest.mark.parametrize(
    "mistake",
    [
        "from actors.bots import Bot\n\nBot('my bot!')\n",
        "import json\n\njson.loads('{')\n",
    ],
)
def test_the_line_is_the_author_s_own(tmp_path: Path, mistake: str) -> None:
    """Not ours that refuses it, nor one of a library: nobody is helped by those."""
    (tmp_path / "mine.py").write_text(mistake)
    with pytest.raises(BotNotLoaded, match=rf"\({tmp_path}/mine\.py:3\)$"):
        load_bot("mine.py:bot", tmp_path)


def test_an_environment_beside_the_bot_is_not_the_author_s(tmp_path: Path) -> None:
    library = tmp_path / ".venv" / "lib" / "site-packages" / "brittle.py"
    library.parent.mkdir(parents=True)
    library.write_text("def snap():\n    raise OSError('snap')\n")
    path = f"import sys\nsys.path.append({str(library.parent)!r})\n"
    (tmp_path / "mine.py").write_text(f"{path}import brittle\nbrittle.snap()\n")
    with pytest.raises(BotNotLoaded, match=r"mine\.py:4\)$"):
        load_bot("mine.py:bot", tmp_path)
