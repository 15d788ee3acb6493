"""A person on matrix-nio. Runs in `.venv-synapse`, not in ours.

    python matrix_nio.py URL USER PASSWORD

Logs in, goes where it is invited, prints what it hears, answers `ping` by `pong`, uploads
a file when it hears `file`, and leaves when it hears `bye`.
"""

# matrix-nio is not in the environment that mypy sees.
# mypy: disable-error-code="import-not-found"

import asyncio
import io
import sys

from nio import (
    AsyncClient,
    InviteMemberEvent,
    JoinResponse,
    LoginResponse,
    MatrixRoom,
    RoomMessageMedia,
    RoomMessageNotice,
    RoomMessageText,
    RoomSendResponse,
    SyncResponse,
    UploadResponse,
)

url, user, password = sys.argv[1:]


def tell(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def main() -> None:
    client = AsyncClient(url, user)
    login = await client.login(password, device_name="nio")
    assert isinstance(login, LoginResponse), login
    tell("LOGGED-IN", login.user_id)
    left = asyncio.Event()

    async def invited(room: MatrixRoom, event: InviteMemberEvent) -> None:
        if event.membership == "invite" and event.state_key == client.user_id:
            joined = await client.join(room.room_id)
            assert isinstance(joined, JoinResponse), joined
            tell("JOINED", room.room_id)

    async def say(room: MatrixRoom, content: dict[str, object]) -> None:
        sent = await client.room_send(room.room_id, "m.room.message", content)
        assert isinstance(sent, RoomSendResponse), sent
        tell("SENT", sent.event_id)

    async def heard(
        room: MatrixRoom, event: RoomMessageText | RoomMessageNotice
    ) -> None:
        if event.sender == client.user_id:
            return
        tell("HEARD", event.sender, event.body)
        match event.body:
            case "ping":
                await say(room, {"msgtype": "m.text", "body": "pong"})
            case "file":
                answer, _ = await client.upload(
                    io.BytesIO(b"12345"), "text/plain", "a.txt", filesize=5
                )
                assert isinstance(answer, UploadResponse), answer
                uri = answer.content_uri
                await say(room, {"msgtype": "m.file", "body": "a.txt", "url": uri})
            case "bye":
                await client.room_leave(room.room_id)
                tell("LEFT")
                left.set()
            case _:
                pass

    async def shown(_: MatrixRoom, event: RoomMessageMedia) -> None:
        if event.sender != client.user_id:
            got = await client.download(event.url)
            tell("SHOWN", event.body, len(got.body))

    first = await client.sync(timeout=0, full_state=True)
    assert isinstance(first, SyncResponse), first
    client.add_event_callback(invited, InviteMemberEvent)
    client.add_event_callback(heard, (RoomMessageText, RoomMessageNotice))
    client.add_event_callback(shown, RoomMessageMedia)
    for room_id in list(client.invited_rooms):
        await client.join(room_id)
        tell("JOINED", room_id)
    forever = asyncio.create_task(client.sync_forever(timeout=30_000))
    tell("READY")
    await left.wait()
    forever.cancel()
    await client.logout()
    await client.close()


asyncio.run(main())
