"""Who may come in, by which name, with which token; and the way without sockets."""

from __future__ import annotations

import json
from functools import partial
from urllib.parse import quote

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import File, Text
from platforms.base import Secret
from platforms.ingress.entrance import IN_HAND
from platforms.transport import Handshake
from platforms.webchat import WebChatConfig
from platforms.webchat.config import is_origin
from platforms.webchat.doorkeeper import WRONG_SECONDS, Doorkeeper, is_person, person_of
from platforms.webchat.quota import MAX_FILE_BYTES
from tests.platforms.webchat.pages import ANN, BOB, World

SAY = b'{"op":"say","id":"message-1","body":[{"text":"hello"}]}'
BEARER = {"Authorization": f"Bearer {ANN}"}


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:8643", None, None),
        ("127.0.0.1:8643", "http://127.0.0.1:8643", None),
        ("localhost:8643", "http://localhost:8643", None),
        ("[::1]:8643", "http://[::1]:8643", None),
        ("192.168.1.5:8643", "http://192.168.1.5:8643", None),
        ("chat.example.org", "https://chat.example.org", None),
        ("127.0.0.1:8643", "https://chat.example.org", None),  # a proxy renames us
        ("127.0.0.1:8643", "https://evil.example", 403),
        ("127.0.0.1:8643", "null", 403),
        ("127.0.0.1:8643", "http://127.0.0.1:9999", 403),
        (
            "evil.example:8643",
            "http://evil.example:8643",
            421,
        ),  # it points at 127.0.0.1
        ("evil.example", None, 421),
        ("localhost.evil.example", None, 421),
        ("", None, 421),
        ("[", None, 421),
    ],
)
def test_by_which_name_and_from_which_page(
    host: str, origin: str | None, status: int | None
) -> None:
    keeper = Doorkeeper.of(
        WebChatConfig(open=True, origins=("https://chat.example.org",))
    )
    headers = (("host", host), *([("origin", origin)] if origin else []))

    refusal = keeper(Handshake("/", headers=headers))

    assert (refusal.status if refusal else None) == status


@given(st.text(max_size=30), st.text(max_size=30))
def test_whoever_comes_is_let_in_or_refused(host: str, origin: str) -> None:
    refusal = Doorkeeper()(Handshake("/", headers=(("host", host), ("origin", origin))))
    if refusal is None:
        assert origin in (f"http://{host}", f"https://{host}")


@given(st.text(max_size=30))
def test_an_origin_is_one_or_not(text: str) -> None:
    assert is_origin(text) in (True, False)


def test_an_origin_has_scheme_and_host_and_no_path() -> None:
    good = ("https://a.example", "http://127.0.0.1:8643", "http://[::1]:80")
    bad = (
        "a.example",
        "https://a.example/",
        "https://a.example/x",
        "ftp://a",
        "https://",
        "https://a:b",
        "*",
    )
    assert all(map(is_origin, good))
    assert not any(map(is_origin, bad))


def test_a_person_is_what_a_token_makes_of_it() -> None:
    assert is_person(person_of(ANN))
    assert person_of(ANN) != person_of(BOB)
    assert person_of(ANN) == person_of(ANN)
    assert ANN not in person_of(ANN)
    assert not is_person("../etc")


@pytest.mark.parametrize(
    ("config", "keys", "exposed"),
    [
        (WebChatConfig(), [], ["access_token"]),
        (WebChatConfig(open=True), [], []),
        (WebChatConfig(access_token=Secret("s")), [], []),
        (WebChatConfig(access_token=Secret("s"), open=True), ["open"], []),
        (WebChatConfig(access_token=Secret("")), ["access_token"], []),
        (WebChatConfig(access_token=Secret("s" * 201)), ["access_token"], []),
        (
            WebChatConfig(origins=("https://a.example",)),
            ["access_token"],
            ["access_token"],
        ),
        (
            WebChatConfig(embed=("https://a.example",)),
            ["access_token"],
            ["access_token"],
        ),
        (WebChatConfig(open=True, origins=("a",)), ["origins[0]"], []),
        (WebChatConfig(open=True, embed=("a",)), ["embed[0]"], []),
    ],
)
def test_being_reachable_is_decided_by_somebody(
    config: WebChatConfig, keys: list[str], exposed: list[str]
) -> None:
    assert [fault.key for fault in config.faults()] == keys
    assert [fault.key for fault in config.exposed_faults()] == exposed


async def test_the_page_is_handed_out_under_a_strict_policy(world: World) -> None:
    client = world.client()
    page = await client.asks("/web/")
    assert page.status == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert b"<script>" not in page.body
    assert b"style=" not in page.body
    for name in ("chat.js", "line.js", "parts.js", "words.js", "chat.css", "icon.svg"):
        assert (await client.asks(f"/web/{name}")).status == 200
    assert (await client.asks("/web/chat.html")).status == 404
    assert (await world.client().asks("/web/files/../chat.js")).status == 404


async def test_a_title_is_no_markup(nursery: trio.Nursery) -> None:
    config = WebChatConfig(title="<b>&", open=True, embed=("https://a.example",))
    world = World(config, nursery)
    async with world.runs():
        page = await world.client().asks("/web/")
    assert b"<h1>&lt;b&gt;&amp;</h1>" in page.body
    assert (
        "frame-ancestors 'self' https://a.example"
        in page.headers["content-security-policy"]
    )


async def test_who_does_not_know_the_token_stays_out(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    world = World(WebChatConfig(access_token=Secret("sesame")), nursery)
    async with world.runs():
        for shown in ("", "open"):
            assert await world.page().opens(access=shown) == {
                "op": "closed",
                "code": 4401,
            }
            hello = json.dumps({"op": "hello", "token": ANN, "access": shown}).encode()
            answer = await world.client().asks("/web/events", hello)
            assert answer.status == 401
            headers = {**BEARER, "X-Access": shown}
            assert (
                await world.client().asks("/web/say", SAY, headers=headers)
            ).status == 401
            assert (
                await world.client().asks("/web/upload", b"x", headers=headers)
            ).status == 401
        assert world.host.journal.asked == 0

        assert (await world.page().opens(access="sesame"))["op"] == "welcome"
        headers = {**BEARER, "X-Access": "sesame"}
        assert (
            await world.client().asks("/web/say", SAY, headers=headers)
        ).status == 200


async def test_a_password_may_be_in_any_script(nursery: trio.Nursery) -> None:
    """A header cannot hold it as it is; a page could say things, and upload nothing."""
    world = World(WebChatConfig(access_token=Secret("芝麻开门")), nursery)
    async with world.runs():
        assert (await world.page().opens(access="芝麻开门"))["op"] == "welcome"
        headers = {**BEARER, "X-Access": quote("芝麻开门")}
        answer = await world.client().asks("/web/upload", b"x", headers=headers)
        assert answer.status == 200


async def test_a_hello_comes_first_and_soon(
    world: World, autojump_clock: MockClock
) -> None:
    page = world.page()
    page.token = "too short"
    assert await page.opens() == {"op": "closed", "code": 4400}


async def test_nonsense_ends_a_page_and_no_other(world: World) -> None:
    page, other = world.page(), world.page(BOB)
    await page.opens()
    await other.opens()

    await page.says('{"op":"say","id":"x"}')

    assert (await page.hears())["code"] == 4400
    await other.writes("message-1", "hello")
    assert (await other.hears_answer())["op"] == "kept"


# --- without sockets --------------------------------------------------------------------


async def test_http_alone_will_do(world: World) -> None:
    reader = world.client()
    hello = json.dumps({"op": "hello", "token": ANN}).encode()
    await reader.begins("/web/events", hello)
    head = await reader.hears_head()
    assert (head.status, head.headers["content-type"]) == (200, "text/event-stream")
    welcome = json.loads((await reader.hears_more()).removeprefix(b"data: "))
    assert welcome["op"] == "welcome"

    answer = await world.client().asks("/web/say", SAY, headers=BEARER)

    assert json.loads(answer.body) == {"op": "kept", "id": "message-1", "seq": 1}
    told = json.loads((await reader.hears_more()).removeprefix(b"data: "))
    assert told["what"]["body"] == [{"text": "hello"}]
    again = await world.client().asks("/web/say", SAY, headers=BEARER)
    assert json.loads(again.body)["seq"] == 1
    assert world.host.journal.texts() == ["hello"]


@pytest.mark.parametrize(
    "asked",
    [
        ("say", b"{}", BEARER, 400),
        ("say", b'{"op":"ack","seq":1}', BEARER, 400),
        ("say", SAY, {}, 401),
        ("say", SAY, {"Authorization": "Bearer short"}, 401),
        ("events", b"{}", {}, 400),
        ("events", b'{"op":"tock"}', {}, 400),
        ("upload", b"", BEARER, 400),
        ("upload", b"x", {}, 401),
        ("upload", b"x" * (MAX_FILE_BYTES + 1), BEARER, 413),
        ("say", b"x" * 70_000, BEARER, 413),
        ("say", SAY, {**BEARER, "Origin": "https://evil.example"}, 403),
    ],
)
async def test_what_is_not_fit_is_told_so(
    world: World,
    asked: tuple[str, bytes, dict[str, str], int],
    autojump_clock: MockClock,
) -> None:
    path, body, headers, status = asked
    client = world.client()
    assert (await client.asks(f"/web/{path}", body, headers=headers)).status == status


@pytest.mark.parametrize(
    ("data", "type_", "shown"),
    [
        (b"<html><script>alert(1)</script>", "application/octet-stream", "attachment"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            "application/octet-stream",
            "attachment",
        ),
        (b"%PDF-1.7\n", "application/octet-stream", "attachment"),
        (b"GIF89a" + bytes(20), "image/gif", "inline"),
    ],
)
async def test_a_file_is_what_its_bytes_are_whatever_it_is_called(
    world: World, data: bytes, type_: str, shown: str
) -> None:
    client = world.client()
    answer = await client.asks("/web/upload?name=a%22b.png", data, headers=BEARER)

    file = await client.asks(f"/web/files/{json.loads(answer.body)['file']}")

    assert file.body == data
    assert file.headers["content-type"] == type_
    assert file.headers["content-disposition"] == f"{shown}; filename*=UTF-8''a%22b.png"
    assert file.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert file.headers["x-content-type-options"] == "nosniff"


async def test_what_a_bot_says_may_be_torn(world: World) -> None:
    """Half of an emoji, as in a text that was cut somewhere, is no reason not to say it."""
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    torn = File(b"data", 'half \ud83d\r\n"x".txt')
    await world.bot_says("k1", Text("half \ud83d"), torn)
    while (told := await page.hears_event())["by"] != "bot":
        pass
    assert isinstance(told["body"], list)
    text, file = told["body"]
    assert text == {"text": "half ?"}
    assert file["name"] == 'half ?\r\n"x".txt'
    shown = await world.client().asks(f"/web/files/{file['file']}")
    assert (shown.status, shown.body) == (200, b"data")
    assert "\n" not in shown.headers["content-disposition"]


async def test_a_wrong_token_holds_up_nobody_but_its_bearer(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """Each wrong one took a turn of the platform for a second, and there are a hundred;
    those with a file took room for files.
    """
    world = World(WebChatConfig(access_token=Secret("sesame")), nursery)
    wrong = {**BEARER, "X-Access": "open"}
    hello = json.dumps({"op": "hello", "token": ANN, "access": "open"}).encode()
    async with world.runs():
        clients = [world.client() for _ in range(3 * (IN_HAND + 1))]
        for at, client in enumerate(clients):
            match at % 3:
                case 0:
                    await client.begins("/web/events", hello)
                case 1:
                    await client.begins("/web/say", SAY, headers=wrong)
                case _:
                    # The head decides: no byte of the file is waited for.
                    wanted = {**wrong, "Content-Length": str(MAX_FILE_BYTES)}
                    lines = [f"{name}: {value}\r\n" for name, value in wanted.items()]
                    head = (
                        f"POST /web/upload HTTP/1.1\r\nHost: [::1]\r\n{''.join(lines)}"
                    )
                    await client.begins_by_hand(head.encode() + b"\r\n")
        pages = [world.page() for _ in range(3)]
        for page in pages:
            nursery.start_soon(partial(page.opens, access="open"))
        await wait_all_tasks_blocked()
        before = trio.current_time()

        right = {**BEARER, "X-Access": "sesame"}
        answer = await world.client().asks("/web/say", SAY, headers=right)
        file = await world.client().asks("/web/upload", bytes(10**6), headers=right)
        welcome = await world.page(BOB).opens(access="sesame")

        assert (answer.status, file.status, welcome["op"]) == (200, 200, "welcome")
        assert trio.current_time() == before
        assert [(await client.hears()).status for client in clients] == [401] * len(
            clients
        )
        assert trio.current_time() == before + WRONG_SECONDS
        await wait_all_tasks_blocked()
        assert [page.closed for page in pages] == [4401] * 3
