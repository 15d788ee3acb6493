"""What the public actions answer, read leniently: a missing field is empty.

Source: botuniverse/onebot-11, `api/public.md`. `raw` holds what came, whole: what an
implementation adds is found there.
"""

from __future__ import annotations

from typing import TypeVar

from attrs import field, fields, frozen

from actors.messages import Segment
from platforms.onebot11.wire.lenient import (
    JsonObject,
    as_flag,
    as_id,
    as_int,
    as_list,
    as_object,
    as_text,
)
from platforms.onebot11.wire.segments import read_body

ResultT = TypeVar("ResultT", bound="Result")


def _flag(value: object) -> bool:
    return as_flag(value) is True


def _body(value: object) -> tuple[Segment, ...]:
    return read_body(value)


def _bundle(value: object) -> tuple[Segment, ...]:
    """One `Forward`, whether nodes or whole messages were sent."""
    return read_body([{"type": "forward", "data": {"content": value}}])


def _honored(value: object) -> tuple[Honored, ...]:
    return tuple(read_result(Honored, item) for item in as_list(value))


def _one_honored(value: object) -> Honored:
    return read_result(Honored, value)


@frozen(kw_only=True)
class Result:
    """Base of all results; on its own, that of an action without one."""

    raw: object = field(default=None, repr=False)


@frozen(kw_only=True)
class SentMessage(Result):
    message_id: str = field(default="", converter=as_id)


@frozen(kw_only=True)
class MessageDetail(Result):
    time: int = field(default=0, converter=as_int)
    message_type: str = field(default="", converter=as_text)
    message_id: str = field(default="", converter=as_id)
    real_id: str = field(default="", converter=as_id)
    sender: JsonObject = field(default=None, converter=as_object)
    message: tuple[Segment, ...] = field(default=None, converter=_body)


@frozen(kw_only=True)
class ForwardDetail(Result):
    message: tuple[Segment, ...] = field(default=None, converter=_bundle)
    """One `Forward`. go-cqhttp, NapCat and others call it `messages`; read the same."""


@frozen(kw_only=True)
class LoginInfo(Result):
    user_id: str = field(default="", converter=as_id)
    nickname: str = field(default="", converter=as_text)


@frozen(kw_only=True)
class StrangerInfo(LoginInfo):
    sex: str = field(default="", converter=as_text)
    age: int = field(default=0, converter=as_int)


@frozen(kw_only=True)
class Friend(LoginInfo):
    remark: str = field(default="", converter=as_text)


@frozen(kw_only=True)
class GroupInfo(Result):
    group_id: str = field(default="", converter=as_id)
    group_name: str = field(default="", converter=as_text)
    member_count: int = field(default=0, converter=as_int)
    max_member_count: int = field(default=0, converter=as_int)


@frozen(kw_only=True)
class MemberInfo(StrangerInfo):
    group_id: str = field(default="", converter=as_id)
    card: str = field(default="", converter=as_text)
    area: str = field(default="", converter=as_text)
    join_time: int = field(default=0, converter=as_int)
    last_sent_time: int = field(default=0, converter=as_int)
    level: str = field(default="", converter=as_text)
    role: str = field(default="", converter=as_text)
    unfriendly: bool = field(default=False, converter=_flag)
    title: str = field(default="", converter=as_text)
    title_expire_time: int = field(default=0, converter=as_int)
    card_changeable: bool = field(default=False, converter=_flag)


@frozen(kw_only=True)
class Honored(LoginInfo):
    avatar: str = field(default="", converter=as_text)
    day_count: int = field(default=0, converter=as_int)
    description: str = field(default="", converter=as_text)


@frozen(kw_only=True)
class HonorInfo(Result):
    group_id: str = field(default="", converter=as_id)
    current_talkative: Honored = field(default=None, converter=_one_honored)
    talkative_list: tuple[Honored, ...] = field(default=None, converter=_honored)
    performer_list: tuple[Honored, ...] = field(default=None, converter=_honored)
    legend_list: tuple[Honored, ...] = field(default=None, converter=_honored)
    strong_newbie_list: tuple[Honored, ...] = field(default=None, converter=_honored)
    emotion_list: tuple[Honored, ...] = field(default=None, converter=_honored)


@frozen(kw_only=True)
class Cookies(Result):
    cookies: str = field(default="", converter=as_text, repr=False)


@frozen(kw_only=True)
class CsrfToken(Result):
    token: int = field(default=0, converter=as_int, repr=False)


@frozen(kw_only=True)
class Credentials(Cookies):
    csrf_token: int = field(default=0, converter=as_int, repr=False)


@frozen(kw_only=True)
class FilePath(Result):
    file: str = field(default="", converter=as_text)
    """A path on the peer's machine."""


@frozen(kw_only=True)
class CanSend(Result):
    yes: bool = field(default=False, converter=_flag)


@frozen(kw_only=True)
class Status(Result):
    online: bool | None = field(default=None, converter=as_flag)
    """`None`: it cannot tell."""
    good: bool = field(default=False, converter=_flag)


@frozen(kw_only=True)
class VersionInfo(Result):
    app_name: str = field(default="", converter=as_text)
    app_version: str = field(default="", converter=as_text)
    protocol_version: str = field(default="", converter=as_text)


def read_result(kind: type[ResultT], data: object) -> ResultT:
    """Return *data* as *kind*; never raises, whatever was answered."""
    told = as_object(data)
    known = {f.name: told[f.name] for f in fields(kind) if f.name in told}
    if kind is ForwardDetail and "message" not in known:
        known["message"] = told.get("messages")
    return kind(**{**known, "raw": data})
