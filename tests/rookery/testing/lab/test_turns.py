"""Two tasks of a peer may speak at once: what answers, and what has news."""

import trio
from trio.testing import memory_stream_pair

from rookery.testing.lab.wires import Lines, dialled, met


async def test_lines_go_out_one_after_the_other() -> None:
    ours, theirs = memory_stream_pair()
    line, other = Lines(ours), Lines(theirs)
    async with trio.open_nursery() as nursery:
        for n in range(10):
            nursery.start_soon(line.send, f"{n}" * 1000)
        heard = {await other.receive() for _ in range(10)}
    assert heard == {f"{n}" * 1000 for n in range(10)}


async def test_frames_go_out_one_after_the_other() -> None:
    ours, theirs = memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            ws = await met(ours)
            await ws.accept()
            async with trio.open_nursery() as senders:
                for n in range(10):
                    senders.start_soon(ws.send, {"n": n})

        nursery.start_soon(serve)
        ws = await dialled(theirs, "/", [])
        heard = [(await ws.receive())["n"] for _ in range(10)]
    assert sorted(heard) == list(range(10))
