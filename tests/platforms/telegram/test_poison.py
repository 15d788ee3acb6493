"""One update that nobody can read: it costs itself, and the offset moves on."""

from __future__ import annotations

import json

import pytest
from structlog.testing import capture_logs

from platforms.telegram.wire import read_batch
from tests.fakes.telegram import FakeTelegram, Reply
from tests.platforms.poison import HOLES, POISON, poisoned
from tests.platforms.telegram.living import ME, comes_true, talking
from tests.platforms.telegram.test_fuzz import batch
from tests.platforms.telegram.test_webhook import pushed

PLACES = ["date", "from", "entities", "photo", "chat", "message_id"]


def update(fake: FakeTelegram, number: int, text: str, place: str = "") -> object:
    message = fake.does(text=text)
    fake.waiting.drop()
    return {
        "update_id": number,
        "message": {**message, **({place: "POISON"} if place else {})},
    }


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_an_update_that_cannot_be_read_costs_only_itself(
    poison: str | bytes,
) -> None:
    fake = FakeTelegram()
    many = [update(fake, 10 + i, "poison", place) for i, place in enumerate(PLACES)]
    told = batch(update(fake, 1, "one"), *many, update(fake, 30, "two"))
    fake.on("getUpdates", Reply(body=poisoned(told, poison)), None)
    with capture_logs() as logs:
        async with talking(fake) as (_, host):
            await comes_true(lambda: host.journal.cursors.get(("tg", ME)) == "31")
            texts = host.journal.texts()
            assert texts[0] == "one"
            assert texts[-1] == "two"
            assert not any("backing_off" in state for _, _, state in host.told)
    refused = [log for log in logs if log["event"] == "frame.refused"]
    assert bool(refused) == (poison in HOLES.values())


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_what_is_pushed_and_cannot_be_read_is_not_pushed_again(
    poison: str | bytes,
) -> None:
    async with pushed() as at:
        for number, place in enumerate(PLACES):
            told = json.dumps(update(at.fake, 10 + number, "poison", place))
            assert await at.posts(poisoned(told, poison)) == 200
        assert await at.posts(json.dumps(update(at.fake, 1, "one")).encode()) == 200
        assert at.host.journal.texts()[-1] == "one"


def test_what_is_no_update_at_all_costs_no_other() -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    told = read_batch([deep, {"x": deep}, {"update_id": 1, "message": {}}])
    assert (len(told.unreadable), told.offset) == (2, 2)
