"""One account of ours, connected: what the sender says things on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import evolve

from actors.messages import Outbound
from actors.sender import Sent
from platforms.base.caps import fit

if TYPE_CHECKING:
    from platforms.base.link import Link
    from platforms.base.platform import AnyPlatform


class AccountLine:
    """A `Line` and its `Actions`. One per time of being connected: identity counts."""

    def __init__(self, platform: AnyPlatform, link: Link) -> None:
        self._platform = platform
        self._link = link
        self.platform = link.platform
        self.account = link.account

    def __repr__(self) -> str:
        return f"<AccountLine {self.platform}/{self.account}>"

    async def send(self, out: Outbound) -> Sent:
        """Say *out* as well as the platform can; see `actors.sender.Line`."""
        fitted = fit(out.body, self._platform.caps.segments)
        if fitted.body is not out.body:
            out = evolve(out, body=fitted.body)
        sent = await self._platform.send(self._link, out)
        if not fitted.told:
            return sent
        lost = "; ".join(filter(None, [fitted.degraded, sent.degraded]))
        return evolve(sent, degraded=lost)

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call one of the platform's own actions; see `platforms.base.Actions`."""
        return await self._platform.call(self._link, action, params)
