"""A client written with the `irc` library: joins, answers "ping", says what it sees.

Runs in `.venv-peers`, not in ours: `python irc_client.py PORT`.
"""

# The library is not in the environment that mypy sees.
# mypy: disable-error-code="import-not-found"

import sys
from typing import Any

import irc.client


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def on_welcome(connection: Any, _event: Any) -> None:
    connection.join("#rooks")


def on_join(_connection: Any, event: Any) -> None:
    say("JOINED", event.target)


def on_message(connection: Any, event: Any) -> None:
    text = event.arguments[0]
    if text == "ping":
        connection.privmsg(event.target, f"pong {event.source.nick}")
    say("HEARD", event.source.nick, event.target, text)


def on_disconnect(_connection: Any, _event: Any) -> None:
    say("GONE")


reactor = irc.client.Reactor()
connection = reactor.server().connect("127.0.0.1", int(sys.argv[1]), "library")
for name, handler in {
    "welcome": on_welcome,
    "join": on_join,
    "pubmsg": on_message,
    "privmsg": on_message,
    "disconnect": on_disconnect,
}.items():
    connection.add_global_handler(name, handler)
reactor.process_forever()
