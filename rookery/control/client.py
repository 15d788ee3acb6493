"""Ask a running host, from another process. It blocks: a command has nothing else to do."""

from __future__ import annotations

import socket
from pathlib import Path

from attrs import frozen

from rookery.control.place import PathTooLong, socket_address
from rookery.control.protocol import (
    MAX_LINE_BYTES,
    Refused,
    Request,
    decode_answer,
    encode_request,
)

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 90.0
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


@frozen
class NoHost(Exception):
    """Nobody answers in this data directory."""

    data: Path

    def __str__(self) -> str:
        return (
            f"no host is running on {self.data}; start one with `rookery run`, "
            "or say which one is meant with --config FILE or --data DIR"
        )


@frozen
class NoAnswer(Exception):
    """The host is there, and did not answer."""

    why: str

    def __str__(self) -> str:
        return f"the host did not answer: {self.why}"


def ask(data: Path, request: Request) -> dict[str, object]:
    """Return what the host on *data* answers.

    Raises:
        NoHost: none runs there.
        NoAnswer: it hung up, or took longer than a minute and a half.
        Refused: it says no.
    """
    try:
        with (
            socket_address(data) as address,
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock,
        ):
            sock.settimeout(CONNECT_SECONDS)
            sock.connect(address)
            return _converse(sock, request)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NoHost(data) from None
    except PathTooLong:
        raise NoHost(data) from None
    except PermissionError:
        msg = f"{data} belongs to another user"
        raise Refused(kind="forbidden", message=msg) from None
    except OSError as error:
        raise NoAnswer(error.strerror or str(error)) from error


def _converse(sock: socket.socket, request: Request) -> dict[str, object]:
    line = encode_request(request)
    if len(line) > MAX_LINE_BYTES:
        # The host would hang up in the middle, and its answer would be lost.
        msg = f"a request must have at most {MAX_LINE_BYTES} bytes (got {len(line)})"
        raise Refused(kind="bad_request", message=msg)
    sock.settimeout(ANSWER_SECONDS)
    sock.sendall(line)
    answer = bytearray()
    while not answer.endswith(b"\n"):
        data = sock.recv(65536)
        if not data or len(answer) > _MAX_ANSWER_BYTES:
            raise NoAnswer(why="it hung up")
        answer += data
    return decode_answer(bytes(answer))
