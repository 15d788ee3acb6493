"""The front door: everything that the author of a bot or of a platform imports.

    from rookery import Bot, Context

Names are fetched when they are first asked for, after a look whether the packages they
come from are ours: `rookery --version` loads none of them, and a stranger's
`supervision` in the environment is one sentence instead of a traceback.

The rooms behind it:

    config           one file, read strictly
    kinds            which types of platforms there are
    host             the tree and its life
    control          how commands reach a host that runs
    cli              the command line
    logs             log lines, to standard error
    chaos            breaking a host on purpose
    demonstration    `rookery demo`
    testing          for tests: a tree on a virtual clock, a lab for platforms, simulations

`demo` and `bridge` are the bots that come along; `guard` looks whether packages are ours.

Read `host` first. What does not happen here: anything a bot or a platform does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actors.bots import (
        AsyncioBridge,
        Bot,
        BotMistake,
        CallFailed,
        CallRefused,
        CallUnknown,
        Context,
        Next,
        NoAnswer,
        NotConnected,
        asyncio_bridge,
        use,
    )
    from actors.messages import (
        ALL,
        DEDUP_SECONDS,
        DERIVED_ID_DEDUP_SECONDS,
        Audio,
        Chat,
        ChatAddress,
        ChatKind,
        Emoji,
        Everyone,
        File,
        Forward,
        Image,
        Inbound,
        Markdown,
        Mention,
        Node,
        Outbound,
        OutboundState,
        Outcome,
        Priority,
        Rate,
        Raw,
        Reply,
        Role,
        Segment,
        Sender,
        Source,
        Text,
        Video,
    )
    from actors.schedule import TooManyLaters
    from actors.tracker import Receipt
    from platforms.base import (
        ALL_SEGMENTS,
        LIVE,
        Answer,
        Caller,
        Caps,
        Door,
        Fault,
        Finished,
        FormRefused,
        Frame,
        Habits,
        Language,
        Leave,
        Link,
        MediaForm,
        NeedsOperator,
        NotLetIn,
        OutcomeUnknown,
        Peer,
        Platform,
        PlatformConfig,
        Rejected,
        Retry,
        Secret,
        SendRefused,
        Sent,
        SessionEnded,
        Settled,
        Shelf,
        Speaker,
        Talk,
        Told,
        Unit,
        Unreadable,
        Visitor,
        Web,
        last_line,
        patience,
    )
    from platforms.base.forms import cut_text
    from platforms.ingress import (
        Entrance,
        Request,
        Response,
        SendPiece,
        ShowsSecret,
        anybody,
    )
    from platforms.media import media_type_of
    from platforms.objects import MAX_NESTING, deeper_than, read_json
    from platforms.transport import (
        Admit,
        DialFailed,
        DialRefused,
        Gate,
        Handshake,
        HttpAnswer,
        Listener,
        Refuse,
        SocketClosed,
        WebSocket,
        check_http_url,
        check_url,
        dial,
        is_loopback,
        listen,
        parse_listen,
    )
    from supervision import FOREVER
    from supervision.chaos import BadPlan, Chaos, ChaosHooks

_HOMES = {
    "actors.bots": (
        "AsyncioBridge Bot BotMistake CallFailed CallRefused CallUnknown Context Next "
        "NoAnswer NotConnected asyncio_bridge use"
    ),
    "actors.messages": (
        "ALL DEDUP_SECONDS DERIVED_ID_DEDUP_SECONDS Audio Chat ChatAddress ChatKind "
        "Emoji Everyone File Forward Image Inbound Markdown Mention Node Outbound "
        "OutboundState Outcome Priority Rate Raw Reply Role Segment Sender Source Text Video"
    ),
    "actors.schedule": "TooManyLaters",
    "actors.tracker": "Receipt",
    "platforms.base": (
        "ALL_SEGMENTS LIVE Answer Caller Caps Door Fault Finished FormRefused Frame "
        "Habits Language Leave Link MediaForm NeedsOperator NotLetIn OutcomeUnknown "
        "Peer Platform PlatformConfig Rejected Retry Secret SendRefused Sent "
        "SessionEnded Settled Shelf Speaker Talk Told Unit Unreadable Visitor Web "
        "last_line patience"
    ),
    "platforms.base.forms": "cut_text",
    "platforms.ingress": "Entrance Request Response SendPiece ShowsSecret anybody",
    "platforms.media": "media_type_of",
    "platforms.objects": "MAX_NESTING deeper_than read_json",
    "platforms.transport": (
        "Admit DialFailed DialRefused Gate Handshake HttpAnswer Listener Refuse "
        "SocketClosed WebSocket check_http_url check_url dial is_loopback listen "
        "parse_listen"
    ),
    "supervision": "FOREVER",
    "supervision.chaos": "BadPlan Chaos ChaosHooks",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [
    "ALL",
    "ALL_SEGMENTS",
    "DEDUP_SECONDS",
    "DERIVED_ID_DEDUP_SECONDS",
    "FOREVER",
    "LIVE",
    "MAX_NESTING",
    "Admit",
    "Answer",
    "AsyncioBridge",
    "Audio",
    "BadPlan",
    "Bot",
    "BotMistake",
    "CallFailed",
    "CallRefused",
    "CallUnknown",
    "Caller",
    "Caps",
    "Chaos",
    "ChaosHooks",
    "Chat",
    "ChatAddress",
    "ChatKind",
    "Context",
    "DialFailed",
    "DialRefused",
    "Door",
    "Emoji",
    "Entrance",
    "Everyone",
    "Fault",
    "File",
    "Finished",
    "FormRefused",
    "Forward",
    "Frame",
    "Gate",
    "Habits",
    "Handshake",
    "HttpAnswer",
    "Image",
    "Inbound",
    "Language",
    "Leave",
    "Link",
    "Listener",
    "Markdown",
    "MediaForm",
    "Mention",
    "NeedsOperator",
    "Next",
    "NoAnswer",
    "Node",
    "NotConnected",
    "NotLetIn",
    "Outbound",
    "OutboundState",
    "Outcome",
    "OutcomeUnknown",
    "Peer",
    "Platform",
    "PlatformConfig",
    "Priority",
    "Rate",
    "Raw",
    "Receipt",
    "Refuse",
    "Rejected",
    "Reply",
    "Request",
    "Response",
    "Retry",
    "Role",
    "Secret",
    "Segment",
    "SendPiece",
    "SendRefused",
    "Sender",
    "Sent",
    "SessionEnded",
    "Settled",
    "Shelf",
    "ShowsSecret",
    "SocketClosed",
    "Source",
    "Speaker",
    "Talk",
    "Text",
    "Told",
    "TooManyLaters",
    "Unit",
    "Unreadable",
    "Video",
    "Visitor",
    "Web",
    "WebSocket",
    "anybody",
    "asyncio_bridge",
    "check_http_url",
    "check_url",
    "cut_text",
    "deeper_than",
    "dial",
    "is_loopback",
    "last_line",
    "listen",
    "media_type_of",
    "parse_listen",
    "patience",
    "read_json",
    "use",
]


def __getattr__(name: str) -> object:
    """Fetch *name* from its home, once."""
    if name not in _HOME_OF:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    from rookery.guard import check_packages  # noqa: PLC0415 - not for --version

    check_packages()
    value: object = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
