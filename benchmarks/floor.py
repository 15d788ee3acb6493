"""The floor: a bare trio-websocket server with default settings and nothing behind it.

    python -m benchmarks.floor PORT

The same traffic as the host has: each event is decoded and answered by an action, each
answer is read and decoded. No journal, no order, no receipt, no supervision.
"""

from __future__ import annotations

import json
import sys
from itertools import count

import trio
import trio_websocket


async def serve(request: trio_websocket.WebSocketRequest) -> None:
    socket = await request.accept()
    echo = count(1)
    try:
        while True:
            message = json.loads(await socket.get_message())
            if "post_type" not in message:
                continue
            params = {
                "group_id": message["group_id"],
                "message": [{"type": "text", "data": {"text": "pong"}}],
            }
            action = {"action": "send_group_msg", "params": params, "echo": next(echo)}
            await socket.send_message(json.dumps(action))
    except trio_websocket.ConnectionClosed:
        return


async def main() -> None:
    await trio_websocket.serve_websocket(serve, "127.0.0.1", int(sys.argv[1]), None)


if __name__ == "__main__":
    trio.run(main)
