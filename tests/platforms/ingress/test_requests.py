"""What is asked of the ingress is answered by whose path it is, and by nobody else."""

from __future__ import annotations

import pytest
import trio
from structlog.typing import EventDict
from trio.testing import MockClock

from platforms.ingress import Request, Response, SendPiece, ShowsSecret, anybody
from tests.platforms.ingress.conftest import World


async def test_a_page_is_read(world: World) -> None:
    async def page(request: Request) -> Response:
        return Response.text(200, f"{request.method} {request.path}?{request.query}")

    world.entrance.page("hello", page)

    answer = await world.client().asks("/web/hello?a=1")

    assert answer.status == 200
    assert answer.text == "GET hello?a=1"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_post_is_delivered_before_it_is_answered(
    world: World, autojump_clock: MockClock
) -> None:
    delivered: list[object] = []

    async def hook(request: Request) -> None:
        await trio.sleep(5)
        delivered.append(request.json())

    world.entrance.hook("", hook, admit=anybody)

    answer = await world.client().asks("/web/", b'{"update": 1}')

    assert (answer.status, answer.body) == (200, b"")
    assert delivered == [{"update": 1}]


async def test_what_a_handler_raises_is_told_to_come_again(
    world: World, logs: list[EventDict]
) -> None:
    async def hook(request: Request) -> None:
        msg = "a mistake"
        raise RuntimeError(msg)

    world.entrance.hook("", hook, admit=anybody)
    client = world.client()

    assert (await client.asks("/web/", b"{}")).status == 500
    assert (await client.asks("/web/", b"{}")).status == 500  # the line is kept
    assert [each["event"] for each in logs] == ["request.failed"] * 2
    assert "a mistake" not in (await client.asks("/web/", b"{}")).text


@pytest.mark.parametrize("body", [b"", b"[1]", b"{", b"\xff", b'{"a":' * 100_000])
async def test_what_is_no_json_is_the_fault_of_whoever_asks(
    world: World, body: bytes
) -> None:
    async def hook(request: Request) -> None:
        request.json()

    world.entrance.hook("", hook, admit=anybody)

    assert (await world.client().asks("/web/", body)).status == 400


async def test_a_secret_is_judged_before_a_byte_of_the_body_is_read(
    world: World,
) -> None:
    async def hook(request: Request) -> None:
        raise AssertionError

    world.entrance.hook("", hook, admit=ShowsSecret("x-secret", "s3cret"))
    head = b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n"
    for shown, status in ((b"", 401), (b"X-Secret: wrong\r\n", 403)):
        client = world.client()
        await client.begins_by_hand(head + shown + b"\r\n")

        assert (await client.hears()).status == status
        assert await client.ended()


async def test_the_right_secret_opens(world: World) -> None:
    async def hook(request: Request) -> None:
        pass

    world.entrance.hook("", hook, admit=ShowsSecret("x-secret", "s3cret"))

    answer = await world.client().asks("/web/", b"", headers={"X-Secret": "s3cret"})

    assert answer.status == 200


async def test_what_nobody_has_is_not_there(world: World) -> None:
    for target in ("/", "/other/", "/web/nothing", "/webby/", "/api/v1/platforms"):
        assert (await world.client().asks(target)).status == 404


async def test_another_method_is_named(world: World) -> None:
    async def hook(request: Request) -> None:
        pass

    world.entrance.hook("hook", hook, admit=anybody)

    answer = await world.client().asks("/web/hook")

    assert answer.status == 405
    assert answer.headers["allow"] == "POST"
    assert (await world.client().asks("/web/hook", method="PUT")).status == 405


async def test_a_folder_is_everything_below_it(world: World) -> None:
    async def file(request: Request) -> Response:
        return Response.text(200, request.path)

    async def root(request: Request) -> Response:
        return Response.text(200, "root")

    world.entrance.page("files/", file)
    world.entrance.page("", root)

    assert (await world.client().asks("/web/files/a/b")).text == "files/a/b"
    assert (await world.client().asks("/web/")).text == "root"
    assert (await world.client().asks("/web/else")).status == 404
    moved = await world.client().asks("/web")
    assert (moved.status, moved.headers["location"]) == (308, "/web/")


async def test_a_connection_is_kept_for_the_next_request(world: World) -> None:
    async def echo(request: Request) -> Response:
        return Response(body=request.body)

    world.entrance.hook("", echo, admit=anybody)
    client = world.client()

    for number in range(20):
        answer = await client.asks("/web/", b"%d" % number)
        assert answer.body == b"%d" % number
    assert world.ingress.crowd.size == 1


async def test_requests_sent_in_one_go_are_answered_in_order(world: World) -> None:
    async def echo(request: Request) -> Response:
        return Response(body=request.query.encode())

    world.entrance.page("", echo)
    client = world.client()
    await client.says(
        b"".join(b"GET /web/?%d HTTP/1.1\r\nHost: x\r\n\r\n" % n for n in range(5))
    )

    heard = b""
    while heard.count(b"HTTP/1.1 200") < 5 or not heard.endswith(b"4"):
        heard += await client.stream.receive_some(65536)
    assert [heard.find(b"\r\n\r\n%d" % n) for n in range(5)] == sorted(
        heard.find(b"\r\n\r\n%d" % n) for n in range(5)
    )


async def test_a_head_alone_is_answered_without_a_body(world: World) -> None:
    async def page(request: Request) -> Response:
        return Response(body=b"x" * 100)

    world.entrance.page("", page)

    await world.client().says(b"HEAD /web/ HTTP/1.1\r\nHost: x\r\n\r\n")
    client = world.client()
    await client.says(b"HEAD /web/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    heard = b""
    while data := await client.stream.receive_some(65536):
        heard += data

    assert heard.lower().count(b"content-length: 100") == 1
    assert heard.endswith(b"\r\n\r\n")


async def test_a_body_waits_to_be_asked_for(world: World) -> None:
    """curl does so for whatever is larger than a megabyte."""

    async def echo(request: Request) -> Response:
        return Response(body=request.body)

    world.entrance.hook("", echo, admit=anybody)
    client = world.client()
    await client.says(
        b"POST /web/ HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )

    assert b"100" in await client.stream.receive_some(100)
    await client.says(b"ok")
    assert (await client.stream.receive_some(1000)).endswith(b"ok")


async def test_an_answer_may_be_said_bit_by_bit_for_hours(
    world: World, autojump_clock: MockClock
) -> None:
    async def ticks(request: Request) -> Response:
        async def says(say: SendPiece) -> None:
            for number in range(3):
                await say(b"%d" % number)
                await trio.sleep(600)

        return Response(says=says)

    world.entrance.page("", ticks)
    client = world.client()
    await client.begins("/web/")

    assert (await client.hears_head()).status == 200
    assert [await client.hears_more() for _ in range(4)] == [b"0", b"1", b"2", b""]


async def test_who_leaves_is_told_nothing_more(world: World) -> None:
    over = trio.Event()

    async def ticks(request: Request) -> Response:
        async def says(say: SendPiece) -> None:
            try:
                await say(b"0")
                await trio.sleep_forever()
            finally:
                over.set()

        return Response(says=says)

    world.entrance.page("", ticks)
    client = world.client()
    await client.begins("/web/")
    await client.hears_head()

    await client.stream.aclose()

    await over.wait()
