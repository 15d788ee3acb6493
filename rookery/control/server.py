"""The control socket: an actor that answers whoever may open it: our own user, and root.

Whatever comes over a connection, at worst that connection is closed. A request that raises
is answered as refused.
"""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Never, Protocol, assert_never

import structlog
import trio

from actors.kernel import Actor, ActorContext, ExitReason, NeedsOperator
from rookery.control.messages import (
    CountLetters,
    DoLetters,
    ListLetters,
    ListOutbox,
    MessageRequest,
    RepairOutbox,
    ShowLetter,
    ShowOutbox,
)
from rookery.control.place import socket_address
from rookery.control.protocol import (
    MAX_LINE_BYTES,
    SOCKET_NAME,
    BeginChaos,
    CompactJournal,
    HealChaos,
    Journal,
    Lanes,
    LookAtChaos,
    Platforms,
    Refused,
    Reload,
    Request,
    Schedules,
    Send,
    Tree,
    decode_request,
    encode_refusal,
    encode_result,
)

MAX_CONNECTIONS = 16
IDLE_SECONDS = 60.0
_BACKLOG = 16

log = structlog.get_logger()


class Operations(Protocol):
    """What can be asked of a running host; see `rookery.host.operations`.

    Each returns what becomes the `result` of the answer, or raises `Refused`.
    """

    async def tree(self, path: str, *, everybody: bool) -> Mapping[str, object]: ...
    async def platforms(self) -> Mapping[str, object]: ...
    async def schedules(self) -> Mapping[str, object]: ...
    async def lanes(self) -> Mapping[str, object]: ...
    async def send(self, address: str, text: str) -> Mapping[str, object]: ...
    async def reload(self) -> Mapping[str, object]: ...
    async def begin_chaos(
        self, campaign: str, plan: str, seconds: float | None
    ) -> Mapping[str, object]: ...
    async def look_at_chaos(self, campaign: str) -> Mapping[str, object]: ...
    async def heal_chaos(self, campaign: str) -> Mapping[str, object]: ...
    async def journal(self) -> Mapping[str, object]: ...
    async def compact_journal(self) -> Mapping[str, object]: ...
    async def messages(self, request: MessageRequest) -> Mapping[str, object]: ...


class ControlSocket(Actor[Never]):
    """`control.sock` in the data directory, mode 0600."""

    def __init__(self, data: Path, operations: Operations) -> None:
        self._path = data / SOCKET_NAME
        self._operations = operations
        self._places = trio.Semaphore(MAX_CONNECTIONS)

    async def start(self, ctx: ActorContext) -> None:
        listener = _listen(self._path)
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(self._accept, listener, nursery)

    async def handle(self, _: ActorContext, message: Never) -> None:
        assert_never(message)

    async def stop(self, _: ActorContext, __: ExitReason) -> None:
        self._path.unlink(missing_ok=True)

    async def _accept(
        self, listener: trio.SocketListener, nursery: trio.Nursery
    ) -> None:
        async with listener:
            while True:
                await self._places.acquire()
                try:
                    stream = await listener.accept()
                except OSError as error:
                    # Out of descriptors, mostly. Others may give theirs back.
                    self._places.release()
                    log.warning("control.accept_failed", why=str(error))
                    await trio.sleep(1.0)
                    continue
                nursery.start_soon(self._serve, stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        try:
            async with stream:
                await self._converse(stream)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # they left
        except Exception:
            log.exception("control.connection_failed")
        finally:
            self._places.release()

    async def _converse(self, stream: trio.SocketStream) -> None:
        rest = b""
        while True:
            with trio.move_on_after(IDLE_SECONDS) as idle:
                data = await stream.receive_some()
            if idle.cancelled_caught or not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                await stream.send_all(await self._answer(line))
            if len(rest) > MAX_LINE_BYTES:
                msg = f"a request must have at most {MAX_LINE_BYTES} bytes"
                refused = Refused(kind="bad_request", message=msg)
                await stream.send_all(encode_refusal(refused))
                return

    async def _answer(self, line: bytes) -> bytes:
        try:
            return encode_result(await self._perform(decode_request(line)))
        except Refused as refused:
            return encode_refusal(refused)
        except Exception as error:
            log.exception("control.request_failed")
            msg = f"the host could not do it: {type(error).__name__}: {error}"
            return encode_refusal(Refused(kind="failed", message=msg))

    async def _perform(self, request: Request) -> Mapping[str, object]:
        match request:
            case Tree(path, everybody):
                return await self._operations.tree(path, everybody=everybody)
            case Platforms():
                return await self._operations.platforms()
            case Schedules():
                return await self._operations.schedules()
            case Lanes():
                return await self._operations.lanes()
            case Send(address, text):
                return await self._operations.send(address, text)
            case Reload():
                return await self._operations.reload()
            case BeginChaos(campaign, plan, seconds):
                return await self._operations.begin_chaos(campaign, plan, seconds)
            case LookAtChaos(campaign):
                return await self._operations.look_at_chaos(campaign)
            case HealChaos(campaign):
                return await self._operations.heal_chaos(campaign)
            case Journal():
                return await self._operations.journal()
            case CompactJournal():
                return await self._operations.compact_journal()
            case (
                ListOutbox()
                | ShowOutbox()
                | RepairOutbox()
                | ListLetters()
                | ShowLetter()
                | DoLetters()
                | CountLetters()
            ):
                return await self._operations.messages(request)
            case _:
                assert_never(request)


def _listen(path: Path) -> trio.SocketListener:
    """Listen at *path*.

    A socket that lies there is that of a host which is gone: we hold the lock.
    """
    if path.exists() or path.is_symlink():
        if not stat.S_ISSOCK(path.lstat().st_mode):
            msg = f"{path} must be free for the control socket; move what is there away"
            raise NeedsOperator(msg)
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # Before it has a name in the folder: there is no moment at which others could
        # open it.
        os.fchmod(sock.fileno(), 0o600)
        with socket_address(path.parent) as address:
            sock.bind(address)
        path.chmod(0o600)
        sock.listen(_BACKLOG)
        sock.setblocking(False)
        return trio.SocketListener(trio.socket.from_stdlib_socket(sock))
    except BaseException:
        sock.close()
        raise
