"""`rookery check`: what `run` would find, without running."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from actors.bots import BotNotLoaded, load_bot
from rookery.config import ConfigRefused, Configuration, Fault, load
from rookery.host import PLATFORM_CONFIGS

OK, USAGE = 0, 2


def check_file(file: Path, *, as_json: bool) -> int:
    """Print every fault of *file*, one a line; return the exit code."""
    faults: tuple[Fault, ...] = ()
    summary = ""
    try:
        found = load(file, here=Path.cwd(), kinds=PLATFORM_CONFIGS, env=os.environ)
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
    faults = []
    for bot_id, bot in found.settings.bots.items():
        try:
            load_bot(bot.use, found.folder)
        except BotNotLoaded as error:
            message = f"expected a bot that can be loaded, got: {error.why}"
            faults.append(Fault(f"bots.{bot_id}.use", message))
    return tuple(faults)


def _ids(entries: object) -> str:
    assert isinstance(entries, dict)
    return ", ".join(entries) or "none"
