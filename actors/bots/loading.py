"""From a line of the configuration to a bot: `use = "weather:bot"` or `"weather.py:bot"`.

Every load runs the code again under a fresh module name, so a reload is a first load:
the bot that runs keeps the module it came from until it is gone. Modules which that
code imports by their full name are not loaded again; those of its own package that it
imports relatively (`from . import texts`) are, when `use` names the package.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from collections import deque
from importlib.machinery import ModuleSpec, SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType

from actors.bots.blame import blamed
from actors.bots.bot import Bot
from actors.bots.errors import BotNotLoaded

KEPT_VERSIONS = 4
"""Modules kept by name for each `use`: the newest, the one it replaces, and two to spare."""

_numbers = count(1)
_versions: dict[str, deque[str]] = {}
_USE = re.compile(r"(?P<where>.+):(?P<attribute>[^\W\d]\w*)")


def load_bot(use: str, base: Path) -> Bot:
    """Return the bot that *use* names; *base* is the folder of the configuration.

    *base* is appended to `sys.path`, never put first.

    Raises:
        BotNotLoaded: there is no such code, it fails, or what it names is no bot.
    """
    found = _USE.fullmatch(use)
    if found is None:
        why = "it must look like MODULE:ATTRIBUTE or FILE.py:ATTRIBUTE, such as 'weather.py:bot'"
        raise BotNotLoaded(use, why)
    if str(base) not in sys.path:
        sys.path.append(str(base))
    where = found["where"]
    home = (base / where).resolve().parent if where.endswith(".py") else base
    try:
        module = _load(use, where, base)
    except BotNotLoaded:
        raise
    except (Exception, SystemExit) as error:
        raise BotNotLoaded(use, blamed(error, home)) from error
    return _bot_in(module, use, found["attribute"])


def _load(use: str, where: str, base: Path) -> ModuleType:
    importlib.invalidate_caches()
    number = next(_numbers)
    if where.endswith(".py"):
        path = (base / where).resolve()
        if not path.is_file():
            raise BotNotLoaded(use, f"there is no file {path}")
        stem = re.sub(r"\W", "_", path.stem)
        spec = _fresh_spec(f"rookery_bot_{stem}__{number}", path, package=False)
        return _run(use, spec)
    found = importlib.util.find_spec(where)
    if found is None:
        raise BotNotLoaded(use, f"there is no module {where!r}")
    if found.origin is None or not found.origin.endswith(".py"):
        return importlib.import_module(where)
    # Beside the original in its own package, so that relative imports work.
    package = found.submodule_search_locations is not None
    origin = Path(found.origin)
    return _run(use, _fresh_spec(f"{where}__{number}", origin, package=package))


class _Source(SourceFileLoader):
    """Compiles what is in the file now.

    Cached bytecode is matched by whole seconds and size, so a quick edit would be
    missed.
    """

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


def _fresh_spec(name: str, path: Path, *, package: bool) -> ModuleSpec:
    spec = importlib.util.spec_from_file_location(
        name,
        path,
        loader=_Source(name, str(path)),
        submodule_search_locations=[str(path.parent)] if package else None,
    )
    assert spec is not None
    return spec


def _run(use: str, spec: ModuleSpec) -> ModuleType:
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        _forget(spec.name)
        raise
    versions = _versions.setdefault(use, deque())
    versions.append(spec.name)
    while len(versions) > KEPT_VERSIONS:
        _forget(versions.popleft())
    return module


def _forget(name: str) -> None:
    """Take a module and what lies under it out of the table; running code keeps its own."""
    # A copy: another thread may be importing.
    for known in [
        key for key in list(sys.modules) if key == name or key.startswith(f"{name}.")
    ]:
        del sys.modules[known]


def _bot_in(module: ModuleType, use: str, attribute: str) -> Bot:
    value = getattr(module, attribute, None)
    if isinstance(value, Bot):
        return value
    bots = [name for name, found in vars(module).items() if isinstance(found, Bot)]
    hint = f"; it has {', '.join(bots)}" if bots else ""
    if not hasattr(module, attribute):
        raise BotNotLoaded(use, f"the module has no {attribute!r}{hint}")
    raise BotNotLoaded(
        use, f"{attribute!r} must be a Bot (got {type(value).__name__}){hint}"
    )
