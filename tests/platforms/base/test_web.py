"""Calls and polls of a session: each ends in one of the ways a message or a session can."""

from __future__ import annotations

import json
import math

import pytest
import trio
from attrs import frozen
from trio.testing import MockClock

from actors.messages import Outbound
from platforms.base import (
    Link,
    OutcomeUnknown,
    Platform,
    Retry,
    Secret,
    Sent,
    SessionEnded,
)
from platforms.base.web import DEFAULT_RETRY_SECONDS, MAX_WAIT_SECONDS, Web, patience
from platforms.transport import HttpAnswer, HttpFailed
from tests.platforms.base.hosts import FakeHost
from tests.platforms.media.servers import (
    Server,
    cut_short,
    mute,
    response,
    says,
    serving,
)


@frozen
class NoConfig:
    pass


class Toy(Platform[NoConfig]):
    """Its session is what the test does."""

    name = "toy"

    async def session(self, link: Link) -> None:
        raise NotImplementedError

    async def send(self, link: Link, out: Outbound) -> Sent:
        raise NotImplementedError


def a_link() -> Link:
    return FakeHost().link(Toy(NoConfig()), "me")


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}"


async def test_a_call_brings_its_answer() -> None:
    answers = {"/say": says(response(b'{"id": "7"}', status="201 Created"))}
    async with (
        serving(answers) as server,
        a_link().http(url(server), bearer=Secret("t")) as http,
    ):
        answer = await http.call("POST", "/say", {"text": "你好"})
        assert (answer.status, json.loads(answer.body)) == (201, {"id": "7"})
        assert b"Authorization: Bearer t" in server.requests[0]
        assert b"Content-Type: application/json" in server.requests[0]


@pytest.mark.parametrize(
    ("headers", "after"), [(["Retry-After: 7"], 7.0), ([], DEFAULT_RETRY_SECONDS)]
)
async def test_too_many_is_not_now(headers: list[str], after: float) -> None:
    """A delay that the server gives wins over any rule of ours."""
    answers = {"/say": says(response(b"", *headers, status="429 Too Many Requests"))}
    async with serving(answers) as server, a_link().http(url(server)) as http:
        with pytest.raises(Retry) as refused:
            await http.call("POST", "/say", {})
        assert refused.value.after == after


async def test_bytes_go_out_as_they_are_and_any_answer_comes_back() -> None:
    large = response(bytes(100), "Retry-After: 7", status="429 Too Many Requests")
    async with (
        serving({"/file": says(large)}) as server,
        a_link().http(url(server)) as http,
    ):
        answer = await http.ask(
            "POST", "/file", b"\x89PNG", headers=[("Content-Type", "image/png")]
        )
        assert (answer.status, len(answer.body)) == (429, 100)
        assert b"Content-Type: image/png" in server.requests[0]
        assert b"Content-Length: 4" in server.requests[0]
        with pytest.raises(OutcomeUnknown, match="larger than 99 bytes"):
            await http.ask("GET", "/file", max_bytes=99)
        with pytest.raises(SessionEnded, match="larger than 99 bytes"):
            await http.poll("/file", hold=1, max_bytes=99)


async def test_an_answer_that_is_lost_is_unknown() -> None:
    """B14: it went out, and nobody can say what became of it."""
    async with (
        serving({"/say": cut_short, "/mute": mute}) as server,
        a_link().http(url(server)) as http,
    ):
        with pytest.raises(OutcomeUnknown):
            await http.call("POST", "/say", {})
        with pytest.raises(OutcomeUnknown):
            await http.call("POST", "/mute", {}, within=1.0)


async def test_where_nobody_is_it_is_tried_again() -> None:
    """B14: nothing went out."""
    async with serving({}) as server:
        pass
    async with a_link().http(url(server)) as http:
        with pytest.raises(Retry):
            await http.call("POST", "/say", {})


class Scripted:
    """A client whose answers are those of the test, and take their time."""

    def __init__(self, *answers: HttpAnswer | float) -> None:
        self.answers = list(answers)
        self.asked: list[float] = []

    async def request(self, *_: object, within: float, **__: object) -> HttpAnswer:
        self.asked.append(trio.current_time())
        answer = self.answers.pop(0)
        if isinstance(answer, HttpAnswer):
            return answer
        with trio.move_on_after(within):
            await trio.sleep(answer)
            return HttpAnswer(200)
        why = f"none within {within:g} s"
        raise HttpFailed("http://x", why, went_out=True)


def web(polls: Scripted) -> Web:
    return Web(polls, polls)  # type: ignore[arg-type]  # all that it needs


async def test_a_poll_waits_as_long_as_the_server_may_hold_it(
    autojump_clock: MockClock,
) -> None:
    """B10: the deadline is on receiving, and knows that silence was agreed on."""
    polls = Scripted(50.0, 59.0, 61.0)
    http = web(polls)
    assert (await http.poll("/updates", hold=50)).status == 200
    assert (await http.poll("/updates", hold=50)).status == 200
    with pytest.raises(SessionEnded, match="none within 60 s"):
        await http.poll("/updates", hold=50)


async def test_a_poll_leaves_a_server_alone_that_says_so(
    autojump_clock: MockClock,
) -> None:
    polls = Scripted(
        HttpAnswer(429, (("retry-after", "7"),)), HttpAnswer(429), HttpAnswer(200)
    )
    assert (await web(polls).poll("/updates", hold=50)).status == 200
    first, second, third = polls.asked
    assert (second - first, third - second) == (7.0, DEFAULT_RETRY_SECONDS)


async def test_where_the_server_says_when_is_its_platforms_to_know(
    autojump_clock: MockClock,
) -> None:
    polls = Scripted(HttpAnswer(429, body=b"17"), HttpAnswer(200))
    http = web(polls)
    answer = await http.poll("/new", hold=50, waits=lambda said: float(said.body))
    assert answer.status == 200
    assert polls.asked[1] - polls.asked[0] == 17.0


@pytest.mark.parametrize("said", ["99999999999", "1e300"])
async def test_no_server_can_park_a_session_for_years(
    said: str, autojump_clock: MockClock
) -> None:
    polls = Scripted(HttpAnswer(429, (("retry-after", said),)), HttpAnswer(200))
    assert (await web(polls).poll("/updates", hold=50)).status == 200
    assert polls.asked[1] - polls.asked[0] == MAX_WAIT_SECONDS


async def test_no_server_is_asked_again_without_a_pause(
    autojump_clock: MockClock,
) -> None:
    """It said 429 and `Retry-After: 0`, and was asked as fast as it could answer."""
    no = HttpAnswer(429, (("retry-after", "0"),))
    polls = Scripted(no, no, HttpAnswer(200))
    assert (await web(polls).poll("/updates", hold=50)).status == 200
    assert polls.asked == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [(7.5, 7.5), (0, 1.0), (-3.0, 1.0), (math.nan, 1.0), (math.inf, 3600.0)],
)
def test_what_a_server_asks_for_is_bounded(said: float, seconds: float) -> None:
    assert patience(said) == seconds


async def test_a_secret_in_an_address_is_told_nowhere() -> None:
    """Some platforms have the token in the path of everything that is asked for."""
    async with (
        serving({"/bot7:abc/say": cut_short}) as server,
        a_link().http(url(server), hides=Secret("7:abc")) as http,
    ):
        with pytest.raises(OutcomeUnknown) as lost:
            await http.ask("POST", "/bot7:abc/say")
        assert b"POST /bot7:abc/say " in server.requests[0]
        with pytest.raises(SessionEnded) as ended:
            await http.poll("/bot7:abc/say", hold=1)
    for error in (lost.value, ended.value):
        assert "/bot***/say gave no answer" in str(error)
        assert "7:abc" not in f"{error!r} {error.__cause__!r}"


async def test_a_poll_keeps_no_call_waiting() -> None:
    """The known killer: a pool that is full of polls sends nothing any more."""
    answers = {"/updates": mute, "/say": says(response(b"{}"))}
    async with (
        serving(answers) as server,
        a_link().http(url(server)) as http,
        trio.open_nursery() as nursery,
    ):

        async def poll() -> None:
            await http.poll("/updates", hold=50)

        nursery.start_soon(poll)
        with trio.fail_after(40):  # of 50 for the poll
            for _ in range(10):
                assert (await http.call("POST", "/say", {})).status == 200
        nursery.cancel_scope.cancel()


async def test_who_sends_finds_what_the_session_has_opened() -> None:
    """B13: and the end of an older one takes nothing from its successor."""
    link = a_link()
    with pytest.raises(Retry, match="not connected"):
        _ = link.web
    async with serving({}) as server:
        older = link.http(url(server))
        first = await older.__aenter__()
        assert link.web is first
        async with link.http(url(server)) as second:
            assert link.web is second
            await older.__aexit__(None, None, None)
            assert link.web is second
        with pytest.raises(Retry, match="not connected"):
            _ = link.web
