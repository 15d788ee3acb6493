"""From a configuration to a connection: where to dial, whom to trust, who we say we are."""

from __future__ import annotations

import ssl
from contextlib import AbstractAsyncContextManager

from platforms.base import Link, NeedsOperator, Secret
from platforms.irc import wire
from platforms.irc.config import IrcConfig
from platforms.transport import WebSocket


def dial(config: IrcConfig, link: Link) -> AbstractAsyncContextManager[WebSocket]:
    """Return the connection, to be entered.

    Raises:
        NeedsOperator: a file of certificates cannot be read.
    """
    return link.dial_lines(config.host, config.at, tls=_tls(config), decode=wire.decode)


def _tls(config: IrcConfig) -> bool | ssl.SSLContext:
    if not config.tls or (config.tls_ca is None and config.certificate is None):
        return config.tls
    try:
        context = ssl.create_default_context(cafile=config.tls_ca)
        if config.certificate is not None:
            context.load_cert_chain(config.certificate)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        msg = f"tls_ca or certificate cannot be used: {error}"
        raise NeedsOperator(msg) from error
    return context


def who_of(config: IrcConfig) -> wire.Who:
    """Return as whom we register."""
    return wire.Who(
        nick=config.nick,
        username=config.username,
        realname=config.realname,
        password=_revealed(config.password),
        account=config.account or "",
        account_password=_revealed(config.account_password),
    )


def _revealed(secret: Secret | None) -> str:
    return "" if secret is None else secret.reveal()
