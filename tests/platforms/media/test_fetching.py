"""Fetching from real servers, honest and hostile ones (A26)."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.media import Fetcher, FetchRules, MediaRefused, Reader, networks
from platforms.media.fetching import resolved
from tests.platforms.media.servers import (
    PNG,
    Answer,
    Names,
    Server,
    bomb,
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

HERE = networks(["127.0.0.1/32"])
LIMIT = 100_000


@asynccontextmanager
async def at_home(
    answers: dict[str, Answer], *, within: float = 10.0, allowed: bool = True
) -> AsyncIterator[tuple[Server, Fetcher, Names]]:
    """A server on loopback that is called pics.test, and may be spoken to."""
    names = Names({"pics.test": [["127.0.0.1"]]})
    rules = FetchRules(allowed=HERE if allowed else (), within=within)
    async with serving(answers) as server:
        yield server, Fetcher(rules, names), names


async def refused(fetcher: Fetcher, url: str, limit: int = LIMIT) -> str:
    with pytest.raises(MediaRefused) as caught:
        await fetcher.fetch(url, limit)
    return caught.value.why


async def test_a_picture_is_fetched_with_the_name_in_its_request() -> None:
    async with at_home({"/rook.png?x=1": says(response(PNG))}) as (server, fetcher, _):
        fetched = await fetcher.fetch(server.url("/rook.png?x=1"), LIMIT)
        assert fetched.data == PNG
        assert fetched.link.file_name == "rook.png"
        assert f"Host: pics.test:{server.port}".encode() in server.requests[0]
        assert b"Accept-Encoding: identity" in server.requests[0]


async def test_packed_and_chunked_bodies_are_read_within_the_bound() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    )
    answers = {
        "/gzip": says(response(gzip.compress(PNG), "Content-Encoding: gzip")),
        "/chunked": says(chunked),
        "/closed": says(response(PNG, length=False)),
        "/exact": says(response(bytes(LIMIT))),
        "/more": says(response(bytes(LIMIT + 1))),
        "/bomb": bomb(),
        "/brotli": says(response(PNG, "Content-Encoding: br")),
    }
    async with at_home(answers) as (server, fetcher, _):
        for path, data in (("/gzip", PNG), ("/chunked", b"abc"), ("/closed", PNG)):
            assert (await fetcher.fetch(server.url(path), LIMIT)).data == data
        assert len((await fetcher.fetch(server.url("/exact"), LIMIT)).data) == LIMIT
        for path in ("/more", "/bomb"):
            assert "larger than 100000 bytes" in await refused(
                fetcher, server.url(path)
            )
        assert "not asked for" in await refused(fetcher, server.url("/brotli"))


async def test_a_hostile_server_costs_a_bounded_memory() -> None:
    twice = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"
    answers: dict[str, Answer] = {
        "/endless": endless,
        "/header": endless_header,
        "/short": cut_short,
        "/rubbish": says(b"\x00\xff" * 500 + b"\r\n\r\n"),
        "/nothing": says(b""),
        "/length": says(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabc"),
        "/twice": says(twice),
    }
    async with at_home(answers) as (server, fetcher, _):
        whys = {path: await refused(fetcher, server.url(path)) for path in answers}
    assert "larger" in whys.pop("/endless")
    assert all("ProtocolError" in why for why in whys.values()), whys


async def test_a_hostile_server_costs_a_bounded_time() -> None:
    async with at_home({"/loris": slow_loris, "/mute": mute}, within=0.3) as (
        server,
        fetcher,
        _,
    ):
        for path in ("/loris", "/mute"):
            assert "longer than 0.3 s" in await refused(fetcher, server.url(path))


async def test_a_name_server_that_never_answers_costs_the_same_time() -> None:
    async def never(host: str, port: int) -> list[str]:
        await trio.sleep_forever()
        return []

    fetcher = Fetcher(FetchRules(within=0.05), never)
    assert "longer than" in await refused(fetcher, "http://pics.test/")


@pytest.mark.parametrize("status", ["404 Not Found", "500 No", "204 No", "304 No"])
async def test_only_a_full_answer_is_one(status: str) -> None:
    async with at_home({"/x": says(response(b"", status=status))}) as (
        server,
        fetcher,
        _,
    ):
        assert status[:3] in await refused(fetcher, server.url("/x"))


async def test_redirects_are_followed_a_few_times() -> None:
    answers = {f"/{n}": redirects(f"/{n + 1}") for n in range(10)}
    answers["/3"] = says(response(PNG))
    answers["/loop"] = redirects("/loop", "308 Permanent Redirect")
    async with at_home(answers) as (server, fetcher, _):
        fetched = await fetcher.fetch(server.url("/0"), LIMIT)
        assert (fetched.data, fetched.link.file_name) == (PNG, "3")
        assert "more than 5 times" in await refused(fetcher, server.url("/loop"))
        assert server.connections == 4 + 6


async def test_a_redirect_leads_nowhere_that_a_link_does_not() -> None:
    async with serving({"/secret": says(response(b"secret"))}) as secret:
        targets = {
            "/loopback": f"http://127.0.0.2:{secret.port}/secret",
            "/name": f"http://inside.test:{secret.port}/secret",
            "/decimal": f"http://2130706434:{secret.port}/secret",
            "/mapped": f"http://[::ffff:127.0.0.2]:{secret.port}/secret",
            "/file": "file:///etc/passwd",
            "/user": f"http://pics.test@127.0.0.2:{secret.port}/secret",
        }
        answers = {path: redirects(to) for path, to in targets.items()}
        async with at_home(answers) as (server, fetcher, names):
            names.known["inside.test"] = [["127.0.0.2"]]
            for path in targets:
                await refused(fetcher, server.url(path))
        assert secret.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "[::ffff:127.0.0.1]"]
)
async def test_our_own_machine_is_not_spoken_to_by_default(host: str) -> None:
    async with serving({"/x": says(response(PNG))}) as server:
        why = await refused(Fetcher(), server.url("/x", host))
        assert "not a public address" in why
        assert server.connections == 0


async def test_a_name_is_asked_for_once_and_its_answer_is_what_we_connect_to() -> None:
    """DNS that answers with something else the second time gains nothing."""
    async with serving({"/x": says(response(PNG))}) as server:
        names = Names({"rebind.test": [["127.0.0.1"], ["127.0.0.2"], ["10.0.0.1"]]})
        fetcher = Fetcher(FetchRules(allowed=HERE), names)
        url = server.url("/x", "rebind.test")
        assert (await fetcher.fetch(url, LIMIT)).data == PNG
        assert names.asked == ["rebind.test"]
        assert "127.0.0.2 is loopback" in await refused(fetcher, url)
        assert "10.0.0.1 is private" in await refused(fetcher, url)
        assert server.connections == 1


async def test_one_bad_address_among_good_ones_is_enough() -> None:
    async with serving({"/x": says(response(PNG))}) as server:
        names = Names({"mixed.test": [["127.0.0.1", "192.168.0.1"]]})
        fetcher = Fetcher(FetchRules(allowed=HERE), names)
        assert "private" in await refused(fetcher, server.url("/x", "mixed.test"))
        assert server.connections == 0


async def test_the_next_address_is_tried_where_one_is_dead() -> None:
    async with serving({"/x": says(response(PNG))}) as server:
        names = Names({"two.test": [["127.0.0.3", "127.0.0.1"]]})
        fetcher = Fetcher(FetchRules(allowed=networks(["127.0.0.0/8"])), names)
        assert (await fetcher.fetch(server.url("/x", "two.test"), LIMIT)).data == PNG


async def test_what_cannot_be_reached_is_said() -> None:
    async with at_home({}) as (server, fetcher, names):
        assert "not known" in await refused(fetcher, "http://nowhere.test/")
        names.known["empty.test"] = [[]]
        assert "no address" in await refused(fetcher, "http://empty.test/")
        server_url = server.url("/x")
    assert "ConnectError" in await refused(fetcher, server_url)


async def test_the_systems_resolver_is_asked_for_addresses() -> None:
    assert "127.0.0.1" in await resolved("localhost", 80)


async def test_proxies_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with at_home({"/x": says(response(PNG))}) as (server, fetcher, _):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.9:9")
        assert (await fetcher.fetch(server.url("/x"), LIMIT)).data == PNG


async def test_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    pem = Path(__file__).parents[1] / "transport" / "localhost.pem"
    context.load_cert_chain(pem)

    async def serve(stream: trio.SocketStream) -> None:
        tls = trio.SSLStream(stream, context, server_side=True, https_compatible=True)
        try:
            await tls.receive_some()
            await tls.send_all(response(PNG))
            await tls.aclose()
        except (trio.BrokenResourceError, OSError):
            await trio.aclose_forcefully(stream)

    names = Names({"localhost": [["127.0.0.1"]]})
    fetcher = Fetcher(FetchRules(allowed=HERE), names)
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        url = f"https://localhost:{port}/x"
        assert "CERTIFICATE_VERIFY_FAILED" in await refused(fetcher, url)
        trusting = ssl.create_default_context(cafile=str(pem))
        trusted = Fetcher(FetchRules(allowed=HERE), names, [trusting])
        assert (await trusted.fetch(url, LIMIT)).data == PNG
        nursery.cancel_scope.cancel()


async def test_a_reader_says_what_it_read_and_refuses_what_it_is_not() -> None:
    answers = {
        "/a%2Fb/..%2Frook": says(response(PNG, "Content-Type: text/plain")),
        "/page.png": says(response(b"<html>", "Content-Type: image/png")),
    }
    async with at_home(answers) as (server, fetcher, _):
        reader = Reader(fetcher)
        blob = await reader.read(server.url("/a%2Fb/..%2Frook"), "image", LIMIT)
        assert (blob.data, blob.type, blob.name) == (PNG, "image/png", "_rook.png")
        with pytest.raises(MediaRefused, match="it is text/html, not image"):
            await reader.read(server.url("/page.png"), "image", LIMIT)


NAMES = st.sampled_from(
    ["Location", "Content-Length", "Content-Encoding", "Transfer-Encoding", "X", "\xff"]
)
ODD = (
    "/x|http://|//|5|-1|99999999999999999999999|chunked|gzip|http://127.0.0.1:1/||é|[::"
)
VALUES = st.sampled_from(ODD.split("|")) | st.text(
    alphabet=st.characters(max_codepoint=255), max_size=12
)
HEADERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
STATUSES = st.sampled_from(["200 OK", "302 X", "301", "101 Y", "100 C", "999", "2x0"])


@st.composite
def answers(draw: st.DrawFn) -> bytes:
    """Something like an answer, or nothing of the kind."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    lines = [f"HTTP/1.1 {draw(STATUSES)}"]
    lines += [f"{name}: {value}" for name, value in draw(HEADERS)]
    head = "\r\n".join(lines).encode("latin-1", "replace")
    return head + b"\r\n\r\n" + draw(st.binary(max_size=60))


@settings(max_examples=60, deadline=None)
@given(st.lists(answers(), min_size=1, max_size=8))
def test_whatever_a_server_answers_is_bytes_or_refused(said: list[bytes]) -> None:
    """Nothing else comes out of a fetch, and never more than was allowed."""

    async def main() -> None:
        paths = {f"/{n}": says(data) for n, data in enumerate(said)}
        async with at_home({**paths, "/x": says(said[0])}) as (server, fetcher, _):
            for path in paths:
                with suppress(MediaRefused):
                    fetched = await fetcher.fetch(server.url(path), 50)
                    assert len(fetched.data) <= 50

    trio.run(main)
