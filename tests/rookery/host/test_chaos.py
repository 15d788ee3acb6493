"""A host is broken on purpose: only if it allows it, and it says what that cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from rookery.chaos import Campaigns
from rookery.control import Refused
from rookery.host.operations import HostOperations
from tests.rookery.host.conftest import HELLO, Living, LivingHost

ONE_BOT = '[bots.hello]\nuse = "hello.py:bot"\n'
KILLS = """
[[fault]]
at = "before_handle"
path = "/core/router"
every = 2
times = 3
kills = true
"""
HOLDS = """
[[fault]]
at = "deliver"
path = "/core/router"
delays = "1h"
"""


@pytest.fixture(autouse=True)
def _hello(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO.format(said="hello"))


def part(report: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = report[name]
    assert isinstance(found, Mapping)
    return found


class Chaotic:
    """A host, and one campaign on it."""

    def __init__(self, host: LivingHost) -> None:
        self.host = host
        self.operations = HostOperations(host.parts)
        self.id = "0"

    async def begin(self, plan: str, seconds: float | None = 10.0) -> None:
        self.id = f"{self.id}1"
        for _ in range(2):  # whoever does not know whether it arrived asks again
            report = await self.operations.begin_chaos(self.id, plan, seconds)
            assert report["phase"] == "running"
            assert report["id"] == self.id

    async def look(self) -> Mapping[str, object]:
        return await self.operations.look_at_chaos(self.id)

    async def until_done(self) -> Mapping[str, object]:
        with trio.fail_after(600):
            while True:
                report = await self.look()
                if report["phase"] == "done":
                    return report
                await trio.sleep(1.0)


async def test_it_says_what_it_cost(living: Living, autojump_clock: MockClock) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(KILLS)
        for _ in range(9):
            await host.say("/hello")
            await trio.sleep(1.0)
        report = await chaos.until_done()
        await host.hears(*["hello"] * 9)

        assert report["healed"] == "its time was over"
        assert report["seconds"] == pytest.approx(10.0, abs=0.5)
        assert report["sound"] is True
        faults = part(report, "faults")
        assert faults["by_effect"] == {"kills": faults["total"]}
        assert report["restarts"] == host.lives("/core/router") - 1
        assert report["restarts"] == faults["total"] == 3
        events = part(report, "events")
        assert (events["accepted"], events["lost"], events["late"]) == (9, 0, 0)
        assert events["ended"] == {"done": 9}
        assert part(report, "messages")["answered"] == 9
        recovery = part(report, "recovery")
        assert recovery["count"] == report["restarts"]
        assert recovery["still_down"] == ()
        assert 'at = "before_handle"' in str(report["replay"])
        assert await chaos.look() == report


async def test_a_host_that_does_not_allow_it_says_what_to_do(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT) as host:
        operations = HostOperations(host.parts)
        with pytest.raises(Refused, match="rookery run --allow-chaos"):
            await operations.begin_chaos("1", KILLS, None)
        tree = await operations.tree("/", everybody=False)
        assert tree["chaos"] == ""


async def test_one_at_a_time_and_everybody_can_see_it(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        assert "may be broken" in str(
            (await chaos.operations.tree("/", everybody=False))["chaos"]
        )
        await chaos.begin(KILLS)
        with pytest.raises(Refused, match="only one at a time"):
            await chaos.operations.begin_chaos("2", HOLDS, None)
        with pytest.raises(Refused, match="no campaign 'x'"):
            await chaos.operations.heal_chaos("x")
        assert "in force" in str(
            (await chaos.operations.tree("/", everybody=False))["chaos"]
        )
        await chaos.operations.heal_chaos(chaos.id)
        await chaos.until_done()
        await chaos.begin(HOLDS)


async def test_one_that_nobody_looks_at_is_healed(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(HOLDS, 3600.0)
        for _ in range(30):
            await trio.sleep(2.0)
            assert (await chaos.look())["phase"] == "running"
        await host.say("/hello")
        await trio.sleep(8.0)
        assert host.peer.heard == []
        await trio.sleep(3.0)
        await host.hears("hello")
        assert (await chaos.look())["healed"] == "nobody looked at it any more"


async def test_healing_it_lets_go_what_it_held(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(HOLDS, 3600.0)
        await host.say("/hello")
        await trio.sleep(2.0)
        assert host.peer.heard == []
        await chaos.operations.heal_chaos(chaos.id)
        await host.hears("hello")
        report = await chaos.until_done()
        assert report["healed"] == "asked to"
        assert report["sound"] is True


async def test_who_does_not_come_back_is_named(
    living: Living, autojump_clock: MockClock
) -> None:
    """The plan is over, and yet somebody is down: that is what it is all for."""
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(KILLS, 5.0)
        await host.say("/hello")
        host.parts.campaigns.observer.seen.down["/core/router"] = 0.0  # type: ignore[union-attr]  # as if nobody had
        report = await chaos.until_done()

        assert report["sound"] is False
        assert part(report, "recovery")["still_down"] == ("/core/router (running)",)


async def test_who_waits_for_its_next_try_is_not_held_against_it(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(KILLS, 5.0)
        host.parts.campaigns.observer.seen.down["/core/router"] = 0.0  # type: ignore[union-attr]  # as if it had ended
        cell = host.system.find("/core/router").cell
        cell.phase = "waiting"
        report = await chaos.until_done()

        assert report["sound"] is True
        assert part(report, "recovery")["still_waiting"] == ("/core/router",)


async def test_a_plan_with_mistakes_is_refused_with_all_of_them(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        bad = '[[fault]]\nat = "here"\nkills = true\n[[fault]]\nat = "stop"'
        with pytest.raises(Refused) as refused:
            await HostOperations(host.parts).begin_chaos("1", bad, None)
        assert refused.value.kind == "bad_config"
        assert len(str(refused.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("plan", "seconds"), [(KILLS, 60.0), (f"[plan]\nduration = 7\n{KILLS}", 7.0)]
)
async def test_a_plan_ends_by_itself(
    living: Living, autojump_clock: MockClock, plan: str, seconds: float
) -> None:
    async with living(ONE_BOT, Campaigns()) as host:
        chaos = Chaotic(host)
        await chaos.begin(plan, None)
        report = await chaos.until_done()
        assert report["seconds"] == pytest.approx(seconds, abs=0.5)
