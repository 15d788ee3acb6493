"""Who dialled us waits in the seat of its account; per role the newest wins."""

import trio
from attrs import define

from platforms.base.seats import AWAY_SECONDS, MAX_SEATS, Seats
from platforms.base.visitors import MAX_WAITING, Visitors


@define(eq=False)
class Guest:
    role: str
    why: str = ""

    def dismiss(self, why: str) -> None:
        self.why = why


async def test_they_are_taken_as_they_came() -> None:
    """What an older one of a role has said was said before: it is heard out first."""
    visitors: Visitors[Guest] = Visitors()
    old, new, other = Guest("API"), Guest("API"), Guest("Event")
    for guest in (old, other, new):
        visitors.put(guest)
    assert [visitors.take() for _ in range(4)] == [old, other, new, None]
    assert old.why == new.why == other.why == ""


async def test_there_is_an_end_of_those_who_wait() -> None:
    """Law 9: of a role so many wait, and the oldest gives way."""
    visitors: Visitors[Guest] = Visitors()
    guests = [Guest("API") for _ in range(MAX_WAITING + 1)]
    other = Guest("Event")
    for guest in (other, *guests):
        visitors.put(guest)
    assert "newer" in guests[0].why
    assert not visitors.waits(guests[0])
    taken = [visitors.take() for _ in range(len(guests) + 1)]
    assert taken == [other, *guests[1:], None]
    assert not any(guest.why for guest in (other, *guests[1:]))


async def test_who_could_not_be_taken_is_the_first_again() -> None:
    visitors: Visitors[Guest] = Visitors()
    old, new = Guest("API"), Guest("API")
    visitors.put(old)
    visitors.put(new)
    taken = visitors.take()
    assert taken is old
    visitors.put_back(taken)
    assert [visitors.take(), visitors.take()] == [old, new]


async def test_a_clean_up_that_comes_late_spares_the_successor() -> None:
    visitors: Visitors[Guest] = Visitors()
    old, new = Guest("API"), Guest("API")
    visitors.put(old)
    visitors.put(new)
    visitors.withdraw(old)
    assert visitors.take() is new


async def test_waiting_ends_when_somebody_comes(autojump_clock: object) -> None:
    visitors: Visitors[Guest] = Visitors()
    guest = Guest("API")

    async def come() -> None:
        await trio.sleep(3)
        visitors.put(guest)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(come)
        assert await visitors.next() is guest
    assert trio.current_time() >= 3


async def test_who_put_it_learns_that_it_was_taken(autojump_clock: object) -> None:
    visitors: Visitors[Guest] = Visitors()
    guest = Guest("API")
    visitors.put(guest)
    assert not await visitors.taken(guest, within=1)
    visitors.take()
    assert await visitors.taken(guest, within=1)


def test_there_is_an_end_of_seats() -> None:
    seats = Seats()
    assert all(seats.of(str(n), 0.0) is not None for n in range(MAX_SEATS))
    assert seats.of("one more", 0.0) is None
    assert seats.of("0", 0.0) is seats.of("0", 1.0) is not None


def test_who_is_away_longest_may_lose_the_seat_first() -> None:
    seats = Seats()
    for name, at in (("late", 60.0), ("early", 0.0), ("there", 0.0), ("back", 0.0)):
        seat = seats.of(name, at)
        assert seat is not None
        if name == "there":
            seat.away_since = None
        if name == "back":
            seat.visitors.put(Guest("API"))
    assert seats.forsaken(AWAY_SECONDS - 1) == []
    gone = seats.forsaken(AWAY_SECONDS + 60)
    assert [seat.account for seat in gone] == ["early", "late"]
    seats.remove(gone[0])
    assert len(seats) == 3
