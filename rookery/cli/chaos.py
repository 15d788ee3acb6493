"""`rookery chaos`: begin a campaign, look at it until it is done, print the report."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from secrets import token_hex

from rookery.chaos import read_plan
from rookery.cli.client import Answer, NotDone, answer_to
from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.places import Which
from rookery.cli.rendering import chaos_line, chaos_text
from rookery.cli.typed import duration
from rookery.config import ConfigRefused
from rookery.control import BeginChaos, HealChaos, LookAtChaos, Request

LOOK_SECONDS = 1.0
PATIENCE_SECONDS = 15.0
"""How long a host may not answer that did before: the plan may have hit its socket."""
_AWAY = ("no_host", "no_answer")


def run_chaos(plan: Path | None, so_long: str | None, which: Which) -> int:
    """Break the host by *plan*; return 0 only if nothing was lost and all are back."""
    try:
        report = _watch(which, _request(plan, so_long))
    except NotDone as not_done:
        return not_done.tell(as_json=which.json)
    if which.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        print(chaos_text(report))
    return OK if report["sound"] else NOT_DONE


def _request(plan: Path | None, so_long: str | None) -> BeginChaos:
    """Return the request that begins it; what was typed is checked before a host is asked."""
    if plan is None:
        message = "chaos needs a plan, or --simulate (try `rookery chaos --help`)"
        raise NotDone(kind="bad_request", message=message, code=USAGE)
    try:
        text = plan.read_text("utf-8")
        read_plan(text, name=plan.name)
    except OSError as error:
        message = f"{plan} cannot be read: {error.strerror}"
        raise NotDone(kind="bad_request", message=message, code=USAGE) from None
    except UnicodeDecodeError:
        message = f"{plan} must be UTF-8 (got bytes that are not)"
        raise NotDone(kind="bad_request", message=message, code=USAGE) from None
    except ConfigRefused as refused:
        raise NotDone(kind="bad_config", message=str(refused), code=USAGE) from None
    lasting = None if so_long is None else duration("--for", so_long)
    if lasting == 0:
        message = "--for: expected more than 0 seconds"
        raise NotDone(kind="bad_request", message=message, code=USAGE)
    return BeginChaos(token_hex(8), text, lasting)


def _watch(which: Which, begin: BeginChaos) -> Answer:
    """Begin, and look until it is done. The first Ctrl-C heals it, a second one leaves."""
    request: Request = begin
    report: Answer = {}
    interrupted = False
    while True:
        try:
            report = _patiently(which, request, report)
            request = LookAtChaos(begin.campaign)
            if report["phase"] == "done":
                return report
            if sys.stderr.isatty():
                print(chaos_line(report), file=sys.stderr)
            time.sleep(LOOK_SECONDS)
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            request = HealChaos(begin.campaign)


def _patiently(which: Which, request: Request, last: Answer) -> Answer:
    """Return the answer to *request*, asked again while the host does not answer.

    *last* is the report before, empty if there is none: a host that has not answered yet
    is not waited for.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return answer_to(which, request)
        except NotDone as not_done:
            if not_done.kind not in _AWAY or not last:
                raise
            if time.monotonic() >= until:
                message = (
                    f"the host is gone, look into its log; the last that was seen: "
                    f"{chaos_line(last).strip()}"
                )
                raise NotDone(kind="gone", message=message, code=NOT_DONE) from None
        time.sleep(LOOK_SECONDS)
