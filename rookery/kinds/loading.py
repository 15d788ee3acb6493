"""From `mine.py:TinyChat` to what stands there. The code is a stranger's.

A file is loaded again only when it has changed: else its class stays the same, and a reload
of the configuration does not disturb what runs on it. A changed file makes a new class, and
so a changed platform. A module that is named by its import path stays as it is until the host
is started again, because others may use it, too.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from contextlib import redirect_stdout
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Final

from actors.bots import blamed
from rookery.kinds.values import NoKind

_USE: Final = re.compile(r"(?P<where>.+):(?P<attribute>[^\W\d]\w*)")
_LOOKS: Final = "FILE.py:CLASS or MODULE:CLASS, such as 'mine.py:TinyChat'"
_numbers = count(1)
_files: dict[Path, tuple[bytes, ModuleType]] = {}
"""What each file held when it was last loaded, and what that became."""


def load_named(use: str, folder: Path) -> object:
    """Return what *use* names; *folder* is that of the configuration.

    Raises:
        NoKind: there is no such code, or it fails.
    """
    found = _USE.fullmatch(use)
    if found is None:
        msg = f"it must look like {_LOOKS} (got {use!r})"
        raise NoKind(msg)
    where, attribute = found["where"], found["attribute"]
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    module = imported(where, folder)
    if not hasattr(module, attribute):
        msg = f"{where} has no {attribute!r}"
        raise NoKind(msg)
    value: object = getattr(module, attribute)
    return value


def imported(where: str, folder: Path) -> ModuleType:
    """Return a module, by its name or by its file.

    Raises:
        NoKind: it is not there, or fails.
    """
    home = (folder / where).resolve().parent if where.endswith(".py") else folder
    try:
        with redirect_stdout(sys.stderr):  # standard output may be a chat, or an answer
            if where.endswith(".py"):
                return _of_file((folder / where).resolve())
            importlib.invalidate_caches()
            return importlib.import_module(where)
    except NoKind:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        msg = f"importing {where} failed: {blamed(error, home)}"
        raise NoKind(msg) from error


def _of_file(path: Path) -> ModuleType:
    try:
        source = path.read_bytes()
    except OSError as error:
        msg = f"{path} must be a file that can be read (got: {error.strerror})"
        raise NoKind(msg) from None
    digest = sha256(source).digest()
    known = _files.get(path)
    if known is not None and known[0] == digest:
        return known[1]
    name = (
        f"rookery_platform_{re.sub(r'[^a-zA-Z0-9]', '_', path.stem)}__{next(_numbers)}"
    )
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        # What was read is what is run: the file may change in between.
        exec(compile(source, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    except BaseException:
        del sys.modules[name]
        raise
    if known is not None:
        sys.modules.pop(known[1].__name__, None)
    _files[path] = digest, module
    return module
