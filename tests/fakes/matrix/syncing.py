"""Rooms as they are seen by somebody: what is new, what was, who is there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import trio

from tests.fakes.matrix.answers import Answer, Call, Refused
from tests.fakes.matrix.rooms import Event, Room

MAX_TIMELINE = 20


class Syncing:
    """The half of the homeserver that keeps rooms."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.name = name
        self.clock = clock
        self.rooms: dict[str, Room] = {}
        self.aliases: dict[str, str] = {}
        self.said_by: dict[str, tuple[str, str, str]] = {}
        """Of each event, user, device and transaction, where it had one."""
        self.limit = MAX_TIMELINE
        """Events of one room in an answer, at most."""
        self.waits = True
        """It holds a sync until there is something new."""
        self.forgets = False
        """It refuses whatever token it is asked with."""
        self.era = "s"
        """Tokens of another one are refused."""
        self.raw: Any = None
        self.tokens: Any = None
        self.soft = False
        self._account_data: dict[tuple[str, str], tuple[int, Event]] = {}
        self._at = 1  # 0 is where nobody has been told anything
        self._news = trio.Event()

    def changed(self) -> None:
        """Wake whoever waits for something new."""
        self._news.set()
        self._news = trio.Event()

    def _next(self) -> int:
        self._at += 1
        return self._at

    # --- what people do ---------------------------------------------------------------

    def create(
        self,
        creator: str,
        *invited: str,
        direct: bool = False,
        room_id: str = "",
        state: Mapping[str, Event] = MappingProxyType({}),
    ) -> Room:
        """Make a room. *state* is the content of more of it, by type without `m.room.`."""
        room_id = room_id or f"!room{len(self.rooms) + 1}:{self.name}"
        room = self.rooms[room_id] = Room(room_id, creator)
        self._set(room, "m.room.create", creator, {"room_version": "12"})
        self._member(room, creator, creator, "join")
        levels = {"users": {}, "users_default": 0}
        for kind, content in {"power_levels": levels, **state}.items():
            self._set(room, f"m.room.{kind}", creator, content)
        for user in invited:
            self.invite(room.id, creator, user, direct=direct)
        return room

    def say(
        self,
        room_id: str,
        sender: str,
        content: Event | str,
        *,
        kind: str = "m.room.message",
        event_id: str = "",
    ) -> Event:
        """Have *sender* say something; a text is `m.text`."""
        if isinstance(content, str):
            content = {"msgtype": "m.text", "body": content}
        room = self.rooms[room_id]
        event = room.add(
            self._next(),
            kind,
            sender,
            content,
            event_id=event_id,
            sent_at=self.clock(),
        )
        self.changed()
        return event

    def invite(
        self, room_id: str, by: str, user: str, *, direct: bool = False
    ) -> Event:
        more = {"is_direct": True} if direct else {}
        return self._member(self.rooms[room_id], by, user, "invite", **more)

    def join(self, room_id: str, user: str) -> Event:
        return self._member(self.rooms[room_id], user, user, "join")

    def leave(self, room_id: str, user: str, by: str = "") -> Event:
        return self._member(self.rooms[room_id], by or user, user, "leave")

    def set_state(self, room_id: str, kind: str, by: str, content: Event) -> Event:
        return self._set(self.rooms[room_id], kind, by, content)

    def _member(
        self, room: Room, by: str, user: str, membership: str, **more: object
    ) -> Event:
        name = user.partition(":")[0][1:]
        content: Event = {"membership": membership, "displayname": name, **more}
        return self._set(room, "m.room.member", by, content, user)

    def _set(
        self, room: Room, kind: str, by: str, content: Event, key: str = ""
    ) -> Event:
        at = self.clock()
        event = room.add(self._next(), kind, by, content, state_key=key, sent_at=at)
        self.changed()
        return event

    # --- what is new ------------------------------------------------------------------

    async def on_sync(self, call: Call) -> object:
        since = self._place(call.request.query.get("since", ""))
        wanted = json.loads(call.request.query.get("filter") or "{}")
        with trio.move_on_after(int(call.request.query.get("timeout", "0")) / 1000):
            while not (self.raw or self._is_news(call.user, since)):
                if not any(who == call.user for who, _ in self.tokens.values()):
                    break
                await self._news.wait()
        if self.raw:
            return Answer(200, self.raw.popleft())
        if not any(who == call.user for who, _ in self.tokens.values()):
            raise Refused(401, "M_UNKNOWN_TOKEN", "gone", soft_logout=self.soft)
        return self._seen(call.user, call.device, since, wanted)

    def _is_news(self, user: str, since: int) -> bool:
        if since == 0:
            return True
        seen = self._seen(user, "", since, {})
        return bool(seen["rooms"]) or bool(seen["account_data"]["events"])

    def _place(self, token: str) -> int:
        if not token:
            return 0
        known = token.startswith(self.era) and not self.forgets
        if not known or not token[1:].isdigit():
            raise Refused(400, "M_UNKNOWN", "Invalid stream token")
        return int(token[1:])

    def _seen(
        self, user: str, device: str, since: int, wanted: dict[str, Any]
    ) -> dict[str, Any]:
        timeline = wanted.get("room", {}).get("timeline", {})
        limit = min(self.limit, timeline.get("limit", self.limit))
        nothing = timeline.get("types") == []
        rooms: dict[str, dict[str, Any]] = {}
        for room in self.rooms.values():
            match room.membership(user):
                case "join" | "leave" | "ban" as now:
                    told = self._timeline(room, user, device, since, limit)
                    if told is None or (nothing and since == 0):
                        continue
                    kind = "join" if now == "join" else "leave"
                    rooms.setdefault(kind, {})[room.id] = told
                case "invite":
                    member = room.state["m.room.member", user]
                    at = next(at for at, e in room.events if e is member)
                    if at > since:
                        stripped = [_stripped(e) for e in room.state.values()]
                        told = {"invite_state": {"events": stripped}}
                        rooms.setdefault("invite", {})[room.id] = told
                case _:
                    pass
        account_data = [
            {"type": kind, "content": content}
            for (who, kind), (at, content) in self._account_data.items()
            if who == user and at > since
        ]
        return {
            "next_batch": f"{self.era}{self._at}",
            "rooms": rooms,
            "account_data": {"events": account_data},
        }

    def _timeline(
        self, room: Room, user: str, device: str, since: int, limit: int
    ) -> dict[str, Any] | None:
        until = self._at
        ours = [
            (at, e)
            for at, e in room.events
            if e["type"] == "m.room.member" and e.get("state_key") == user
        ]
        if room.membership(user) != "join":
            until = ours[-1][0]
        if not (since == 0 or room.between(since, until)):
            return None
        # Whoever has just come sees some of what was before, as on Synapse.
        came = any(
            at > since
            and e["content"]["membership"] == "join"
            and e["unsigned"].get("prev_content", {}).get("membership") != "join"
            for at, e in ours
        )
        found = room.between(0 if came else since, until)
        shown = found[-limit:]
        first = shown[0][0] if shown else until + 1
        events = [self._shown_to(e, user, device) for _, e in shown]
        return {
            "timeline": {
                "events": events,
                "limited": len(found) > len(shown) or came,
                "prev_batch": f"{self.era}{first - 1}",
            },
            "state": {"events": room.names_of(events)},
        }

    def _shown_to(self, event: Event, user: str, device: str) -> Event:
        who, where, txn = self.said_by.get(event["event_id"], ("", "", ""))
        if (who, where) != (user, device):
            return event
        return {**event, "unsigned": {**event["unsigned"], "transaction_id": txn}}

    async def on_messages(self, call: Call, room_id: str) -> object:
        room = self._room(room_id)
        begin = self._place(call.request.query.get("from", ""))
        end = self._place(call.request.query.get("to", ""))
        limit = int(call.request.query.get("limit", "10"))
        found = room.between(end, begin)[::-1]
        shown = [
            self._shown_to(event, call.user, call.device) for _, event in found[:limit]
        ]
        page = {
            "chunk": shown,
            "start": call.request.query.get("from", ""),
            "state": room.names_of(shown),
        }
        if len(found) > limit:
            page["end"] = f"{self.era}{found[limit - 1][0] - 1}"
        return page

    # --- rooms ------------------------------------------------------------------------

    def _room(self, named: str) -> Room:
        room = self.rooms.get(self.aliases.get(named, named))
        if room is None:
            raise Refused(404, "M_NOT_FOUND", "no such room")
        return room

    async def on_create(self, call: Call) -> object:
        asked = call.request.json or {}
        name = {"name": {"name": asked["name"]}} if asked.get("name") else {}
        direct = asked.get("is_direct", False)
        room = self.create(
            call.user, *asked.get("invite", ()), direct=direct, state=name
        )
        return {"room_id": room.id}

    async def on_join(self, call: Call, named: str) -> object:
        room = self._room(named)
        public = room.state.get(("m.room.join_rules", ""), {}).get("content", {})
        invited = room.membership(call.user) in ("invite", "join")
        if not invited and public.get("join_rule") != "public":
            raise Refused(403, "M_FORBIDDEN", "You are not invited to this room.")
        if room.membership(call.user) != "join":
            self.join(room.id, call.user)
        return {"room_id": room.id}

    async def on_leave(self, call: Call, room: str) -> object:
        self.leave(self._room(room).id, call.user)
        return {}

    async def on_invite(self, call: Call, room: str) -> object:
        self.invite(self._room(room).id, call.user, call.request.json["user_id"])
        return {}

    async def on_kick(self, call: Call, room: str) -> object:
        self.leave(self._room(room).id, call.request.json["user_id"], by=call.user)
        return {}

    async def on_members(self, call: Call, room: str) -> object:
        members = self._room(room).members()
        return {"joined": {user: {"display_name": user} for user in members}}

    async def on_joined_rooms(self, call: Call) -> object:
        rooms = [r.id for r in self.rooms.values() if r.membership(call.user) == "join"]
        return {"joined_rooms": rooms}

    async def on_state(self, call: Call, room: str, kind: str, key: str) -> object:
        if self._room(room).membership(call.user) not in ("join", "leave", "ban"):
            why = f"User {call.user} not in room {room}, and room previews are disabled"
            raise Refused(403, "M_FORBIDDEN", why)
        event = self._room(room).state.get((kind, key))
        if event is None:
            raise Refused(404, "M_NOT_FOUND", "Event not found.")
        return (
            event if call.request.query.get("format") == "event" else event["content"]
        )

    async def on_set_state(self, call: Call, room: str, kind: str, key: str) -> object:
        event = self._set(self._room(room), kind, call.user, call.request.json, key)
        return {"event_id": event["event_id"]}

    async def on_relations(
        self, call: Call, room: str, event: str, rel: str, kind: str
    ) -> object:
        found = [
            e
            for _, e in self._room(room).events
            if e["type"] == kind
            and e["content"].get("m.relates_to", {}).get("event_id") == event
            and e["content"]["m.relates_to"].get("rel_type") == rel
        ]
        return {"chunk": found[::-1]}

    async def on_directory(self, call: Call, alias: str) -> object:
        return {"room_id": self._room(alias).id, "servers": [self.name]}

    async def on_account_data(self, call: Call, _who: str, kind: str) -> object:
        found = self._account_data.get((call.user, kind))
        if found is None:
            raise Refused(404, "M_NOT_FOUND", "Account data not found")
        return found[1]

    async def on_set_account_data(self, call: Call, _who: str, kind: str) -> object:
        self._account_data[call.user, kind] = (self._next(), call.request.json)
        self.changed()
        return {}


def _stripped(event: Event) -> Event:
    return {key: event[key] for key in ("type", "state_key", "sender", "content")}
