"""The commands that speak to a running host."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from rookery.cli.places import Which
from rookery.config import ConfigRefused, find_data
from rookery.control import NoAnswer, NoHost, Refused, Request, Send, ask

OK, NOT_DONE, USAGE = 0, 1, 2

_SAID = frozenset({"sent", "degraded"})


def perform(
    which: Which, request: Request, show: Callable[[Mapping[str, object]], str]
) -> int:
    """Ask the host that is meant, print what it answers, return the exit code."""
    if isinstance(request, Send) and not _printable(request.text):
        print("TEXT must be UTF-8 (got bytes that are not)", file=sys.stderr)
        return USAGE
    try:
        result = ask(find_data(which.config, which.data, Path.cwd()), request)
    except ConfigRefused as refused:
        return _not_done(which, "bad_config", str(refused), USAGE)
    except NoHost as error:
        return _not_done(which, "no_host", str(error), USAGE)
    except NoAnswer as error:
        return _not_done(which, "no_answer", str(error), NOT_DONE)
    except Refused as refused:
        usage = refused.kind in ("bad_request", "bad_config")
        code = USAGE if usage else NOT_DONE
        return _not_done(which, refused.kind, str(refused), code)
    print(json.dumps(result, ensure_ascii=False) if which.json else show(result))
    return _code(result)


def _not_done(which: Which, kind: str, message: str, code: int) -> int:
    """Say why, to people and, where asked for, to programs; return the exit code."""
    if which.json:
        error = {"kind": kind, "message": message}
        print(json.dumps({"error": error}, ensure_ascii=False))
    print(message, file=sys.stderr)
    return code


def _printable(text: str) -> bool:
    """Arguments that are no UTF-8 arrive with surrogates in them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _code(result: Mapping[str, object]) -> int:
    """Done with reservations is not done: scripts look at nothing else."""
    if result.get("faults"):
        return NOT_DONE
    return OK if result.get("state", "sent") in _SAID else NOT_DONE
