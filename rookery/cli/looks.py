"""The commands that only look at a host that runs: their words and their examples."""

# ruff: noqa: PLC0415 - what a command needs is imported by it: --help needs no host

from __future__ import annotations

from typing import Annotated, TypeAlias

from cyclopts import Parameter

from rookery.cli.places import DEFAULT, Which

TreePath: TypeAlias = Annotated[
    str, Parameter(name="PATH", help="An actor, as in /platforms/qq.")
]
Watch: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--watch",
        negative=(),
        help="Draw it again every second, in place, until Ctrl-C. Needs a terminal.",
    ),
]
All: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--all",
        negative=(),
        help="Show everybody, where of a crowd only 20 are shown and the rest counted.",
    ),
]
TypeName: TypeAlias = Annotated[
    str | None,
    Parameter(name="TYPE", help="A type of platform, or a FILE.py:CLASS that is one."),
]
Types: TypeAlias = Annotated[
    bool,
    Parameter(
        name="--types", negative=(), help="Which types there are, not what runs."
    ),
]


def tree(
    path: TreePath = "/",
    /,
    *,
    watch: Watch = False,
    everybody: All = False,
    which: Which = DEFAULT,
) -> int:
    """Draw the supervision tree of the running host, or what is at PATH and below.

    Behind a name stands its state, then what is not as usual: when it is tried
    again, how often it was restarted, what waits in its mailbox (of how many),
    the kind of message in hand.

    For example:

        rookery tree
        rookery tree /platforms/qq --watch
        rookery tree --data /srv/bots/rookery-data --json
    """
    from rookery.cli.seeing import show_tree
    from rookery.control import Tree

    return show_tree(which, Tree(path, everybody), watch=watch)


def platforms(
    kind: TypeName = None, /, *, types: Types = False, which: Which = DEFAULT
) -> int:
    """List the platforms of the running host, or say which types there are.

    Of the running host: accounts, and how they are. With --types: what a
    configuration may say as `type`, where it comes from, and what cannot be used
    and why. With TYPE: what it can, and the keys of its table; a FILE.py:CLASS is
    one, too. These two need no host; they import what they tell about.

    For example:

        rookery platforms
        rookery platforms --types
        rookery platforms onebot11
        rookery platforms mine.py:TinyChat --json
    """
    if kind is not None or types:
        from rookery.cli.kinds import list_kinds, show_kind

        if kind is None:
            return list_kinds(as_json=which.json)
        return show_kind(kind, as_json=which.json)
    from rookery.cli.client import perform
    from rookery.cli.rendering import platforms_text
    from rookery.control import Platforms

    return perform(which, Platforms(), platforms_text)


def schedules(*, which: Which = DEFAULT) -> int:
    """List what the running host runs without a message, and when it is due next.

    For example:

        rookery schedules
        rookery schedules --json
    """
    from rookery.cli.client import perform
    from rookery.cli.rendering import schedules_text
    from rookery.control import Schedules

    return perform(which, Schedules(), schedules_text)


def lanes(*, which: Which = DEFAULT) -> int:
    """List what each platform has brought, what of it waits, and what became of it.

    One line for each platform and priority: urgent, normal, bulk.

    For example:

        rookery lanes
        rookery lanes --json
    """
    from rookery.cli.client import perform
    from rookery.cli.lanes import lanes_text
    from rookery.control import Lanes

    return perform(which, Lanes(), lanes_text)
