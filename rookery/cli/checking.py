"""`rookery check`: what `run` would find, without running."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import trio

from actors.bots import BotNotLoaded, MissingDependency, check_uses
from rookery.cli.codes import OK, USAGE
from rookery.config import ConfigRefused, Configuration, Fault, load
from rookery.host import PROVIDED, Loader
from rookery.kinds import Kinds


def check_file(file: Path, *, as_json: bool) -> int:
    """Print every fault of *file*, one a line; return the exit code."""
    faults: tuple[Fault, ...] = ()
    summary = ""
    try:
        read = partial(load, file, here=Path.cwd(), kinds=Kinds(), env=os.environ)
        found = trio.run(Loader().read, read, file.absolute().parent)
    except ConfigRefused as refused:
        faults = refused.faults
    else:
        faults = _unloadable(found)
        settings = found.settings
        summary = f"{file} is fine: bots {_ids(settings.bots)}; platforms {_ids(settings.platforms)}"
    if as_json:
        listed = [{"path": fault.path, "message": fault.message} for fault in faults]
        print(json.dumps({"ok": not faults, "faults": listed}, ensure_ascii=False))
    elif faults:
        print("\n".join(map(str, faults)), file=sys.stderr)
    else:
        print(summary)
    return USAGE if faults else OK


def _unloadable(found: Configuration) -> tuple[Fault, ...]:
    """Return a fault for every bot of *found* that cannot be loaded."""
    faults = []
    for bot_id, bot in found.settings.bots.items():
        why = _why_not(bot_id, bot.use, found.folder)
        if why is not None:
            message = f"expected a bot that can be loaded, got: {why}"
            faults.append(Fault(f"bots.{bot_id}.use", message))
    return tuple(faults)


def _why_not(bot_id: str, use: str, folder: Path) -> str | None:
    """Load a bot as the host would; return what is wrong with it, or None."""
    try:
        with redirect_stdout(sys.stderr):  # what its module prints is no answer of ours
            bot = trio.run(Loader().load, use, folder)
        check_uses(bot_id, bot.handlers, {*bot.providers, *PROVIDED})
    except BotNotLoaded as error:
        return error.why
    except MissingDependency as error:
        return str(error)
    except KeyboardInterrupt:
        raise  # a person's: this command has no handler of its own
    except BaseException as error:  # noqa: BLE001 - a module may raise whatever it likes
        return type(error).__name__
    return None


def _ids(entries: Mapping[str, object]) -> str:
    return ", ".join(entries) or "none"
