"""A stranger on the port costs little, for a short while, and nobody else."""

from __future__ import annotations

import gzip
from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from structlog.typing import EventDict
from trio.testing import MockClock

from platforms.ingress import (
    BODY_BYTES,
    HEAD_BYTES,
    Ingress,
    Request,
    Response,
    anybody,
)
from platforms.ingress.bodies import FREE_BYTES, MAX_BODIES_BYTES
from platforms.ingress.crowd import CONNECTIONS, PER_ADDRESS
from platforms.ingress.entrance import ANSWER_SECONDS, IN_HAND
from platforms.ingress.exchange import BODY_SECONDS, HEAD_SECONDS, KEEP_SECONDS
from tests.platforms.ingress.clients import connect
from tests.platforms.ingress.conftest import World


async def ok(_: Request) -> None:
    pass


async def test_who_says_nothing_is_left_alone_in_the_end(
    world: World, autojump_clock: MockClock
) -> None:
    client = world.client()

    assert await client.ended()

    assert trio.current_time() == HEAD_SECONDS


async def test_a_head_has_a_time_however_busy_it_looks(
    world: World, autojump_clock: MockClock
) -> None:
    client = world.client()

    async def drip() -> None:
        while True:
            await trio.sleep(1)
            await client.says(b"X: y\r\n")

    await client.begins_by_hand(b"GET /web/ HTTP/1.1\r\n")
    async with trio.open_nursery() as dripping:
        dripping.start_soon(drip)

        assert (await client.hears()).status == 408
        assert trio.current_time() == HEAD_SECONDS
        dripping.cancel_scope.cancel()


async def test_so_has_a_body(world: World, autojump_clock: MockClock) -> None:
    world.entrance.hook("", ok, admit=anybody)
    client = world.client()
    await client.begins_by_hand(
        b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"
    )

    async def drip() -> None:
        for _ in range(100):
            await trio.sleep(1)
            await client.says(b".")

    async with trio.open_nursery() as dripping:
        dripping.start_soon(drip)

        assert (await client.hears()).status == 408
        assert trio.current_time() == BODY_SECONDS
        dripping.cancel_scope.cancel()


async def test_a_line_without_a_next_request_is_given_up(
    world: World, autojump_clock: MockClock
) -> None:
    world.entrance.hook("", ok, admit=anybody)
    client = world.client()
    await client.asks("/web/", b"")

    assert await client.ended()

    assert trio.current_time() == KEEP_SECONDS


async def test_a_head_has_a_size(world: World) -> None:
    client = world.client()

    await client.begins_by_hand(b"GET /web/ HTTP/1.1\r\nX: " + b"x" * HEAD_BYTES)

    assert (await client.hears()).status == 431
    assert await client.ended()


async def test_a_head_has_that_size_also_where_it_comes_in_one_piece(
    world: World,
) -> None:
    world.entrance.hook("", ok, admit=anybody)
    client = world.client()

    answer = await client.asks("/web/", b"", headers={"X": "x" * HEAD_BYTES})

    assert answer.status == 431
    assert await client.ended()


@pytest.mark.parametrize(
    "length", [b"Content-Length: 101", b"Transfer-Encoding: chunked"]
)
async def test_a_body_has_a_size_whatever_is_said_of_it(
    world: World, length: bytes
) -> None:
    world.entrance.hook("", ok, admit=anybody, max_bytes=100)
    client = world.client()

    await client.begins_by_hand(
        b"POST /web/ HTTP/1.1\r\nHost: x\r\n" + length + b"\r\n\r\n"
    )
    if b"chunked" in length:
        await client.says(b"65\r\n" + b"x" * 101 + b"\r\n")

    assert (await client.hears()).status == 413
    assert await client.ended()


async def test_all_bodies_together_have_a_size_and_news_come_through(
    world: World, autojump_clock: MockClock
) -> None:
    """Strangers who hold large ones open keep out large ones, and nothing else."""
    world.entrance.hook("", ok, admit=anybody)
    head = b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    slow = [world.client() for _ in range(MAX_BODIES_BYTES // BODY_BYTES)]
    for client in slow:
        await client.begins_by_hand(head % BODY_BYTES)
        await client.says(bytes(BODY_BYTES - 1))
    await trio.testing.wait_all_tasks_blocked()

    assert (await world.client().asks("/web/", bytes(FREE_BYTES))).status == 200
    crowded = await world.client().asks("/web/", bytes(BODY_BYTES))
    assert crowded.status == 503

    for client in slow:
        await client.says(b".")
        assert (await client.hears()).status == 200
    assert (await world.client().asks("/web/", bytes(BODY_BYTES))).status == 200


async def test_the_bodies_of_one_address_leave_room_for_those_of_others(
    world: World, autojump_clock: MockClock
) -> None:
    """Its fifty connections held three times as much as there is, each for two minutes."""
    world.entrance.hook("", ok, admit=anybody)
    head = b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    slow = [world.client(f"192.0.2.1:{number}") for number in range(PER_ADDRESS)]
    for client in slow:
        await client.begins_by_hand(head % BODY_BYTES)
        with suppress(trio.BrokenResourceError):
            await client.says(bytes(BODY_BYTES - 1))
    await trio.testing.wait_all_tasks_blocked()

    other = world.client("192.0.2.2:1")
    assert (await other.asks("/web/", bytes(BODY_BYTES))).status == 200
    for client in slow:
        await trio.aclose_forcefully(client.stream)
    await trio.testing.wait_all_tasks_blocked()
    again = world.client("192.0.2.1:1")
    assert (await again.asks("/web/", bytes(BODY_BYTES))).status == 200
    assert world.ingress._bodies.bytes == 0


async def test_a_page_takes_no_body(world: World) -> None:
    async def page(_: Request) -> Response:
        return Response()

    world.entrance.page("", page)

    assert (await world.client().asks("/web/", b"x", method="GET")).status == 413


async def test_who_comes_when_all_places_are_taken_is_told_so(world: World) -> None:
    world.ingress.crowd.size = CONNECTIONS
    client = world.client()

    assert (await client.hears()).status == 503

    assert await client.ended()
    await client.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert world.ingress.crowd.size == CONNECTIONS


async def test_a_handler_that_hangs_is_given_up(
    world: World, autojump_clock: MockClock
) -> None:
    async def hangs(_: Request) -> None:
        await trio.sleep_forever()

    world.entrance.hook("", hangs, admit=anybody)
    many = [world.client() for _ in range(IN_HAND + 1)]
    for client in many:
        await client.begins("/web/", b"")

    answers = [await client.hears() for client in many]

    assert [each.status for each in answers] == [503] * len(many)
    assert answers[0].headers["retry-after"] == "2"
    assert trio.current_time() == ANSWER_SECONDS


@pytest.mark.parametrize(
    "hello",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"GET / HTTP/0.9\r\n\r\n",
        b"GET /web/ HTTP/1.1\r\n\r\n",  # no host
        b"GET /web/ HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET \x00 HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_another_protocol_gets_a_clean_end(
    world: World, hello: bytes, autojump_clock: MockClock
) -> None:
    client = world.client()

    await client.begins_by_hand(hello)

    assert (await client.hears()).status in (400, 408, 505)
    assert await client.ended()


async def test_rubbish_after_a_head_request_is_refused_and_no_mistake_of_ours(
    world: World, logs: list[EventDict]
) -> None:
    """Its answer has a body, which that of the request before had not."""

    async def page(_: Request) -> Response:
        return Response(body=b"hello")

    world.entrance.page("", page)
    client = world.client()
    await client.says(b"HEAD /web/ HTTP/1.1\r\nHost: x\r\n\r\n" + b"rub bish\r\n\r\n")

    heard = b""
    while piece := await client.stream.receive_some(65536):
        heard += piece

    assert heard.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 400" in heard
    assert [each["event"] for each in logs] == ["request.refused"]


async def test_a_line_that_is_unfit_is_told_to_nobody(
    world: World, logs: list[EventDict]
) -> None:
    """It may hold a token: neither the log nor whoever reads the answer gets it."""
    client = world.client()
    await client.begins_by_hand(
        b"POST /web/ HTTP/1.1\r\nHost: x\r\nAuthorization : Bearer hush\r\n\r\n"
    )

    answer = await client.hears()

    assert answer.status == 400
    assert answer.text == "illegal header line"
    assert "hush" not in repr(logs)


@given(st.lists(st.binary(max_size=300), max_size=5), st.booleans())
@settings(max_examples=60)
def test_whatever_comes_ends_and_costs_nobody_else(
    pieces: list[bytes], begins_well: bool
) -> None:
    async def main() -> None:
        ingress = Ingress()
        async with (
            ingress.entrance("web") as entrance,
            trio.open_nursery() as nursery,
        ):
            entrance.hook("", ok, admit=anybody)
            other, client = connect(ingress, nursery), connect(ingress, nursery)
            if begins_well:
                await client.says(b"POST /web/ HTTP/1.1\r\nHost: x\r\n")
            for piece in pieces:
                try:
                    await client.says(piece)
                except trio.BrokenResourceError:
                    break
                await trio.testing.wait_all_tasks_blocked()

            assert (await other.asks("/web/", b"")).status == 200
            await client.stream.aclose()
            await other.stream.aclose()
        assert ingress.crowd.size == 0

    with capture_logs() as logs:
        trio.run(main, clock=MockClock(autojump_threshold=0))
    assert [each for each in logs if each["log_level"] == "error"] == []


async def test_a_body_is_not_unpacked(world: World) -> None:
    async def takes(request: Request) -> None:
        request.json()

    world.entrance.hook("", takes, admit=anybody)
    packed = gzip.compress(b'{"a": 1}')

    answer = await world.client().asks(
        "/web/", packed, headers={"Content-Encoding": "gzip"}
    )

    assert answer.status == 400
