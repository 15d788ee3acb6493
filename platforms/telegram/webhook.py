"""News that Telegram pushes to the host's ingress.

Rules of this file:

1. Whoever posts must show the secret that we gave to Telegram, before a byte of the body
   is read. It is derived from the token, so there is nothing to configure or to guess.
2. A push is answered with 200 once it is journalled; until then Telegram keeps it, for a
   day. What can never be read is answered with 200, too, or it would come again for ever.
3. When the session ends the webhook stays set, so that what people say waits for us.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

import trio

from platforms.base import Link, Secret, patience
from platforms.ingress import Request, ShowsSecret
from platforms.objects import read_json
from platforms.telegram import wire
from platforms.telegram.api import Api
from platforms.telegram.config import TelegramConfig
from platforms.telegram.session import TOO_MANY, Session, ended

HEADER: Final = "x-telegram-bot-api-secret-token"
LOOK_SECONDS: Final = 60.0
"""How often Telegram is asked whether its pushes arrive."""


def secret_of(token: Secret) -> str:
    """Return the secret that Telegram shows with each push; only the token gives it."""
    digest = blake2b(token.reveal().encode(), digest_size=32, person=b"rookery-webhook")
    return digest.hexdigest()


async def be_pushed_to(
    link: Link, api: Api, session: Session, config: TelegramConfig
) -> None:
    """Take what Telegram pushes to the public URL, which leads to our ingress."""

    async def take(request: Request) -> None:
        try:
            pushed = read_json(request.body)
        except ValueError as error:
            link.refuse(request.body, str(error))
        else:
            await session.take(wire.read_batch([pushed]))

    secret = secret_of(config.token)
    async with link.webhooks(take, admit=ShowsSecret(HEADER, secret)) as door:
        assert config.public_url is not None
        url = f"{config.public_url.rstrip('/')}{door.prefix}/"
        wanted = {"url": url, "secret_token": secret, "allowed_updates": wire.WANTED}
        await session.demand(wire.Call("setWebhook", wanted))
        link.up()
        while True:
            await trio.sleep(LOOK_SECONDS)
            answer = await api.ask(wire.Call("getWebhookInfo"))
            if answer.code == TOO_MANY:
                await trio.sleep(patience(answer.retry_after or 0.0))
                continue
            if not answer.ok:
                raise ended(answer)
            why = wire.trouble_of(answer.result, url)
            link.degraded(why) if why else link.up()
