"""The commands, their words and their examples. What they do is elsewhere."""

# ruff: noqa: PLC0415 - what a command needs is imported by it: --help needs no host

from __future__ import annotations

import errno
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, TypeAlias

from cyclopts import App, CycloptsError, Parameter, UnusedCliTokensError

from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.deadletters import dead_letters
from rookery.cli.journal import journal
from rookery.cli.looks import lanes, platforms, schedules, tree
from rookery.cli.outbox import outbox
from rookery.cli.places import DEFAULT, NO_WORLD, Which, Worlds
from rookery.cli.starters import Transport

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

HELP = """\
A home for chat bots, where any part may fail and nothing else stops.

Begin with `rookery demo`, a host that is broken every few seconds and loses
nothing, or with `rookery run`: without a configuration it starts a demo bot
that you can talk to right here or at http://127.0.0.1:8643/web/, and waits
for OneBot v11 on 127.0.0.1:6700.

For example:

    rookery demo                  # a host that is broken, and loses nothing
    rookery run                   # ./rookery.toml, else the built-in default
    rookery new bot weather       # write weather.py, and see how to add it
    rookery check                 # every mistake of rookery.toml
    rookery tree                  # what runs, from another terminal
    rookery send qq/10001/group:42 "good morning"
    rookery reload                # after editing rookery.toml or a bot
    rookery journal stats         # what was accepted, and what became of it
    rookery outbox list           # what was to be said, and where it stands
    rookery dead-letters list     # what was never handled, or never said

Commands for a running host find it by ./rookery.toml, else ./rookery-data,
or by --config FILE or --data DIR, and take --json.

It ends with 0 when done or stopped as asked, 1 when not done or stopped by a
second signal, 2 for usage, configuration or a data directory that is taken,
70 when the host gave up.
"""

File: TypeAlias = Annotated[
    Path | None, Parameter(name="--config", help="The configuration file.")
]
Data: TypeAlias = Annotated[
    Path | None, Parameter(help="A data directory other than the configuration's.")
]
Verbose: TypeAlias = Annotated[
    bool,
    Parameter(
        name=["--verbose", "-v"],
        negative=(),
        help="Also log what is only of interest when looking for a mistake.",
    ),
]
AllowChaos: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--allow-chaos",
        negative=(),
        help="Let `rookery chaos` break this host on purpose.",
    ),
]
Plan: TypeAlias = Annotated[
    Path | None, Parameter(help="The plan, a TOML file; none with --simulate.")
]
For: TypeAlias = Annotated[
    str | None,
    Parameter(name="--for", help="How long, such as 30s or 5m; goes before the plan."),
]
Calm: TypeAlias = Annotated[
    bool, Parameter(name="--calm", negative=(), help="Break nothing.")
]
DemoFor: TypeAlias = Annotated[
    str | None,
    Parameter(name="--for", help="End by itself after so long, such as 30s or 5m."),
]
DemoData: TypeAlias = Annotated[
    Path | None,
    Parameter(
        name="--data", help="Keep everything in this folder, which must be empty."
    ),
]
Checked: TypeAlias = Annotated[
    Path, Parameter(name="FILE", help="The configuration file.")
]
Json: TypeAlias = Annotated[
    bool, Parameter(name="--json", negative=(), help="Print the faults as JSON.")
]
Name: TypeAlias = Annotated[
    str, Parameter(help="What the bot is called: a-z, 0-9, - and _.")
]
PlatformName: TypeAlias = Annotated[
    str, Parameter(help="What its kind is called: a-z, 0-9, - and _.")
]
Wire: TypeAlias = Annotated[
    Transport, Parameter(help="How it is reached: who dials whom, and what is spoken.")
]
Address: TypeAlias = Annotated[
    str,
    Parameter(
        help="PLATFORM/ACCOUNT/KIND:CHAT; KIND is private, group, channel or thread.",
    ),
]
Text: TypeAlias = Annotated[str, Parameter(help="What to say.")]

app = App(
    name="rookery",
    help=HELP,
    help_format="plaintext",
    result_action="return_value",
    help_flags=["--help", "-h"],
    version_flags=["--version"],
)
new = App(name="new", help="Write something to start from.", help_format="plaintext")
app.command(new)
for look in (tree, platforms, schedules, lanes):
    app.command(look)
app.command(journal)
app.command(outbox)
app.command(dead_letters)


@app.command
def run(
    file: File = None,
    *,
    data: Data = None,
    verbose: Verbose = False,
    allow_chaos: AllowChaos = False,
) -> int:
    r"""Run the host until SIGTERM or Ctrl-C.

    Without a file it takes ./rookery.toml; without that, the built-in default:
    the console, a web chat on 127.0.0.1:8643, a demo bot and OneBot v11 on
    127.0.0.1:6700.

    SIGHUP does what `rookery reload` does. The first SIGTERM or Ctrl-C lets what
    is in hand finish, a second one leaves now. Closing its terminal ends it, too,
    unless it was started with nohup.

    For example:

        rookery run
        rookery run /etc/rookery/rookery.toml
        printf '/ping\n' | rookery run
        rookery run --data /tmp/try 2> log.json

    What is piped in is said on the console; when it ends, the host goes on.
    """
    from rookery.host import run_host

    return run_host(file, data=data, verbose=verbose, allow_chaos=allow_chaos)


@app.command
def demo(*, calm: Calm = False, so_long: DemoFor = None, data: DemoData = None) -> int:
    r"""Show a host that is broken every few seconds, and lose nothing.

    A console, a web chat and a scripted OneBot peer, joined by a bridge of twenty
    lines, rookery/bridge.py. What you type, the others hear. Parts are killed and
    a line is cut; what was said is held against what was heard. Without a terminal
    it prints a line every few seconds. Ctrl-C leaves in order and says what it came
    to; the exit code is 0 if nothing was lost and nothing came twice.

    For example:

        rookery demo
        rookery demo --calm
        printf 'hello\n' | rookery demo --for 10s
    """
    from rookery.cli.demo import show_demo

    return show_demo(calm=calm, so_long=so_long, data=data)


@app.command
def check(file: Checked = Path("rookery.toml"), /, *, json: Json = False) -> int:
    """Say every mistake of a configuration at once, and whether its bots load.

    Loading a bot runs its module. Nothing is started.

    For example:

        rookery check
        rookery check /etc/rookery/rookery.toml
    """
    from rookery.cli.checking import check_file

    return check_file(file, as_json=json)


@new.command(name="bot")
def new_bot(name: Name, /) -> int:
    """Write NAME.py here, a bot to start from, and say how to add it.

    A file that exists is never overwritten.

    For example:

        rookery new bot weather
    """
    from rookery.cli.writing import write_bot

    return write_bot(name, Path.cwd())


@new.command(name="platform")
def new_platform(name: PlatformName, /, *, transport: Wire) -> int:
    """Write a platform to start from, and the other end of its wire, test and page.

    They are NAME.py, NAME_peer.py, test_NAME.py and NAME.md, here. The platform
    speaks a wire that is made up, and its test proves that it stands everything
    that can happen to a line; put your own wire in its place. A file that exists
    is never overwritten.

    For example:

        rookery new platform parrot --transport ws-client
        python -m pytest test_parrot.py
    """
    from rookery.cli.writing import write_platform

    return write_platform(name, transport, Path.cwd())


@app.command
def send(address: Address, text: Text, /, *, which: Which = DEFAULT) -> int:
    """Say something in a chat through the running host, and what became of it.

    For example:

        rookery send qq/10001/group:42 "good morning"
        rookery send terminal/local/private:console hello
    """
    from rookery.cli.client import perform
    from rookery.cli.rendering import send_text
    from rookery.control import Send

    return perform(which, Send(address, text), send_text)


@app.command
def reload(*, which: Which = DEFAULT) -> int:
    """Make the running host read its configuration again, and load its bots anew.

    A bot that fails to load, or a platform that did not change, stays as it is.

    For example:

        rookery reload
    """
    from rookery.cli.client import perform
    from rookery.cli.rendering import reload_text
    from rookery.control import Reload

    return perform(which, Reload(), reload_text)


@app.command
def chaos(
    plan: Plan = None,
    /,
    *,
    so_long: For = None,
    world: Worlds = NO_WORLD,
    which: Which = DEFAULT,
) -> int:
    """Break the running host on purpose, watch it recover, and say what it cost.

    The host must have been started with --allow-chaos. Ctrl-C ends it early and
    still prints the report; if this command dies, the host heals by itself.

    With --simulate no host needs to run: a whole one lives through hours of faults
    and crashes on a virtual clock, and is held against what it promises. The same
    seed is the same world. Ctrl-C ends it, and what was found so far is said.

    For example:

        rookery chaos plan.toml
        rookery chaos plan.toml --for 30s --json
        rookery chaos --simulate --seed 7 --hours 24
        rookery chaos --simulate --seeds 0..99 --hours 1
    """
    if world.simulate:
        from rookery.cli.simulating import run_simulation

        return run_simulation(world, plan, so_long, which)
    from rookery.cli.chaos import run_chaos

    return run_chaos(plan, so_long, which)


def main(arguments: list[str]) -> int:
    """Do what *arguments* say; return the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal that cannot show a character gets its number instead of a traceback.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        code = app(arguments, exit_on_error=False, print_error=False)
        if sys.stdout is not None:  # it is `None` where it was closed
            sys.stdout.flush()  # at the end of the process nobody could be told
    except CycloptsError as error:
        command = " ".join(["rookery", *(error.command_chain or ())])
        why = str(error)
        if isinstance(error, UnusedCliTokensError):
            why = f"`{command}` takes no {' '.join(error.unused_tokens or ())!r} here"
        print(f"{why} (try `{command} --help`)", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return NOT_DONE
    except BrokenPipeError:  # whoever read has seen enough
        _print_no_more()
        return NOT_DONE
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        _print_no_more()
        print(f"cannot write: {error.strerror}", file=sys.stderr)
        return NOT_DONE
    # `--help` and `--version` print, and return nothing.
    return code if isinstance(code, int) else OK


def _print_no_more() -> None:
    """Throw away what waits to be printed: it would fail again when the process ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError):
        os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
