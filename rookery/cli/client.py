"""The commands that speak to a running host."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.places import Which
from rookery.config import ConfigRefused, find_data
from rookery.control import NoAnswer, NoHost, Refused, Request, Send, ask, visible

_SAID = frozenset({"sent", "degraded"})
"""States of a message that was said."""


Answer: TypeAlias = Mapping[str, object]
"""What a host answers, as JSON gives it; its keys are told in `rookery.control.protocol`."""


@frozen
class NotDone(Exception):
    """A command could not be done: *kind* says why to programs, *message* to people.

    *code* is the exit code.
    """

    kind: str
    message: str
    code: int

    def tell(self, *, as_json: bool) -> int:
        """Say why, to people and, where asked for, to programs; return the exit code."""
        if as_json:
            error = {"kind": self.kind, "message": self.message}
            print(json.dumps({"error": error}, ensure_ascii=False))
        for line in self.message.split("\n"):
            print(visible(line), file=sys.stderr)
        return self.code


def perform(which: Which, request: Request, show: Callable[[Answer], str]) -> int:
    """Ask the host that is meant, print what it answers, return the exit code."""
    if isinstance(request, Send) and not _printable(request.text):
        print("TEXT must be UTF-8 (got bytes that are not)", file=sys.stderr)
        return USAGE
    try:
        result = answer_to(which, request)
    except NotDone as failed:
        return failed.tell(as_json=which.json)
    print(json.dumps(result, ensure_ascii=False) if which.json else show(result))
    return _code(result)


def answer_to(which: Which, request: Request) -> Answer:
    """Return what the host that is meant answers.

    Raises:
        NotDone: there is none, or it did not answer, or it says no.
    """
    try:
        return ask(find_data(which.config, which.data, Path.cwd()), request)
    except ConfigRefused as refused:
        raise NotDone(kind="bad_config", message=str(refused), code=USAGE) from refused
    except NoHost as error:
        raise NotDone(kind="no_host", message=str(error), code=USAGE) from error
    except NoAnswer as error:
        raise NotDone(kind="no_answer", message=str(error), code=NOT_DONE) from error
    except UnicodeEncodeError as error:
        what = "arguments must be UTF-8 (got bytes that are not)"
        raise NotDone(kind="bad_request", message=what, code=USAGE) from error
    except Refused as refused:
        usage = refused.kind in ("bad_request", "bad_config")
        code = USAGE if usage else NOT_DONE
        raise NotDone(refused.kind, str(refused), code) from refused


def _printable(text: str) -> bool:
    """Say whether *text* can be encoded: arguments that are no UTF-8 hold surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _code(result: Mapping[str, object]) -> int:
    """Return `OK` only if all was done: scripts look at nothing but this code."""
    if result.get("faults"):
        return NOT_DONE
    return OK if result.get("state", "sent") in _SAID else NOT_DONE
