"""`rookery run`: one process, one data directory, one tree, until somebody says stop."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import structlog
import trio

from actors.bots import line_awaited, line_now
from actors.kernel import (
    AddressNotFound,
    Blocked,
    MailboxFull,
    StartupFailed,
    System,
    Watchdog,
    leaves,
)
from rookery.chaos import Campaigns
from rookery.config import (
    FILE_NAME,
    ConfigRefused,
    Configuration,
    find_file,
    load,
)
from rookery.control import PathTooLong, socket_address
from rookery.host.banner import banner, lines
from rookery.host.collector import settle_collector
from rookery.host.estate import Estate
from rookery.host.journals import journal_for
from rookery.host.leash import Leash
from rookery.host.leaving import drain
from rookery.host.loading import Loader
from rookery.host.lock import DataTaken, DataUnusable, Lock, locked
from rookery.host.manager import HangUp, Manager
from rookery.host.notify import Notifier, from_environment
from rookery.host.parts import Parts
from rookery.host.signals import (
    Signals,
    signals_to,
    terminal_of_this_process,
)
from rookery.host.standard import fill_standard_files
from rookery.host.tree import host_tree
from rookery.kinds import Kinds
from rookery.logs import configure_logs

STOPPED, USAGE, GAVE_UP = 0, 2, 70

log = structlog.get_logger()


def run_host(
    file: Path | None, *, data: Path | None, verbose: bool, allow_chaos: bool = False
) -> int:
    """Run the host in this process until it is told to stop; return the exit code."""
    fill_standard_files()
    here, chosen = Path.cwd(), file

    def read() -> Configuration:
        nonlocal chosen
        source = find_file(chosen, here)
        found = load(source, here=here, kinds=Kinds(), env=os.environ, data=data)
        chosen = source  # never back to the default because a file is gone for a moment
        return found

    try:
        found = trio.run(Loader().read, read, (here / (file or FILE_NAME)).parent)
        with locked(found.data) as lock, socket_address(found.data):
            configure_logs(verbose=verbose)
            campaigns = Campaigns() if allow_chaos else None
            return trio.run(_live, found, read, from_environment(), campaigns, lock)
    except (ConfigRefused, DataTaken, DataUnusable, PathTooLong) as refused:
        print(refused, file=sys.stderr)  # noqa: T201 - the terminal's answer, no log line
        return USAGE


async def _live(
    found: Configuration,
    read: Callable[[], Configuration],
    notifier: Notifier,
    campaigns: Campaigns | None,
    lock: Lock,
) -> int:
    estate, loader = Estate(found), Loader()
    reread = partial(loader.read, read, found.folder)
    system = System(
        lambda: host_tree(parts, reread, notifier, loader.load).actor(),
        hooks=None if campaigns is None else campaigns.hooks,
        witness=None if campaigns is None else campaigns.observer,
    )
    journal = journal_for(found, system, lock)
    parts = Parts.of(system, estate, journal, campaigns)
    if campaigns is not None:
        log.warning("chaos.allowed", pid=os.getpid())
    root = trio.lowlevel.current_root_task()
    who = partial(_who_holds_on, root, threading.get_ident(), found.folder)
    leash = Leash(who)
    signals = Signals(
        lambda: _reload(system), leash.begin, terminal=terminal_of_this_process()
    )
    # In this order: no signal may come while the leash is taken off.
    with leash.held(), signals_to(signals), Watchdog(_tell_blocked):
        try:
            async with parts.open(), system:
                return await _until_the_end(parts, signals, notifier)
        except StartupFailed as failed:
            why = ", ".join(map(str, leaves(_root_of(failed))))
            log.critical("host.start_failed", why=why, exc_info=failed)
            return GAVE_UP
        finally:
            log.info("host.stopped", pid=os.getpid())


async def _until_the_end(parts: Parts, signals: Signals, notifier: Notifier) -> int:
    """Live; leave in order when asked to. Returns the exit code."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_welcome, parts.estate, notifier)
        asked = await _first(signals.asked_to_leave.wait, parts.system.ended)
        nursery.cancel_scope.cancel(reason="the host leaves")
    notifier.stopping()
    if asked is not None:
        log.critical("host.gave_up", why=str(asked))
        return GAVE_UP
    log.info("host.stopping", signal=signals.asked_by)
    if parts.campaigns is not None:
        parts.campaigns.end("the host was told to stop")
    await drain(parts)
    return STOPPED


async def _welcome(estate: Estate, notifier: Notifier) -> None:
    """Once everything was started: say so, to people and to systemd."""
    await estate.settled.wait()
    settle_collector()
    notifier.ready()
    found = estate.configuration
    facts: dict[str, object] = {
        "pid": os.getpid(),
        "configuration": str(found.source or "built-in default"),
        "data": str(found.data),
    }
    person = sys.stderr.isatty()
    log.info("host.started", **facts, **({} if person else {"hints": lines(found)}))
    if person:
        print(banner(found), file=sys.stderr, flush=True)  # noqa: T201 - no log line


async def _first(*waits: Callable[[], Awaitable[object]]) -> object:
    """Return what the first of *waits* to end returned."""
    results: list[object] = []

    async def wait_for(wait: Callable[[], Awaitable[object]]) -> None:
        results.append(await wait())
        nursery.cancel_scope.cancel(reason="another wait was over first")

    async with trio.open_nursery() as nursery:
        for wait in waits:
            nursery.start_soon(wait_for, wait)
    return results[0]


def _who_holds_on(root: trio.lowlevel.Task | None, loop: int, folder: Path) -> str:
    """Return where code of the configuration waits for ever, or blocks the loop."""
    tasks = [] if root is None else [root]
    for task in tasks:  # it grows meanwhile
        for nursery in task.child_nurseries:
            tasks += nursery.child_tasks
    held = dict.fromkeys(line_awaited(task, folder) for task in tasks)
    lines = ", ".join([line for line in held if line][:3])
    return f"{lines or line_now(loop, folder)} does not end"


def _root_of(error: BaseException) -> BaseException:
    """Return what it began with."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _reload(system: System) -> None:
    try:
        system.find("/manager", Manager).tell(HangUp())
    except MailboxFull:
        log.warning("config.reload_skipped", why="enough reloads are waiting already")
    except AddressNotFound:
        log.warning("config.reload_skipped", why="the host only begins, or leaves")


def _tell_blocked(blocked: Blocked) -> None:
    log.warning(
        "loop.blocked",
        actor=blocked.actor,
        message=blocked.message,
        line=blocked.line,
        seconds=blocked.seconds,
    )
