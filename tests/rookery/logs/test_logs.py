"""One line per event, the same for our own code and for any library."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from pkgutil import iter_modules

import msgspec
import pytest
import structlog
import trio
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.contextvars import bound_contextvars

from actors.bots import Bot, Context
from actors.kernel import Actor, ActorContext, Query, System, tracing
from actors.lanes import Job, open_lanes
from platforms.base import Secret
from rookery import logs
from rookery.logs import (
    Bridge,
    Sink,
    configure_logs,
    human_line,
    in_order,
    json_line,
    renderer,
)
from tests.actors.bots.harness import running

Lines = Callable[[], list[dict[str, object]]]


def test_a_line_has_the_fields_of_the_contract_in_order(lines: Lines) -> None:
    structlog.get_logger().info(
        "message.accepted",
        size=3,
        bot="demo",
        chat="group:42",
        account="1",
        platform="qq",
    )

    [line] = lines()
    assert list(line) == [
        "ts",
        "level",
        "event",
        "platform",
        "account",
        "chat",
        "bot",
        "size",
    ]
    assert line["event"] == "message.accepted"
    assert str(line["ts"]).endswith("Z")


def test_a_line_below_the_level_costs_no_formatting(lines: Lines) -> None:
    class Dear:
        def __repr__(self) -> str:
            raise AssertionError("formatted though nobody sees it")

    structlog.get_logger().debug("turn.started", what=Dear())

    assert lines() == []


def test_records_of_child_and_foreign_loggers_carry_the_trace(lines: Lines) -> None:
    """A02: "all logs" means all of them."""
    with tracing("abc"):
        logging.getLogger("trio-websocket").warning("peer said %s", "no")
        logging.getLogger("a.b.c").error("100 % broken")
        structlog.get_logger().info("own.said")

    foreign, child, own = lines()
    assert foreign["event"] == "peer said no"
    assert foreign["logger"] == "trio-websocket"
    assert child["event"] == "100 % broken"
    assert {line["trace"] for line in (foreign, child, own)} == {"abc"}


def test_a_record_is_left_as_it_is_for_other_handlers(lines: Lines) -> None:
    """A01: nothing is written into `record.msg`; two handlers see the same."""
    seen: list[logging.LogRecord] = []

    class Other(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    logger = logging.getLogger("x")
    first, last = Other(), Other()
    logger.addHandler(first)
    logging.getLogger().addHandler(last)
    try:
        with tracing("id-with-%s"):
            logger.error({"not": "a text"})
    finally:
        logger.removeHandler(first)
        logging.getLogger().removeHandler(last)

    assert [record.msg for record in seen] == [{"not": "a text"}] * 2
    assert lines()[0]["event"] == "{'not': 'a text'}"
    assert lines()[0]["trace"] == "id-with-%s"


def test_a_wrong_format_of_a_library_is_still_a_line(lines: Lines) -> None:
    record = logging.LogRecord("x", 40, "", 1, "%d apples", ("many",), None)

    Bridge().emit(record)

    assert [line["event"] for line in lines()] == ["%d apples ('many',)"]


def test_a_warning_is_a_line(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=False)
        logging.captureWarnings(capture=True)
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
        logging.captureWarnings(capture=False)

    assert "old ways" in str(lines()[0]["event"])


def test_after_a_turn_the_trace_is_what_it_was(lines: Lines) -> None:
    """A03: a trace is scoped; nothing keeps the last message's id."""
    log = structlog.get_logger()
    with tracing("outer"):
        with tracing("inner"):
            log.info("a.said")
        log.info("b.said")
    log.info("c.said")

    assert [line.get("trace") for line in lines()] == ["inner", "outer", None]


@frozen
class Speak(Query[None]):
    pass


class Speaker(Actor[Speak]):
    async def start(self, ctx: ActorContext) -> None:
        structlog.get_logger().info("start.said")

    async def handle(self, ctx: ActorContext, message: Speak) -> None:
        structlog.get_logger().info("own.said")
        logging.getLogger("library").warning("foreign said")
        ctx.answer(message, None)


async def test_the_trace_travels_with_the_message(lines: Lines) -> None:
    """A04: an actor logs with the trace of its message, not of its start."""
    with tracing("spawn"), bound_contextvars(peer="10.0.0.1"):
        system = System(Speaker)
        await system.__aenter__()
    async with AsyncExitStack() as stack:
        stack.push_async_exit(system)
        speaker = system.find("/", Speaker)
        for trace in ("one", "two"):
            with tracing(trace):
                await speaker.ask(Speak(), within=5)
        await speaker.ask(Speak(), within=5)

    assert [line.get("trace") for line in lines() if "said" in str(line["event"])] == [
        None,
        "one",
        "one",
        "two",
        "two",
        None,
        None,
    ]
    assert {line["actor"] for line in lines() if "own" in str(line["event"])} == {"/"}
    assert not any("peer" in line for line in lines()), "nor with what was bound there"


def test_every_module_of_the_package_imports_clean() -> None:
    """A05: in a process of its own, for here everything is imported already."""
    names = [f"rookery.logs.{found.name}" for found in iter_modules(logs.__path__)]
    assert "rookery.logs.bridge" in names
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import {', '.join(names)}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_an_exception_is_told_in_full(lines: Lines) -> None:
    log = structlog.get_logger()
    try:
        raise ValueError("the reason")
    except ValueError as error:
        log.exception("handler.raised")
        log.error("handler.raised", exc_info=error)
    log.error("nothing.raised", exc_info=True)  # noqa: LOG014 - that is the case here

    first, second, third = lines()
    assert "ValueError: the reason" in str(first["exception"])
    assert "ValueError: the reason" in str(second["exception"])
    assert first["level"] == "error"
    assert "exception" not in third


def test_a_secret_does_not_show(lines: Lines) -> None:
    structlog.get_logger().info("session.opened", token=Secret("hunter2"))

    assert "hunter2" not in str(lines())


def test_a_person_reads_time_level_event_facts_and_traceback() -> None:
    fields = in_order(
        {"event": "session.ended", "chat": "group:42", "why": "a b", "exc_info": None},
        "warning",
        1_700_000_000.5,
    )

    line = human_line({**fields, "exception": "Traceback\n  E"}, color=False).decode()

    first, *rest = line.splitlines()
    assert first == "22:13:20.500 warning  session.ended  chat=group:42 why='a b'"
    assert rest == ["    Traceback", "      E"]


letters = st.sampled_from("ab =\n\x1b\ud800群")
weird = st.recursive(
    st.none()
    | st.floats()
    | st.text(letters, max_size=4)
    | st.binary(max_size=4)
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.integers() | st.text(letters), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(letters, min_size=1), weird, max_size=4))
def test_whatever_is_logged_there_is_one_line(fields: dict[str, object]) -> None:
    for to_line in (json_line, lambda f: human_line(f, color=True)):
        line = renderer(to_line, lambda: 0.0)(None, "info", {"event": "x", **fields})
        assert line.endswith(b"\n")
    if "exc_info" not in fields:
        assert json_line({"event": "x", **fields}).count(b"\n") == 1
        msgspec.json.decode(json_line({"event": "x", **fields}))


def test_a_value_that_cannot_be_shown_costs_its_line_only() -> None:
    class Nasty:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    line = renderer(json_line)(None, "info", {"event": "x.happened", "what": Nasty()})

    assert b"x.happened" in line


@pytest.mark.parametrize(
    ("env", "colored"),
    [
        ({}, True),
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_without_colours_gets_none(
    lines: Lines, tmp_path: Path, env: dict[str, str], *, colored: bool
) -> None:
    with (tmp_path / "shown").open("w+b") as file:
        configure_logs(fd=file.fileno(), terminal=True, env=env)
        structlog.get_logger().info("host.started")
        file.seek(0)
        assert (b"\x1b[" in file.read()) is colored


def test_nobody_reading_blocks_nobody() -> None:
    """Lines nobody reads are dropped, counted, and told about once somebody reads."""
    reader, writer = os.pipe()
    sink = Sink(writer)
    for _ in range(200):
        sink.write(b"x" * 9_999 + b"\n")
    assert sink.dropped > 0

    os.set_blocking(reader, False)
    try:
        while os.read(reader, 1 << 20):
            pass
    except BlockingIOError:
        pass
    sink.write(b"again\n")
    told = os.read(reader, 1 << 20)
    os.close(reader)
    sink.write(b"into the void\n")
    os.close(writer)

    assert b"log lines were dropped" in told
    assert told.endswith(b"again\n")
    assert sink.dropped == 1


@pytest.mark.parametrize("level", [0, 5, 10, 25, 50, 99])
def test_a_record_of_any_level_is_a_line(lines: Lines, level: int) -> None:
    Bridge().emit(logging.LogRecord("x", level, "", 1, "said", None, None))

    assert len(lines()) == (0 if level < 20 else 1)


async def test_a_line_in_the_turn_of_a_bot_says_whose_chat_it_is(lines: Lines) -> None:
    """A02: also where a library writes it, in a thread or in a task of its own."""
    bot = Bot("talkative")

    def speak(name: str) -> None:
        logging.getLogger(name).warning("spoken")

    @bot.command("speak")
    async def handler(ctx: Context) -> None:
        speak("here")
        await trio.to_thread.run_sync(speak, "thread")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.to_thread.run_sync, speak, "task")
        structlog.get_logger().info("own.said", chat="elsewhere")

    async with running(bot) as room:
        await room.says("/speak").settled()

    *spoken, own = [line for line in lines() if line.get("trace") == "t1"]
    assert [line["logger"] for line in spoken] == ["here", "thread", "task"]
    whose = {"platform": "qq", "account": "10001", "chat": "group:42"}
    for line in spoken:
        assert whose.items() <= line.items()
        assert line["bot"] == "talkative"
    assert own["chat"] == "elsewhere"
    assert own["bot"] == "talkative"


async def test_a_worker_keeps_nothing_of_the_log_context_of_who_called_it(
    lines: Lines,
) -> None:
    """A03, A04: a task that serves many must not remember the first of them."""

    async def body(job: Job[str, str]) -> None:
        structlog.get_logger().info("item.served", item=job.item)

    async with open_lanes(body, lambda _, __: None, workers=2) as lanes:
        with tracing("first"), bound_contextvars(chat="group:1"):
            lanes.put("key", "one")
        lanes.put("key", "two", trace="second")
        await lanes.drain(5)

    one, two = (line for line in lines() if line["event"] == "item.served")
    assert "chat" not in one
    assert "trace" not in one
    assert "chat" not in two
    assert two["trace"] == "second"
