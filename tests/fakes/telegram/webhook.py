"""Updates that are pushed: what `setWebhook` makes of the Bot API.

Source: core.telegram.org/bots/api#setwebhook. An update is pushed until it is answered
with 2xx, one after the other here; what waits is as with `getUpdates`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpcore2
import trio
from attrs import define, field

from tests.fakes.telegram.methods import Reply, bad
from tests.fakes.telegram.waiting import Waiting

if TYPE_CHECKING:
    from tests.fakes.telegram.fake import FakeTelegram

RETRY_SECONDS = 0.1
"""The real one waits longer, and longer each time."""


@define
class Webhook:
    """Where updates go, if that was set."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(factory=list)
    """The status of each push; 0 where there was none."""
    retry_seconds: float = RETRY_SECONDS

    def set(self, params: dict[str, Any], waiting: Waiting) -> Reply:
        url = str(params.get("url", ""))
        if url and not url.startswith(("https://", "http://127.0.0.1:")):
            return bad("bad webhook: An HTTPS URL must be provided for webhook")
        self.url, self.secret = url, str(params.get("secret_token", ""))
        waiting.allow(params.get("allowed_updates"))
        return Reply(True)

    def info(self, pending: int) -> dict[str, object]:
        return {
            "url": self.url,
            "has_custom_certificate": False,
            "pending_update_count": pending,
        }

    async def push_all(self, fake: FakeTelegram) -> None:
        """Push what waits, as long as there is somewhere to push it to."""
        async with httpcore2.AsyncConnectionPool(
            network_backend=httpcore2.TrioBackend()
        ) as pool:
            while True:
                await fake.until(lambda: bool(self.url) and len(fake.waiting) > 0)
                found = fake.waiting.fetch(0, 1, trio.current_time())
                if not found:
                    continue
                [update] = found
                status = await self._push(pool, fake.body_of(update))
                self.answers.append(status)
                if 200 <= status < 300:
                    fake.waiting.fetch(update["update_id"] + 1, 1, trio.current_time())
                else:
                    await trio.sleep(self.retry_seconds)

    async def _push(self, pool: httpcore2.AsyncConnectionPool, body: bytes) -> int:
        headers = [("Content-Type", "application/json")]
        if self.secret:
            headers.append(("X-Telegram-Bot-Api-Secret-Token", self.secret))
        try:
            answer = await pool.request("POST", self.url, headers=headers, content=body)
        except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError):
            return 0
        return answer.status
