"""Every event of the specification as a frozen value, and a few that it forgot.

Source: botuniverse/onebot-11, `event/*.md`. Ids are text, `""` where the frame has
none; `group_id` is `""` outside groups. `raw` is the decoded frame, whole.

Event
├── MessageEvent      PrivateMessage, GroupMessage
├── notices           GroupUpload ... Honor; Reaction, GroupRenamed, GroupDismissed,
│                     OfflineFile, AccountStatus (not in the specification, but sent)
├── requests          FriendRequest, GroupRequest
├── meta events       Lifecycle, Heartbeat
└── OtherEvent        everything else, kept raw
"""

from __future__ import annotations

import msgspec

from actors.messages import Role, Segment
from platforms.onebot11.wire.lenient import (
    JsonObject,
    as_id,
    as_int,
    as_object,
    as_text,
)


class Event(msgspec.Struct, frozen=True):
    """What all events have."""

    time: float | None
    """Seconds since 1970 by the peer's clock."""
    self_id: str
    """Our own account that received it."""
    raw: JsonObject


class MessageSender(msgspec.Struct, frozen=True):
    """Who said it, as far as the implementation knows: any field may be missing."""

    user_id: str = ""
    nickname: str = ""
    card: str = ""
    role: Role | None = None
    sex: str = ""
    age: int = 0
    area: str = ""
    level: str = ""
    title: str = ""
    is_bot: bool = False
    """Not in the specification; some implementations tell."""

    @property
    def name(self) -> str:
        return self.card or self.nickname


ROLES = {"member": Role.MEMBER, "admin": Role.ADMIN, "owner": Role.OWNER}


def read_sender(said: JsonObject) -> MessageSender:
    """Return the `sender` of a message frame."""
    get = said.get
    return MessageSender(
        as_id(get("user_id")),
        as_text(get("nickname")),
        as_text(get("card")),
        ROLES.get(as_text(get("role"))),
        as_text(get("sex")),
        as_int(get("age")),
        as_text(get("area")),
        as_text(get("level")),
        as_text(get("title")),
        get("is_robot") is True or get("is_bot") is True,
    )


class Anonymous(msgspec.Struct, frozen=True):
    """Who said it behind a mask; `flag` is what a ban of it needs."""

    id: str
    name: str
    flag: str


class MessageEvent(Event, frozen=True):
    sub_type: str
    message_id: str
    """A number that may be negative and may be used again; empty if there is none."""
    user_id: str
    body: tuple[Segment, ...]
    sent_by_us: bool
    """The frame is a `message_sent`: our account said it, here or on a phone."""

    # Read when asked for: most messages pass without anybody wanting these.

    @property
    def sender(self) -> MessageSender:
        return read_sender(as_object(self.raw.get("sender")))

    @property
    def raw_message(self) -> str:
        return as_text(self.raw.get("raw_message"))

    @property
    def font(self) -> int:
        return as_int(self.raw.get("font"))


class PrivateMessage(MessageEvent, frozen=True):
    """`sub_type` is friend, group (a talk with a member who is no friend) or other."""

    target_id: str
    """To whom; known where the implementation reports our own messages."""
    group_id: str
    """For `sub_type` group: where the two met."""


class GroupMessage(MessageEvent, frozen=True):
    """`sub_type` is normal, anonymous or notice (a grey system line)."""

    group_id: str
    anonymous: Anonymous | None


class UploadedFile(msgspec.Struct, frozen=True):
    id: str
    name: str
    size_bytes: int
    busid: int
    url: str
    """Not in the specification; go-cqhttp, LLOneBot and Lagrange send it."""


class GroupUpload(Event, frozen=True):
    group_id: str
    user_id: str
    file: UploadedFile


class OfflineFile(Event, frozen=True):
    """A file in a private talk (go-cqhttp, Lagrange)."""

    user_id: str
    file: UploadedFile


class GroupAdmin(Event, frozen=True):
    """`sub_type` is set or unset."""

    sub_type: str
    group_id: str
    user_id: str


class GroupDecrease(Event, frozen=True):
    """`sub_type` is leave, kick, kick_me (that was us) or disband (NapCat)."""

    sub_type: str
    group_id: str
    operator_id: str
    user_id: str


class GroupIncrease(Event, frozen=True):
    """`sub_type` is approve or invite."""

    sub_type: str
    group_id: str
    operator_id: str
    user_id: str


class GroupBan(Event, frozen=True):
    """`sub_type` is ban or lift_ban; `user_id` 0 is everybody."""

    sub_type: str
    group_id: str
    operator_id: str
    user_id: str
    duration_seconds: int
    """-1 until it is lifted, as some implementations say for everybody."""


class FriendAdd(Event, frozen=True):
    user_id: str


class GroupRecall(Event, frozen=True):
    group_id: str
    user_id: str
    """Who had said it."""
    operator_id: str
    """Who took it back."""
    message_id: str


class FriendRecall(Event, frozen=True):
    user_id: str
    message_id: str


class Poke(Event, frozen=True):
    """Somebody nudged somebody; `group_id` is empty in a private talk."""

    group_id: str
    user_id: str
    sender_id: str
    """Who did it. In NapCat's private pokes `user_id` is the friend either way."""
    target_id: str


class LuckyKing(Event, frozen=True):
    group_id: str
    user_id: str
    """Who had given the red envelope."""
    target_id: str
    """Who got the most of it."""


class Honor(Event, frozen=True):
    """`honor_type` is talkative, performer, emotion, or what is added to these."""

    group_id: str
    user_id: str
    honor_type: str


class Reaction(Event, frozen=True):
    """An emoji on a message (NapCat and LLOneBot: group_msg_emoji_like; Lagrange: reaction)."""

    group_id: str
    user_id: str
    message_id: str
    emojis: tuple[str, ...]
    added: bool


class GroupRenamed(Event, frozen=True):
    """NapCat: notify/group_name; Lagrange: group_name_change."""

    group_id: str
    user_id: str
    name: str


class GroupDismissed(Event, frozen=True):
    """The group is gone (LLOneBot)."""

    group_id: str
    user_id: str


class AccountStatus(Event, frozen=True):
    """Our account went offline or came back (NapCat, Lagrange: bot_offline, bot_online)."""

    online: bool
    why: str


class FriendRequest(Event, frozen=True):
    user_id: str
    comment: str
    flag: str


class GroupRequest(Event, frozen=True):
    """`sub_type` is add (somebody wants in) or invite (we are asked in)."""

    sub_type: str
    group_id: str
    user_id: str
    comment: str
    flag: str
    invitor_id: str


class Lifecycle(Event, frozen=True):
    """`sub_type` is connect on a WebSocket, enable or disable over HTTP."""

    sub_type: str


class Heartbeat(Event, frozen=True):
    online: bool | None
    """Whether the account is online; `None` if the frame does not say."""
    good: bool | None
    interval_seconds: float | None
    """Until the next one; the wire says milliseconds. `None` if it does not say."""


class OtherEvent(Event, frozen=True):
    """What we have no type for: `kind` is `notice.essence`, `message.guild`, ..."""

    kind: str
    group_id: str
    user_id: str
