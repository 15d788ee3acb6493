"""Going where we are asked to, until we are there: invitations, and rooms that moved.

Rules of this file:

1. Where we want to go is written down before the cursor passes the event that says so. It
   is struck out when we are there, or when the homeserver has said no.
2. Nobody waits for it: a server far away that is slow, or down, must not keep us from
   hearing the others, nor from going where they want us.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import trio

from actors.messages import Inbound
from platforms.base import OutcomeUnknown, Retry, patience
from platforms.matrix import wire
from platforms.matrix.config import server_of
from platforms.matrix.following import follow, join
from platforms.matrix.server import Refused, ask, ask_object, told
from platforms.matrix.turns import Turns
from platforms.matrix.wire import Errand, Meaning, Rooms

if TYPE_CHECKING:
    from platforms.base import Link, Web
    from platforms.matrix.config import MatrixConfig

MAX_OFFERED: Final = 1_000
"""How many invitations to private talks are remembered while no bot has joined them; of
older ones it is forgotten that they are private."""
MAX_ERRANDS: Final = 1_000
"""How many rooms we may be on the way to; further invitations are not followed."""
MAX_OF_SERVER: Final = 500
"""How many of these may be for users of one server, so that no server takes all places."""
AT_ONCE: Final = 2
"""How many rooms are joined at once: the connections are needed for messages, too."""
FIRST_SECONDS: Final = 5.0
MAX_SECONDS: Final = 3600.0
"""The longest pause between two attempts; the first one is doubled up to this."""


class Joining:
    """The rooms that one session is on its way to."""

    def __init__(
        self, link: Link, web: Web, rooms: Rooms, config: Callable[[], MatrixConfig]
    ) -> None:
        self._link = link
        self._web = web
        self._rooms = rooms
        self._config = config
        self._us = ""
        self._offered: dict[str, str] = {}
        """Private talks that we are invited to and do not follow: room to user."""
        self._shelf = link.shelf("joining")
        self._errands: dict[str, Errand] = {}
        self._turns = Turns(AT_ONCE)
        self._noting = trio.Lock()
        self._nursery: trio.Nursery | None = None

    # --- being asked ------------------------------------------------------------------

    async def recall(self, us: str) -> None:
        """Read from the shelf where *us* was on the way to when an earlier session ended."""
        self._us = us
        for name, body in (await self._shelf.all()).items():
            errand = wire.read_errand(body)
            if errand is not None and name == self._name(errand):
                self._take(errand)

    async def invited(self, invitations: Iterable[wire.Invitation]) -> list[Inbound]:
        """Return the events of *invitations*; what we follow is written down and begun."""
        events: list[Inbound] = []
        for invitation in invitations:
            event = wire.read_invitation(invitation, self._us)
            if event is None:
                continue
            events.append(event)
            room, by = invitation.room, event.sender.id if event.sender else ""
            user = by if event.facts["direct"] else ""
            if self._wanted(errand := Errand(room, by, user)):
                await self._go(errand)
                continue
            self._offer(room, user)
            self._not_wanted(room, by)
        return events

    async def moved(self, room: str, moves: Iterable[tuple[str, str]]) -> None:
        """Follow where *room* has moved: (its replacement, who says so) of each time."""
        for to, by in moves:
            # A warning: whoever speaks there by its id, from outside, has to change it.
            self._link.log.warning("room.upgraded", room=room, replacement=to, by=by)
            user = self._rooms.direct.get(room, "")
            if self._wanted(errand := Errand(to, by, user, replaces=room)):
                await self._go(errand)
            else:
                self._not_wanted(to, by)

    def settled(self, room: str) -> None:
        """Forget that *room* was offered: we are in it now, or out of it for good."""
        self._offered.pop(room, None)

    def _offer(self, room: str, user: str) -> None:
        self._offered.pop(room, None)
        if user:
            self._offered[room] = user
        while len(self._offered) > MAX_OFFERED:
            del self._offered[next(iter(self._offered))]

    # --- going ------------------------------------------------------------------------

    async def going(self) -> None:
        """Join every room that we are on the way to, for as long as the session lasts.

        Raises:
            NeedsOperator: our token is worth nothing.
        """
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            for room in self._errands:
                nursery.start_soon(self._until_there, room)
            await trio.sleep_forever()

    async def becomes_direct(self, room: str) -> None:
        """Note *room* as a private talk, if it was offered as one; called before a bot joins.

        Raises:
            Retry: it could not be noted now. Nobody has joined.
        """
        user = self._offered.get(room)
        if user is None:
            return
        try:
            await self._note(room, user)
        except OutcomeUnknown as lost:  # it can be noted twice, and nobody has joined
            raise Retry(FIRST_SECONDS, str(lost)) from lost
        self._offered.pop(room, None)
        self._rooms.learn_direct(room, user)

    @property
    def direct(self) -> dict[str, str]:
        """Private talks that we are on the way to: room to user."""
        return {e.room: e.user for e in self._errands.values() if e.user}

    async def _go(self, errand: Errand) -> None:
        """Write *errand* down, and set out. An invitation replaces an errand that follows."""
        known = self._errands.get(errand.room)
        if known is None:
            if why := self._no_room(server_of(errand.by)):
                self._not_joined(errand.room, errand.by, why)
                return
        elif errand.replaces or not known.replaces:
            return
        else:  # an invitation: there is nothing to be looked at any more
            await self._shelf.drop(self._name(errand))
        await self._shelf.put(self._name(errand), wire.written_errand(errand))
        self._take(errand)
        if known is None and self._nursery is not None:
            self._nursery.start_soon(self._until_there, errand.room)

    def _wanted(self, errand: Errand) -> bool:
        """Say whether the configuration wants us there, as it is now."""
        config = self._config()
        if errand.replaces:  # we are in the old room; it does not matter who moved it
            return config.join != "never"
        return config.may_invite(errand.by, self._us)

    def _no_room(self, server: str) -> str:
        """Return why no further errand for users of *server* is taken; empty if one is."""
        if len(self._errands) >= MAX_ERRANDS:
            return f"{MAX_ERRANDS} others cannot be joined either"
        theirs = [e for e in self._errands.values() if server_of(e.by) == server]
        if len(theirs) >= MAX_OF_SERVER:
            return f"{MAX_OF_SERVER} others of {server} cannot be joined either"
        return ""

    def _take(self, errand: Errand) -> None:
        self._errands[errand.room] = errand
        if errand.user:
            self._rooms.expect(errand.room, errand.user)

    async def _until_there(self, room: str) -> None:
        """Try until we are in *room*, or the answer is no; then strike its errand out.

        The errand may be another one after each wait: an invitation may have come.
        """
        for pause in _pauses():
            errand = self._errands[room]
            async with self._turns.one(errand.by):
                if not self._wanted(errand):  # any more
                    self._rooms.direct.pop(room, None)
                    self._not_wanted(room, errand.by)
                    break
                wait = await self._tried(errand)
            if wait is not None:
                await trio.sleep(max(wait, pause))
            elif self._is_current(errand):
                break
        await self._shelf.drop(self._name(self._errands.pop(room)))

    async def _tried(self, errand: Errand) -> float | None:
        """Try to join; return in how many seconds to try again, `None` for never."""
        try:
            if not errand.replaces:
                await join(self._web, errand)
            elif not await follow(self._web, errand, self._is_current):
                why = f"it does not say that it replaces {errand.replaces}"
                self._gives_up(errand, why)
                return None
            if errand.user:  # if we end before this is noted, the next session notes it
                await self._note(errand.room, errand.user)
        except (Retry, OutcomeUnknown) as lost:
            return self._later(errand, str(lost), 0.0)
        except Refused as refused:
            refusal = refused.refusal
            match refusal.meaning:
                case Meaning.TOKEN:
                    raise told(refused) from refused
                case Meaning.LATER:
                    return self._later(errand, str(refused), patience(refusal.after))
                case Meaning.UNCLEAR:
                    return self._later(errand, str(refused), 0.0)
                case _:
                    self._gives_up(errand, str(refused))
                    return None
        if errand.user:
            self._rooms.learn_direct(errand.room, errand.user)
        self._link.log.info("room.joined", room=errand.room, by=errand.by)
        return None

    def _is_current(self, errand: Errand) -> bool:
        return self._errands[errand.room] is errand

    def _gives_up(self, errand: Errand, why: str) -> None:
        self._rooms.direct.pop(errand.room, None)
        self._not_joined(errand.room, errand.by, why)

    async def _note(self, room: str, user: str) -> None:
        """Write down for all our clients that *room* is a private talk with *user*."""
        async with self._noting:  # read, changed and written: one at a time
            target = direct_target(self._us)
            try:
                body = await ask(self._web, "GET", target)
                content = wire.read_object(body)
            except Refused as refused:
                if refused.refusal.meaning is not Meaning.NO:
                    raise
                content = {}  # nobody has written any
            except wire.Unreadable as error:
                raise OutcomeUnknown(str(error)) from error
            merged = wire.merged_direct(content, user, room)
            if merged is None:
                return
            try:
                await ask(self._web, "PUT", target, wire.write(merged))
            except Refused as refused:
                if refused.refusal.meaning is not Meaning.NO:
                    raise
                self._link.log.warning("room.not_noted", room=room, why=str(refused))

    # --- telling ----------------------------------------------------------------------

    def _later(self, errand: Errand, why: str, wait: float) -> float:
        self._link.log.info(
            "room.not_joined_yet", room=errand.room, by=errand.by, why=why
        )
        return wait

    def _not_joined(self, room: str, by: str, why: str) -> None:
        self._link.log.warning("room.not_joined", room=room, by=by, why=why)

    def _not_wanted(self, room: str, by: str) -> None:
        why = "the configuration"
        self._link.log.info("room.not_joined", room=room, by=by, why=why)

    def _name(self, errand: Errand) -> str:
        return f"{self._us} {errand.room}"


def _pauses() -> Iterator[float]:
    pause = FIRST_SECONDS
    while True:
        yield pause
        pause = min(2 * pause, MAX_SECONDS)


async def direct_content(web: Web, us: str) -> wire.JsonObject:
    """Return the content of our `m.direct`, empty where nobody has written any."""
    try:
        return await ask_object(web, direct_target(us))
    except Refused:
        return {}


def direct_target(us: str) -> str:
    """Return where `m.direct` of *us* is kept."""
    return f"/_matrix/client/v3/user/{quote(us, safe='')}/account_data/m.direct"
