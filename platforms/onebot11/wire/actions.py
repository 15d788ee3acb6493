"""Every action of the specification by its name, with its parameters and its answer.

Actions beyond it (`get_group_msg_history`, `upload_group_file`, ...) are called by
their names as well; then nothing is checked and the answer stays as it came.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import msgspec
from attrs import frozen

from actors.messages import Segment
from platforms.onebot11.wire import params as p
from platforms.onebot11.wire import results as r
from platforms.onebot11.wire.answers import Answer
from platforms.onebot11.wire.lenient import as_list
from platforms.onebot11.wire.segments import write_body

# Answered with status async and never with a result: not for what must be tracked.
UNTRACKED_SUFFIXES = ("_async", "_rate_limited")

# The specification gives one parameter two names.
ALIASES = {"type": "sub_type"}


@frozen
class Action:
    """One action of the specification."""

    params: type[p.Params]
    result: type[r.Result]
    many: bool = False
    """The answer is a list of results."""


@frozen
class Call:
    """An action that is ready to go out."""

    action: str
    params: Mapping[str, object]


@frozen
class InvalidParams(Exception):
    """The caller's mistake, found before anything was sent; all of it at once."""

    action: str
    faults: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.action} cannot be called so: {'; '.join(self.faults)}"


def _tell(params: type[p.Params], result: type[r.Result] = r.Result) -> Action:
    return Action(params, result)


ACTIONS: dict[str, Action] = {
    "send_private_msg": _tell(p.SendPrivateMsg, r.SentMessage),
    "send_group_msg": _tell(p.SendGroupMsg, r.SentMessage),
    "send_msg": _tell(p.SendMsg, r.SentMessage),
    "delete_msg": _tell(p.MessageRef),
    "get_msg": _tell(p.MessageRef, r.MessageDetail),
    "get_forward_msg": _tell(p.ForwardRef, r.ForwardDetail),
    "send_like": _tell(p.SendLike),
    "set_group_kick": _tell(p.GroupKick),
    "set_group_ban": _tell(p.SetGroupBan),
    "set_group_anonymous_ban": _tell(p.SetGroupAnonymousBan),
    "set_group_whole_ban": _tell(p.GroupSwitch),
    "set_group_admin": _tell(p.SetGroupAdmin),
    "set_group_anonymous": _tell(p.GroupSwitch),
    "set_group_card": _tell(p.SetGroupCard),
    "set_group_name": _tell(p.SetGroupName),
    "set_group_leave": _tell(p.SetGroupLeave),
    "set_group_special_title": _tell(p.SetGroupSpecialTitle),
    "set_friend_add_request": _tell(p.SetFriendAddRequest),
    "set_group_add_request": _tell(p.SetGroupAddRequest),
    "get_login_info": _tell(p.NoParams, r.LoginInfo),
    "get_stranger_info": _tell(p.UserRef, r.StrangerInfo),
    "get_friend_list": Action(p.NoParams, r.Friend, many=True),
    "get_group_info": _tell(p.GroupRef, r.GroupInfo),
    "get_group_list": Action(p.NoParams, r.GroupInfo, many=True),
    "get_group_member_info": _tell(p.MemberRef, r.MemberInfo),
    "get_group_member_list": Action(p.MembersRef, r.MemberInfo, many=True),
    "get_group_honor_info": _tell(p.GetGroupHonorInfo, r.HonorInfo),
    "get_cookies": _tell(p.DomainRef, r.Cookies),
    "get_csrf_token": _tell(p.NoParams, r.CsrfToken),
    "get_credentials": _tell(p.DomainRef, r.Credentials),
    "get_record": _tell(p.GetRecord, r.FilePath),
    "get_image": _tell(p.GetImage, r.FilePath),
    "can_send_image": _tell(p.NoParams, r.CanSend),
    "can_send_record": _tell(p.NoParams, r.CanSend),
    "get_status": _tell(p.NoParams, r.Status),
    "get_version_info": _tell(p.NoParams, r.VersionInfo),
    "set_restart": _tell(p.SetRestart),
    "clean_cache": _tell(p.NoParams),
    ".handle_quick_operation": _tell(p.HandleQuickOperation),
}


def action_named(name: str) -> Action | None:
    """Return the action of the specification called *name*, with or without a suffix."""
    for suffix in UNTRACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return ACTIONS.get(name)


def call(name: str, /, **given: object) -> Call:
    """Return a checked call of *name*; what is not in the specification is not checked.

    Raises:
        InvalidParams: a parameter is missing, unknown or of the wrong type.
        Unsendable: a message holds what OneBot cannot express.
    """
    action = action_named(name)
    if action is None:
        told = {k: _in_our_words(v) for k, v in given.items() if v is not None}
        return _writable(Call(name, told))
    for alias, key in ALIASES.items():
        if alias in given and alias not in attrs.fields_dict(action.params):
            given.setdefault(key, given.pop(alias))
    known = {f.name: f for f in attrs.fields(action.params)}
    faults = [
        f"{k} is no parameter of it (it takes {', '.join(known) or 'none'})"
        for k in given
        if k not in known
    ]
    for key, each in known.items():
        if key not in given:
            if each.default is attrs.NOTHING:
                faults.append(f"{key} is missing")
            continue
        try:
            if callable(each.converter):
                each.converter(given[key])
        except (TypeError, ValueError) as error:
            faults.append(f"{key} {error}")
    if faults:
        raise InvalidParams(name, tuple(faults))
    return _writable(call_with(name, action.params(**given)))


def _in_our_words(value: object) -> object:
    """Segments are written out wherever a caller puts them."""
    if isinstance(value, Segment):
        return write_body([value])
    if isinstance(value, list | tuple) and value:
        ours = [part for part in value if isinstance(part, Segment)]
        return write_body(ours) if len(ours) == len(value) else value
    return value


def _writable(made: Call) -> Call:
    """What has no form in JSON is the caller's mistake, too."""
    try:
        msgspec.json.encode(_encodable(made.params))
    except TypeError as error:
        raise InvalidParams(made.action, (str(error).lower(),)) from None
    return made


def call_with(name: str, params: p.Params) -> Call:
    """Return the call of *name* with parameters that were made before."""
    return Call(name, attrs.asdict(params, recurse=False, filter=_is_given))


def _is_given(_: object, value: object) -> bool:
    return value is not None


def result_of(name: str, answer: Answer) -> r.Result | tuple[r.Result, ...]:
    """Return what *answer* says, typed; for actions beyond the specification, raw."""
    action = action_named(name)
    if action is None:
        return r.Result(raw=answer.data)
    if action.many:
        items = as_list(answer.data)
        return tuple(r.read_result(action.result, item) for item in items)
    return r.read_result(action.result, answer.data)


def frame_of(made: Call, echo: object) -> str:
    """Return the text of the frame that asks for *made*."""
    frame = {"action": made.action, "params": made.params, "echo": echo}
    try:
        return msgspec.json.encode(frame).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair in a text of ours: say the rest of it.
        return msgspec.json.encode(_encodable(frame)).decode()


def _encodable(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_encodable(k): _encodable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    return value
