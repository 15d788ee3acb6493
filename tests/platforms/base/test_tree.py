"""One platform under its supervisor: states, backoff, who dialled us, taken ports."""

import errno
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
import trio
from attrs import define, field
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.kernel import ActorDown, AddressNotFound, NeedsOperator, System
from actors.messages import Outbound
from actors.monitor import Phase
from platforms.base import (
    Door,
    Finished,
    Link,
    NotLetIn,
    Platform,
    Sent,
    platform_tree,
)
from platforms.base.seats import AWAY_SECONDS, MAX_SEATS
from platforms.transport import TCP, parse_listen
from tests.platforms.base.hosts import FakeHost
from tests.platforms.base.test_connection import NoConfig, Scripted


@define(eq=False)
class Guest:
    role: str = "API"
    why: str = ""
    over: trio.Event = field(factory=trio.Event)

    def dismiss(self, why: str) -> None:
        self.why = why
        self.over.set()


class Inn(Platform[NoConfig]):
    """Whoever comes stays until his `over` is set."""

    name = "inn"
    config_type = NoConfig

    def __init__(self, opens: Callable[[], Awaitable[None]] | None = None) -> None:
        super().__init__(NoConfig())
        self.door: Door | None = None
        self.open = trio.Event()
        self.lived: list[Guest] = []
        self._opens = opens

    @property
    def listens(self) -> bool:
        return True

    async def listen(self, door: Door) -> None:
        if self._opens is not None:
            await self._opens()
        self.door = door
        door.opened("the inn")
        self.open.set()
        await trio.sleep_forever()

    async def session(self, link: Link) -> None:
        link.connecting("waits")
        link.visitors.attended = True
        try:
            guest = await link.visitors.next()
            assert isinstance(guest, Guest)
            self.lived.append(guest)
            link.up()
            await guest.over.wait()
        finally:
            link.visitors.attended = False

    async def send(self, link: Link, out: Outbound) -> Sent:
        return Sent("m")

    async def opened(self) -> Door:
        await self.open.wait()
        assert self.door is not None
        return self.door


def system_of(platform: Platform[NoConfig], host: FakeHost) -> System:
    return System(platform_tree("qq", platform, host.host()).actor, seed=1)


async def test_a_dead_peer_is_tried_again_later_and_later(
    autojump_clock: MockClock,
) -> None:
    """B16, B17: the only reconnecting is the supervisor's; it backs off and goes on."""
    lives: list[float] = []

    async def script(link: Link) -> None:
        lives.append(trio.current_time())
        raise OSError(errno.ECONNREFUSED, "connection refused")

    host = FakeHost()
    async with system_of(Scripted(script), host):
        await trio.sleep(3600)
    assert 10 < len(lives) < 60
    gaps = [after - before for before, after in pairwise(lives)]
    assert max(gaps) <= 300
    assert max(gaps) > 60


async def test_while_it_sleeps_everybody_can_see_until_when_and_why(
    autojump_clock: MockClock,
) -> None:
    """B11: one state per connection."""

    async def script(link: Link) -> None:
        link.identify("10001")
        raise OSError(errno.ECONNREFUSED, "connection refused")

    host = FakeHost()
    async with system_of(Scripted(script), host):
        wanted = "backing_off (ConnectionRefusedError: [Errno 111] connection refused)"
        await host.state("10001", wanted)
        until = host.states["qq", "10001"].until
        assert until is not None
        assert trio.current_time() <= until <= trio.current_time() + 1
    assert ("qq", "") not in host.states


async def test_needs_operator_and_finished_are_not_tried_again(
    autojump_clock: MockClock,
) -> None:
    for end, phase in (
        (NeedsOperator("token"), Phase.NEEDS_OPERATOR),
        (Finished("over"), Phase.FINISHED),
    ):
        lives: list[float] = []

        async def script(
            link: Link, end: Exception = end, lives: list[float] = lives
        ) -> None:
            lives.append(trio.current_time())
            raise end

        host = FakeHost()
        async with system_of(Scripted(script), host):
            await trio.sleep(3600)
            assert host.states["qq", ""].phase is phase
        assert len(lives) == 1


async def test_an_account_appears_when_its_peer_does() -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host) as system:
        await host.state("", "up (listens on the inn)")
        door = await inn.opened()
        guest = Guest()
        await door.hand_over("10001", guest)
        await host.state("10001", "up")
        assert inn.lived == [guest]
        assert system.find("/10001").path == "/10001"
        with pytest.raises(AddressNotFound):
            system.find("/10002")


async def test_a_peer_that_comes_back_ends_the_wait_at_once(
    autojump_clock: MockClock,
) -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host):
        door = await inn.opened()
        for _ in range(8):  # by now the backoff is up to two minutes
            guest = Guest()
            with trio.fail_after(5):
                await door.hand_over("10001", guest)
            guest.over.set()
        assert len(inn.lived) == 8


async def test_waiting_for_a_peer_is_no_loop(autojump_clock: MockClock) -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host):
        door = await inn.opened()
        guest = Guest()
        await door.hand_over("10001", guest)
        guest.over.set()
        await trio.sleep(100)
        told = len(host.told)
        await host.state("10001", "connecting (waits)")
        await trio.sleep(24 * 3600)
        assert len(host.told) == told
        again = Guest()
        await door.hand_over("10001", again)
        assert inn.lived == [guest, again]


async def test_a_visitor_nobody_takes_is_sent_away(autojump_clock: MockClock) -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host):
        door = await inn.opened()
        await door.hand_over("10001", Guest())  # stays; this session takes one only
        began = trio.current_time()
        with pytest.raises(NotLetIn, match="did not take it"):
            await door.hand_over("10001", Guest())
        assert trio.current_time() - began == pytest.approx(10)


async def test_there_is_an_end_of_accounts() -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host):
        door = await inn.opened()
        async with trio.open_nursery() as nursery:
            for n in range(MAX_SEATS):
                nursery.start_soon(door.hand_over, str(n), Guest())
        with pytest.raises(NotLetIn, match="500 accounts"):
            await door.hand_over("one more", Guest())
        assert len(inn.lived) == MAX_SEATS


async def full_house(door: Door, inn: Inn, stay: set[str]) -> None:
    """Let everybody come, and all leave but those who *stay*."""
    guests = {str(n): Guest() for n in range(MAX_SEATS)}
    async with trio.open_nursery() as nursery:
        for name, guest in guests.items():
            nursery.start_soon(door.hand_over, name, guest)
    for name in guests.keys() - stay:
        guests[name].dismiss("")


async def test_who_left_long_ago_gives_the_seat_to_a_newcomer(
    autojump_clock: MockClock,
) -> None:
    """Law 9: whoever may dial may name any account; those that are gone cost nothing."""
    host, inn = FakeHost(), Inn()
    with capture_logs() as logs:
        async with system_of(inn, host) as system:
            door = await inn.opened()
            await full_house(door, inn, stay={"3", "4"})
            everybody = {str(n) for n in range(MAX_SEATS)}
            host.needed = everybody - {"3", "7", "9"}
            await trio.sleep(AWAY_SECONDS - 100)
            with pytest.raises(NotLetIn, match="500 accounts"):
                await door.hand_over("too early", Guest())
            await trio.sleep(500)

            for name in ("new-1", "new-2"):
                await door.hand_over(name, Guest())
                await host.state(name, "up")
            with pytest.raises(NotLetIn, match="500 accounts"):
                await door.hand_over("one more", Guest())

            told = [e["account"] for e in logs if e["event"] == "account.forgotten"]
            assert sorted(told) == ["7", "9"]
            assert ("qq", "7") not in host.states
            assert str(host.states["qq", "3"]) == "up"
            with pytest.raises(AddressNotFound):
                system.snapshot("/7")

            host.needed.clear()
            await door.hand_over("7", Guest())  # back again, in a new seat
            await host.state("7", "up")


async def test_one_that_comes_back_while_it_is_forgotten_gets_a_new_seat(
    autojump_clock: MockClock,
) -> None:
    host, inn = FakeHost(), Inn()
    with capture_logs():
        async with system_of(inn, host):
            door = await inn.opened()
            await full_house(door, inn, stay=set())
            everybody = {str(n) for n in range(MAX_SEATS)}
            host.needed = everybody - {"7", "8", "9"}
            await trio.sleep(2 * AWAY_SECONDS)
            async with trio.open_nursery() as nursery:
                for name in ("new", "7", "8"):
                    nursery.start_soon(door.hand_over, name, Guest())
            for name in ("new", "7", "8"):
                await host.state(name, "up")
            assert ("qq", "9") not in host.states


async def test_a_taken_port_is_the_platforms_fault_until_it_is_free(
    autojump_clock: MockClock,
) -> None:
    free_at = 20.0

    async def opens() -> None:
        if trio.current_time() < free_at:
            raise OSError(errno.EADDRINUSE, "Address already in use")

    host, inn = FakeHost(), Inn(opens)
    free_at += trio.current_time()
    with capture_logs() as logs:
        async with system_of(inn, host):
            await host.state("", "backing_off (port taken)")
            until = host.states["qq", ""].until
            assert until is not None
            assert until >= trio.current_time()
            await inn.open.wait()
            await host.state("", "up (listens on the inn)")
    said = {line["event"]: line for line in logs}
    assert said["listener.not_opened"]["why"] == "port taken"
    assert said["supervisor.child_ended"]["reason"] == "port taken"


@pytest.mark.parametrize("listen", ["198.51.100.1:6700", "no-such-name.invalid:6700"])
async def test_where_this_machine_is_not_is_said_with_the_address(listen: str) -> None:
    """The first of two interfaces that come up late, and a name with a slip of the pen."""
    host, where = FakeHost(), parse_listen(listen, "")

    async def opens() -> None:
        await TCP.listen(*where)

    async with system_of(Inn(opens), host):
        said = f"backing_off (no address of this machine: {listen})"
        await host.state("", said)


async def test_a_port_we_may_not_open_needs_a_person(autojump_clock: MockClock) -> None:
    async def opens() -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    host = FakeHost()
    async with system_of(Inn(opens), host):
        await trio.sleep(1000)
        assert host.states["qq", ""].phase is Phase.NEEDS_OPERATOR


async def test_after_the_stop_nobody_is_let_in() -> None:
    host, inn = FakeHost(), Inn()
    async with system_of(inn, host):
        door = await inn.opened()
    with pytest.raises((NotLetIn, ActorDown)):
        await door.hand_over("10001", Guest())


async def test_a_platform_says_how_slowly_it_is_dialled_again(
    autojump_clock: MockClock,
) -> None:
    """Jittered: the pause is anything up to that, so the longest of several tells."""

    class Strict(Scripted):
        redials_after = 15.0

    async def leave(link: Link) -> None:
        lives.append(trio.current_time())

    pauses = []
    for seed in range(12):
        lives: list[float] = []
        tree = platform_tree("qq", Strict(leave), FakeHost().host())
        async with System(tree.actor, seed=seed):
            await trio.sleep(15.1)
        pauses.append(lives[1] - lives[0])
    assert 8 < max(pauses) <= 15


@pytest.mark.parametrize("seconds", [0.0, -1.0, 301.0, float("nan")])
def test_a_class_that_dials_again_at_once_or_never_is_refused(seconds: float) -> None:
    """Before it is configured: in the tree it would end whoever starts platforms."""
    with pytest.raises(ValueError, match="redials_after must be seconds above 0"):
        type("Hasty", (Inn,), {"redials_after": seconds})
