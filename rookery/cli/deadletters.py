"""`rookery dead-letters`: its words and its examples. What they do is in `messages`."""

# ruff: noqa: PLC0415 - what a command needs is imported by it: --help needs no host

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from cyclopts import App, Parameter

from rookery.cli.choices import LetterKind
from rookery.cli.outbox import Limit
from rookery.cli.places import DEFAULT, Which

Ids: TypeAlias = Annotated[
    str, Parameter(name="ID", help="Which ones, as the list shows them.")
]
OneId: TypeAlias = Annotated[str, Parameter(name="ID", help="Which one.")]
Kinds: TypeAlias = Annotated[
    list[LetterKind] | None,
    Parameter(
        name="--kind",
        help=f"Only of this kind ({', '.join(get_args(LetterKind))}); may be given again.",
        show_choices=False,
        negative=(),
    ),
]
After: TypeAlias = Annotated[
    str, Parameter(name="--after", help="Go on behind the page before.")
]

dead_letters = App(
    name="dead-letters",
    help="""\
See what was heard and not handled, or meant and not said; let it begin again.

in-... came in: its handler failed, it waited too long, or it was quarantined.
out-... was to go out: too old, too much, or refused by the platform.
mail-... went from one part of the host to another.

For example:

    rookery dead-letters list --kind failed
    rookery dead-letters retry in-12
    rookery dead-letters discard out-34
""",
    help_format="plaintext",
)


@dead_letters.command(name="list")
def list_(
    *, kinds: Kinds = None, after: After = "", limit: Limit = 50, which: Which = DEFAULT
) -> int:
    """List dead letters, newest first.

    For example:

        rookery dead-letters list
        rookery dead-letters list --kind failed --kind quarantined --json
    """
    from rookery.cli.messages import list_letters

    return list_letters(which, kinds=tuple(kinds or ()), after=after, limit=limit)


@dead_letters.command
def show(id_: OneId, /, *, which: Which = DEFAULT) -> int:
    """Show one dead letter, whole.

    For example:

        rookery dead-letters show in-12
    """
    from rookery.cli.messages import show_letter

    return show_letter(which, id_)


@dead_letters.command
def retry(*ids: Ids, which: Which = DEFAULT) -> int:
    """Let an event be handled again, or say what was not said.

    What a handler had already said is not said twice. What was to go out becomes a
    new message, one for each dead letter however often this is asked for.

    For example:

        rookery dead-letters retry in-12 out-34
    """
    from rookery.cli.messages import do_letters

    return do_letters(which, "retry", ids)


@dead_letters.command
def discard(*ids: Ids, which: Which = DEFAULT) -> int:
    """Put dead letters away that are dealt with.

    For example:

        rookery dead-letters discard in-12 mail-3
    """
    from rookery.cli.messages import do_letters

    return do_letters(which, "discard", ids)
