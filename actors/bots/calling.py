"""A platform's own actions, called by name, and what their failures mean to a bot.

A call is not a message: it is not written down, it fails where the account is not
connected instead of waiting, and nobody repeats it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from actors.bots.errors import CallRefused, CallUnknown, NotConnected
from actors.sender import OutcomeUnknown, Rejected, Retry


class CallAction(Protocol):
    """How the host calls an action; see `platforms.base.Actions`."""

    async def __call__(
        self,
        platform: str,
        account: str,
        action: str,
        params: Mapping[str, object],
        /,
    ) -> object:
        """Return the data of the answer.

        Raises:
            Retry: the account is not connected; nothing went out.
            Rejected: there is no such action, it cannot be called so, or it was refused.
            OutcomeUnknown: no answer came.
        """
        ...


async def no_connections(
    platform: str, account: str, _action: str, _params: Mapping[str, object]
) -> object:
    """Refuse, as a host does that has no connections."""
    why = f"{platform}/{account} is not connected"
    raise Retry(0.0, why)


async def called(
    call: CallAction,
    platform: str,
    account: str,
    action: str,
    params: Mapping[str, object],
) -> object:
    """Call *action* and return the data of its answer.

    Raises:
        NotConnected: nothing went out; it may be tried again later.
        CallRefused: nothing was done, and calling it so again will not help.
        CallUnknown: it may or may not have been done.
    """
    try:
        return await call(platform, account, action, params)
    except Retry as retry:
        raise NotConnected(action, retry.why or "not now") from retry
    except Rejected as rejected:
        raise CallRefused(action, rejected.why) from rejected
    except OutcomeUnknown as unknown:
        raise CallUnknown(action, unknown.why) from unknown
