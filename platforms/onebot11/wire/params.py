"""The parameters of every public action, checked when they are made.

Source: botuniverse/onebot-11, `api/public.md` and `api/hidden.md`; defaults are those
of the specification. A parameter that is `None` is left out of the frame.
"""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from platforms.onebot11.wire.checks import (
    Id,
    flag_out,
    id_out,
    maybe_id_out,
    maybe_object_out,
    maybe_text_out,
    message_out,
    message_type,
    number_out,
    object_out,
    request_kind,
    text_out,
)

HALF_AN_HOUR = 30 * 60


@frozen
class Params:
    """Base of all parameters."""


@frozen
class NoParams(Params):
    pass


@frozen(kw_only=True)
class SendPrivateMsg(Params):
    user_id: Id = field(converter=id_out)
    message: object = field(converter=message_out)
    auto_escape: bool = field(default=False, converter=flag_out)
    """Send text as it stands: CQ codes in it are not read."""


@frozen(kw_only=True)
class SendGroupMsg(Params):
    group_id: Id = field(converter=id_out)
    message: object = field(converter=message_out)
    auto_escape: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class SendMsg(Params):
    """Without `message_type`, the implementation goes by the id that is there."""

    message_type: str | None = field(default=None, converter=message_type)
    user_id: Id | None = field(default=None, converter=maybe_id_out)
    group_id: Id | None = field(default=None, converter=maybe_id_out)
    message: object = field(converter=message_out)
    auto_escape: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class MessageRef(Params):
    message_id: Id = field(converter=id_out)


@frozen(kw_only=True)
class ForwardRef(Params):
    id: str = field(converter=text_out)


@frozen(kw_only=True)
class SendLike(Params):
    user_id: Id = field(converter=id_out)
    times: int = field(default=1, converter=number_out)


@frozen(kw_only=True)
class GroupKick(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    reject_add_request: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class SetGroupBan(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    duration: int = field(default=HALF_AN_HOUR, converter=number_out)
    """Seconds; 0 lifts the ban."""


@frozen(kw_only=True)
class SetGroupAnonymousBan(Params):
    """Either the `anonymous` object of a message, or its flag."""

    group_id: Id = field(converter=id_out)
    anonymous: Mapping[str, object] | None = field(
        default=None, converter=maybe_object_out
    )
    anonymous_flag: str | None = field(default=None, converter=maybe_text_out)
    flag: str | None = field(default=None, converter=maybe_text_out)
    duration: int = field(default=HALF_AN_HOUR, converter=number_out)


@frozen(kw_only=True)
class GroupSwitch(Params):
    group_id: Id = field(converter=id_out)
    enable: bool = field(default=True, converter=flag_out)


@frozen(kw_only=True)
class SetGroupAdmin(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    enable: bool = field(default=True, converter=flag_out)


@frozen(kw_only=True)
class SetGroupCard(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    card: str = field(default="", converter=text_out)
    """Empty removes it."""


@frozen(kw_only=True)
class SetGroupName(Params):
    group_id: Id = field(converter=id_out)
    group_name: str = field(converter=text_out)


@frozen(kw_only=True)
class SetGroupLeave(Params):
    group_id: Id = field(converter=id_out)
    is_dismiss: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class SetGroupSpecialTitle(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    special_title: str = field(default="", converter=text_out)
    duration: int = field(default=-1, converter=number_out)
    """Seconds; -1 for good."""


@frozen(kw_only=True)
class SetFriendAddRequest(Params):
    flag: str = field(converter=text_out)
    approve: bool = field(default=True, converter=flag_out)
    remark: str = field(default="", converter=text_out)


@frozen(kw_only=True)
class SetGroupAddRequest(Params):
    flag: str = field(converter=text_out)
    sub_type: str = field(converter=request_kind)
    """add or invite, as the request said."""
    approve: bool = field(default=True, converter=flag_out)
    reason: str = field(default="", converter=text_out)


@frozen(kw_only=True)
class UserRef(Params):
    user_id: Id = field(converter=id_out)
    no_cache: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class GroupRef(Params):
    group_id: Id = field(converter=id_out)
    no_cache: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class MemberRef(Params):
    group_id: Id = field(converter=id_out)
    user_id: Id = field(converter=id_out)
    no_cache: bool = field(default=False, converter=flag_out)


@frozen(kw_only=True)
class MembersRef(Params):
    group_id: Id = field(converter=id_out)


@frozen(kw_only=True)
class GetGroupHonorInfo(Params):
    group_id: Id = field(converter=id_out)
    type: str = field(default="all", converter=text_out)


@frozen(kw_only=True)
class DomainRef(Params):
    domain: str = field(default="", converter=text_out)


@frozen(kw_only=True)
class GetRecord(Params):
    file: str = field(converter=text_out)
    out_format: str = field(converter=text_out)


@frozen(kw_only=True)
class GetImage(Params):
    file: str = field(converter=text_out)


@frozen(kw_only=True)
class SetRestart(Params):
    delay: int = field(default=0, converter=number_out)
    """Milliseconds, as the specification has it."""


@frozen(kw_only=True)
class HandleQuickOperation(Params):
    context: Mapping[str, object] = field(converter=object_out)
    """The event, or as much of it as tells which one it was."""
    operation: Mapping[str, object] = field(converter=object_out)
