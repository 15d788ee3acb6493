"""One socket: answers are never behind events, silence is noticed, loss is told."""

import json
from collections.abc import Mapping, Sequence
from itertools import cycle

import pytest
import structlog
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from platforms.base import (
    Answer,
    Habits,
    OutcomeUnknown,
    Retry,
    SessionEnded,
    Unreadable,
)
from platforms.base.backlog import MAX_BYTES, MAX_EVENTS
from platforms.base.peer import AT_ONCE_BYTES, Peer, conversation
from platforms.base.refusals import Refusals
from platforms.transport import Frame, SocketClosed
from tests.platforms.base.hosts import FakeSocket

Object = Mapping[str, object]


class Toy:
    """`{"ref": ...}` is an answer, every other object an event."""

    def read(self, raw: Frame) -> Object:
        try:
            value = json.loads(raw)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        if not isinstance(value, dict):
            msg = "not an object"
            raise Unreadable(msg)
        return value

    def answer_of(self, frame: Object) -> Answer[object] | None:
        return Answer(str(frame["ref"]), frame.get("value")) if "ref" in frame else None


async def ask_ping(peer: Peer[Object, object]) -> None:
    await peer.request('{"ping": 1}', "ping", within=10)


HABITS = Habits(language=Toy(), probe=ask_ping)


def refusals() -> Refusals:
    return Refusals(structlog.get_logger())


async def test_an_answer_overtakes_events_that_nobody_takes() -> None:
    """The reader never waits for an event to be handled."""
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        for n in range(MAX_EVENTS - 1):
            socket.says({"event": n})
        socket.says({"ref": "a", "value": 1})
        with trio.fail_after(60):
            assert await peer.request("ask", "a", within=5) == 1
            assert await anext(peer) == {"event": 0}


async def test_a_full_queue_stops_the_reader_until_there_is_room() -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        for n in range(MAX_EVENTS):
            socket.says({"event": n})
        socket.says({"ref": "a"})
        async with trio.open_nursery() as nursery:
            asked = trio.Event()

            async def ask() -> None:
                await peer.request("ask", "a", within=5)
                asked.set()

            nursery.start_soon(ask)
            await wait_all_tasks_blocked()
            assert not asked.is_set()
            assert await anext(peer) == {"event": 0}
            with trio.fail_after(60):
                await asked.wait()


async def test_a_few_huge_events_fill_the_queue_as_well() -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        for n in range(8):
            socket.says({"event": n, "huge": "x" * (MAX_BYTES // 4)})
        await wait_all_tasks_blocked()
        assert len(peer.unheard()) == 4
        await wait_all_tasks_blocked()
        assert len(peer.unheard()) == 4


async def test_loss_ends_requests_at_once_and_events_last(
    autojump_clock: MockClock,
) -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        socket.says({"event": 1})
        await wait_all_tasks_blocked()

        async def cut() -> None:
            await socket.hears()
            socket.end()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(cut)
            with pytest.raises(OutcomeUnknown, match="1006"), trio.fail_after(1):
                await peer.request('{"ask": 1}', "a", within=1000)
        assert not peer.alive
        assert await anext(peer) == {"event": 1}
        with pytest.raises(SessionEnded, match="1006"):
            await anext(peer)
        with pytest.raises(Retry):
            await peer.request("ask", "b", within=5)


async def test_each_request_ends_in_its_own_time(autojump_clock: MockClock) -> None:
    """Whatever was asked before it, and however long that may take."""
    ended: dict[str, float] = {}

    async def ask(ref: str, within: float) -> None:
        with pytest.raises(OutcomeUnknown, match="in time"):
            await peer.request(ref, ref, within)
        ended[ref] = trio.current_time()

    began = trio.current_time()
    async with (
        conversation(FakeSocket(), HABITS, refusals()) as peer,
        trio.open_nursery() as nursery,
    ):
        nursery.start_soon(ask, "long", 9.0)
        await trio.sleep(1.0)
        nursery.start_soon(ask, "short", 2.0)
        nursery.start_soon(ask, "shortest", 0.01)
    assert list(ended) == ["shortest", "short", "long"]
    due = {"shortest": 1.01, "short": 3.0, "long": 9.0}
    assert all(0 <= ended[ref] - began - due[ref] <= 0.3 for ref in due)


async def test_a_goodbye_is_no_fault() -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        socket.end(1000)
        assert [event async for event in peer] == []


async def test_no_answer_in_time_is_unknown_and_may_come_late(
    autojump_clock: MockClock,
) -> None:
    socket, late = FakeSocket(), list[object]()
    async with conversation(socket, HABITS, refusals()) as peer:
        began = trio.current_time()
        with pytest.raises(OutcomeUnknown):
            await peer.request("ask", "a", 15, late.append)
        assert 15 <= trio.current_time() - began < 15.5
        socket.says({"ref": "a", "value": "it was sent"})
        socket.says({"event": 1})
        await anext(peer)
        assert late == ["it was sent"]


async def test_an_answer_to_who_left_is_told_late() -> None:
    socket, late = FakeSocket(), list[object]()
    async with conversation(socket, HABITS, refusals()) as peer:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(peer.request, "ask", "a", 15, late.append)
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        socket.says({"ref": "a", "value": "it was sent"})
        socket.says({"event": 1})
        await anext(peer)
        assert late == ["it was sent"]


async def test_a_silent_peer_is_probed_then_closed(autojump_clock: MockClock) -> None:
    """B10."""
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        with pytest.raises(SessionEnded, match="a probe unanswered"):
            await anext(peer)
        assert list(socket.heard) == ['{"ping": 1}']
        assert 39 < trio.current_time() < 46  # 30 s, then 10 s for the answer
        assert socket.closed is not None


async def test_a_quiet_peer_that_answers_its_probes_stays(
    autojump_clock: MockClock,
) -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:

        async def answer() -> None:
            while await socket.hears():
                socket.says({"ref": "ping"})

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            with trio.move_on_after(3600):
                await anext(peer)
            assert socket.closed is None
            nursery.cancel_scope.cancel()


async def test_a_missing_heartbeat_closes_without_a_probe(
    autojump_clock: MockClock,
) -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        peer.liveness.heartbeat(10.0)
        with pytest.raises(SessionEnded, match="heartbeat"):
            await anext(peer)
        assert not socket.heard
        assert trio.current_time() <= 31


async def test_time_in_which_nobody_takes_events_is_not_silence(
    autojump_clock: MockClock,
) -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        peer.liveness.heartbeat(1.0)
        for n in range(MAX_EVENTS):
            socket.says({"event": n})
        await trio.sleep(1000)
        assert socket.closed is None
        assert await anext(peer) == {"event": 0}


async def test_rubbish_is_counted_and_told_once_in_a_while(
    autojump_clock: MockClock,
) -> None:
    socket, counted = FakeSocket(), refusals()
    with capture_logs() as logs:
        async with conversation(socket, HABITS, counted) as peer:
            for n in range(500):
                socket.says("{" * n)
            socket.says(b"\x00\xff" * 500)
            socket.says({"event": 1})
            assert await anext(peer) == {"event": 1}
            await trio.sleep(61)
            socket.says("[]")
            socket.says({"event": 2})
            assert await anext(peer) == {"event": 2}
    told = [log for log in logs if log["event"] == "frame.refused"]
    assert [log["refused"] for log in told] == [1, 501]
    assert all(len(log["frame"]) < 1000 for log in told)
    assert counted.count == 502


async def test_what_was_read_can_be_taken_all_at_once() -> None:
    socket = FakeSocket()
    async with conversation(socket, HABITS, refusals()) as peer:
        for n in range(3):
            socket.says({"event": n})
        await wait_all_tasks_blocked()
        assert peer.unheard() == [{"event": 0}, {"event": 1}, {"event": 2}]
        assert peer.unheard() == []


async def test_what_is_begun_is_told_once_by_answer_loss_or_time(
    autojump_clock: MockClock,
) -> None:
    """No task waits for it, and its end is the same."""
    socket = FakeSocket()
    told: list[object] = []
    late: list[object] = []
    async with conversation(socket, HABITS, refusals()) as peer:
        for ref, within in [("a", 5.0), ("b", 1.0), ("c", 50.0)]:
            assert peer.begin(ref, ref, within, told.append, late.append) is not None
        leave = peer.begin("d", "d", 50.0, told.append, late.append)
        assert leave is not None
        assert list(socket.heard) == ["a", "b", "c", "d"]
        assert not told, "never within the call"
        socket.says({"ref": "a", "value": 1})
        await trio.sleep(3)
        leave()
        socket.says({"ref": "b", "value": 2})
        socket.says({"ref": "d", "value": 4})
        await trio.sleep(3)
        assert late == [2, 4]
        socket.end()
        await wait_all_tasks_blocked()
        assert peer.begin("e", "e", 5.0, told.append) is None
    answered, overdue, left, lost = told
    assert answered == 1
    for unknown in (overdue, left, lost):
        assert isinstance(unknown, OutcomeUnknown)


async def test_what_cannot_be_sent_now_was_never_asked() -> None:
    socket = FakeSocket(reads=False)
    told: list[object] = []
    async with conversation(socket, HABITS, refusals()) as peer:
        assert peer.begin("a", "a", 5.0, told.append) is None
        socket.closed = SocketClosed(1006, "cut")
        with pytest.raises(Retry, match="cut"):
            peer.begin("a", "a", 5.0, told.append)
        socket.says({"ref": "a"})
        await wait_all_tasks_blocked()
        socket.end()
    assert not told


async def test_what_the_wire_cannot_carry_was_never_asked() -> None:
    """A line that holds an end of line, or half a surrogate pair in a frame."""

    class Strict(FakeSocket):
        def send_now(self, text: str) -> bool:
            raise ValueError(text)

    socket = Strict()
    told: list[object] = []
    async with conversation(socket, HABITS, refusals()) as peer:
        with pytest.raises(ValueError, match="a"):
            peer.begin("a", "a", 5.0, told.append)
        socket.end()
        await wait_all_tasks_blocked()
    assert not told


@given(
    reads=st.lists(
        st.tuples(st.integers(1, 4), st.booleans(), st.integers(0, 3)), max_size=12
    ),
    pauses=st.lists(st.integers(0, 3), min_size=1, max_size=4),
)
def test_events_keep_their_order_whoever_takes_them(
    reads: list[tuple[int, bool, int]], pauses: list[int]
) -> None:
    """Some are taken in the call that reads them, the others by a task that is slow."""
    heard: list[object] = []
    willing = True

    def at_once(events: Sequence[Object]) -> bool:
        if willing:
            heard.extend(events)
        return willing

    async def main() -> None:
        nonlocal willing
        socket = FakeSocket()
        async with conversation(socket, HABITS, refusals()) as peer:

            async def take() -> None:
                for pause in cycle(pauses):
                    heard.append(await anext(peer))
                    await trio.sleep(pause / 10)
                    heard.extend(peer.unheard(2))
                    await trio.sleep(pause / 10)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(take)
                peer.hears(at_once)
                total = 0
                for number, willing, tenths in reads:  # noqa: B007 - read above
                    peer.take([json.dumps({"event": total + n}) for n in range(number)])
                    total += number
                    await trio.sleep(tenths / 10)
                await trio.sleep(20)
                nursery.cancel_scope.cancel()
        assert heard == [{"event": n} for n in range(total)]

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_who_has_nothing_in_hand_is_not_woken_for_what_is_taken_at_once() -> None:
    socket = FakeSocket()
    heard: list[Object] = []
    async with conversation(socket, HABITS, refusals()) as peer:

        def at_once(events: Sequence[Object]) -> bool:
            heard.extend(events)
            return True

        peer.hears(at_once)
        socket.says({"event": 1})
        await wait_all_tasks_blocked()
        assert heard == [], "nobody has asked for events yet"
        assert await anext(peer) == {"event": 1}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(anext, peer)
            await wait_all_tasks_blocked()
            socket.says({"event": 2})
            await wait_all_tasks_blocked()
            assert heard == [{"event": 2}]
            peer.hears_no_more()
            socket.says({"event": 3})
        assert heard == [{"event": 2}]


async def test_what_is_large_waits_where_its_bytes_are_counted() -> None:
    """Handed over as it was read, it was 256 MiB on their way to a slow disk."""
    socket = FakeSocket()
    heard: list[Object] = []
    async with conversation(socket, HABITS, refusals()) as peer:

        def at_once(events: Sequence[Object]) -> bool:
            heard.extend(events)
            return True

        peer.hears(at_once)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(anext, peer)
            await wait_all_tasks_blocked()
            socket.says({"event": "x" * AT_ONCE_BYTES})
        assert heard == []


async def test_what_was_read_before_a_mistake_of_ours_is_heard() -> None:
    def told(_: object) -> None:
        raise ArithmeticError

    async with conversation(FakeSocket(), HABITS, refusals()) as peer:
        peer.begin("a", "a", 5.0, told)
        with pytest.raises(ArithmeticError):
            peer.take(['{"event": 1}', '{"ref": "a"}'])
        assert peer.unheard() == [{"event": 1}]


async def test_what_could_not_be_taken_at_once_is_still_heard_before_the_end() -> None:
    """Rule 4: a mistake in taking it ends the conversation, and loses nothing of it."""

    def at_once(events: Sequence[Object]) -> bool:
        raise ZeroDivisionError(events)

    socket = FakeSocket()
    heard: list[Object] = []
    with pytest.RaisesGroup(ZeroDivisionError, flatten_subgroups=True):
        async with conversation(socket, HABITS, refusals()) as peer:
            peer.hears(at_once)
            socket.says({"event": 1})
            try:
                async for event in peer:
                    heard += [event, *peer.unheard()]
            finally:
                heard += peer.unheard()
    assert heard == [{"event": 1}]
