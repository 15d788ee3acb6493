"""`rookery outbox`: its words and its examples. What they do is in `messages`."""

# ruff: noqa: PLC0415 - what a command needs is imported by it: --help needs no host

from __future__ import annotations

from typing import Annotated, TypeAlias, get_args

from cyclopts import App, Parameter

from rookery.cli.choices import NOBODY, Crowd, State
from rookery.cli.places import DEFAULT, Which

Keys: TypeAlias = Annotated[
    str, Parameter(name="KEY", help="The keys of messages, as the list shows them.")
]
OneKey: TypeAlias = Annotated[str, Parameter(name="KEY", help="The key of a message.")]
States: TypeAlias = Annotated[
    list[State] | None,
    Parameter(
        name="--state",
        help=f"Only messages in this state ({', '.join(get_args(State))}); may be given again.",
        show_choices=False,
        negative=(),
    ),
]
Platform: TypeAlias = Annotated[
    str | None, Parameter(name="--platform", help="Only of this platform, by its id.")
]
Account: TypeAlias = Annotated[
    str | None, Parameter(name="--account", help="Only of this account of ours.")
]
After: TypeAlias = Annotated[
    str, Parameter(name="--after", help="Go on behind the page before.")
]
Limit: TypeAlias = Annotated[
    int, Parameter(name="--limit", help="How many are shown, at most 1,000.")
]
MessageId: TypeAlias = Annotated[
    str, Parameter(name="--message-id", help="What the platform calls it.")
]

outbox = App(
    name="outbox",
    help="""\
See what was to be said and where it stands, and decide what nobody can know.

A message is unknown when the line was lost before the platform answered: it may
have been said, or not. Look into the chat, then say so here.

For example:

    rookery outbox list --state unknown
    rookery outbox mark-sent 3f2a...     # it is in the chat
    rookery outbox retry 3f2a...         # it is not; say it (again)
    rookery outbox discard 3f2a...       # never mind
""",
    help_format="plaintext",
)


@outbox.command(name="list")
def list_(
    *,
    states: States = None,
    platform: Platform = None,
    account: Account = None,
    after: After = "0",
    limit: Limit = 50,
    which: Which = DEFAULT,
) -> int:
    """List messages, oldest first: those that have not left, or may not have.

    With --state those in it; without, what is queued, sending or unknown.

    For example:

        rookery outbox list
        rookery outbox list --state unknown --platform qq --limit 10
        rookery outbox list --json
    """
    from rookery.cli.messages import list_outbox

    return list_outbox(
        which,
        states=tuple(states or ()),
        platform=platform,
        account=account,
        after=after,
        limit=limit,
    )


@outbox.command
def show(key: OneKey, /, *, which: Which = DEFAULT) -> int:
    """Show one message, whole.

    For example:

        rookery outbox show 3f2a91c07d5be84f6a1b2c3d
    """
    from rookery.cli.messages import show_message

    return show_message(which, key)


@outbox.command
def retry(
    *keys: Keys,
    crowd: Crowd = NOBODY,
    which: Which = DEFAULT,
) -> int:
    """Send unknown messages again, under the same key.

    Look into the chat first: who has got one already gets two.

    For example:

        rookery outbox retry 3f2a91c07d5be84f6a1b2c3d
        rookery outbox retry --all --platform qq
    """
    from rookery.cli.messages import repair

    return repair(which, "retry", keys, crowd)


@outbox.command(name="mark-sent")
def mark_sent(
    *keys: Keys,
    message_id: MessageId = "",
    crowd: Crowd = NOBODY,
    which: Which = DEFAULT,
) -> int:
    """Say of unknown messages that they went out.

    For example:

        rookery outbox mark-sent 3f2a91c07d5be84f6a1b2c3d --message-id 1001
    """
    from rookery.cli.messages import repair

    return repair(which, "mark-sent", keys, crowd, message_id)


@outbox.command
def discard(
    *keys: Keys,
    crowd: Crowd = NOBODY,
    which: Which = DEFAULT,
) -> int:
    """Give messages up that are unknown, or still queued.

    For example:

        rookery outbox discard 3f2a91c07d5be84f6a1b2c3d
        rookery outbox discard --all --state unknown --yes
    """
    from rookery.cli.messages import repair

    return repair(which, "discard", keys, crowd)
