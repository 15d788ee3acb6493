"""Requests to a server that is honest, slow, endless, rude or gone."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from platforms.transport import HttpAnswer, HttpClient, HttpFailed, check_http_url
from tests.platforms.media.servers import (
    Answer,
    Server,
    cut_short,
    endless,
    endless_header,
    mute,
    redirects,
    response,
    says,
    serving,
    slow_loris,
)


def client(server: Server, path: str = "", connections: int = 4) -> HttpClient:
    url = f"http://127.0.0.1:{server.port}{path}"
    return HttpClient(url, [("Authorization", "Bearer t")], connections=connections)


async def test_a_request_and_its_answer() -> None:
    answers = {"/bot/say?x=1": says(response(b'{"ok": 1}', "X-Id: 7", "x-id: 8"))}
    async with serving(answers) as server, client(server, "/bot/") as http:
        answer = await http.request("POST", "say?x=1", body=b'{"text": "hi"}')
        assert (answer.status, answer.body) == (200, b'{"ok": 1}')
        assert answer.first("x-id") == "7"
        [asked] = server.requests
        head, _, body = asked.partition(b"\r\n\r\n")
        assert body in {b'{"text": "hi"}', b""}  # it may come in two pieces
        lines = head.decode().split("\r\n")
        assert lines[0] == "POST /bot/say?x=1 HTTP/1.1"
        assert f"Host: 127.0.0.1:{server.port}" in lines
        assert "Authorization: Bearer t" in lines
        assert "Content-Length: 14" in lines


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (endless, "it is larger than 100,000 bytes"),
        (endless_header, "gave no answer"),
        (slow_loris, "none within 1 s"),
        (mute, "none within 1 s"),
        (cut_short, "gave no answer"),
        (says(b"220 smtp.example ESMTP\r\n"), "gave no answer"),
        (says(b""), "gave no answer"),
    ],
)
async def test_what_is_no_answer_ends_in_time_and_may_have_been_heard(
    answer: Answer, why: str
) -> None:
    async with serving({"/": answer}) as server, client(server) as http:
        within = 1.0 if "within" in why else 60.0
        with trio.fail_after(90), pytest.raises(HttpFailed, match=why) as failed:
            await http.request("GET", "/", within=within, max_bytes=100_000)
        assert failed.value.went_out
        assert "Bearer" not in str(failed.value)


async def test_where_nobody_is_nothing_went_out() -> None:
    async with serving({}) as server:
        pass
    async with client(server) as http:
        with pytest.raises(HttpFailed) as failed:
            await http.request("GET", "/")
        assert not failed.value.went_out


async def test_who_waits_for_a_turn_has_sent_nothing() -> None:
    async with serving({"/": mute}) as server, client(server, connections=1) as http:

        async def first() -> None:
            await http.request("GET", "/", within=1_000)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(first)
            while not server.requests:  # noqa: ASYNC110 - it tells nobody
                await trio.sleep(0.01)
            with pytest.raises(HttpFailed) as failed:
                await http.request("GET", "/", within=0.2)
            assert not failed.value.went_out
            nursery.cancel_scope.cancel()


async def test_a_redirect_is_an_answer_like_any_other() -> None:
    """Following it would carry our token to wherever it points."""
    answers = {"/": redirects("http://127.0.0.1:1/"), "/on": says(response(b"x"))}
    async with serving(answers) as server, client(server) as http:
        assert (await http.request("GET", "/")).status == 302


async def test_a_request_that_is_cancelled_leaves_nothing_to_the_next() -> None:
    first, gone = trio.CancelScope(), trio.Event()

    async def late(stream: trio.SocketStream, request: bytes) -> None:
        first.cancel()
        await gone.wait()
        with suppress(trio.BrokenResourceError):
            await stream.send_all(response(b"of the first"))

    answers = {"/late": late, "/now": says(response(b"of the second"))}
    async with serving(answers) as server, client(server, connections=1) as http:
        with first:
            await http.request("GET", "/late")
        gone.set()
        for _ in range(3):
            assert (await http.request("GET", "/now")).body == b"of the second"
        assert server.connections >= 2


@pytest.mark.parametrize(
    "url", ["", "ws://x", "http://", "http://x:0", "http://x:99999", "http://x/?a=1"]
)
def test_what_is_no_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be http://HOST"):
        check_http_url(url)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        (
            {
                "date": "Wed, 21 Oct 2015 07:27:30 GMT",
                "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            30.0,
        ),
        (
            {
                "date": "Wed, 21 Oct 2015 07:29:30 GMT",
                "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT",
            },
            0.0,
        ),
    ],
)
def test_when_to_come_again(headers: dict[str, str], seconds: float | None) -> None:
    assert HttpAnswer(429, tuple(headers.items())).retry_after == seconds


@given(st.text(), st.text())
def test_any_header_is_a_time_or_none(date: str, later: str) -> None:
    answer = HttpAnswer(429, (("date", date), ("retry-after", later)))
    seconds = answer.retry_after
    assert seconds is None or 0 <= seconds < float("inf")
