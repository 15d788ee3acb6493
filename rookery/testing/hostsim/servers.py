"""The other side of a platform: its chats, who is connected, what it has said and heard.

It outlives every process of the host. What it said it says again until the host has
acknowledged it. What the host wants said, it shows, refuses, or leaves without an answer.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from attrs import define, field, frozen

from actors.messages import Outbound, Text, verb_of
from actors.sender import OutcomeUnknown, Rejected, Retry, Sent
from rookery.testing.hostsim.agenda import Agenda
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.climate import Temper
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.disk import Disk
from rookery.testing.hostsim.wires import Frame, Wire
from rookery.testing.hostsim.words import Said, changed

AGAIN = 5
"""How many of the newest events are repeated now and then though they were acknowledged."""
HAIR = 1e-3
UNDER_WAY = 30.0
"""Seconds that a frame may be under way, at the very most."""


@frozen
class Heard:
    """Something that a bot said in a chat, once per time that people see it."""

    chat: str
    text: str
    key: str
    attempt_unknown: bool
    """Whether the host already took its outcome for unknown."""
    at: float
    """Seconds of the virtual clock."""


@define(eq=False)
class Books:
    """What a server has seen."""

    heard: list[Heard] = field(factory=list)
    texts: dict[str, int] = field(factory=dict)
    """How often each text was seen."""
    keys: dict[str, tuple[str, float]] = field(factory=dict)
    """The id of what was said under each key, and when it first came."""
    messages: dict[str, tuple[str, str]] = field(factory=dict)
    """The key and the chat of each message of ours, by its id."""
    rejected: set[str] = field(factory=set)
    doubtful: set[str] = field(factory=set)
    """Keys that went out and were not answered, on one try at least."""
    postponed: dict[str, tuple[float, float]] = field(factory=dict)
    """When the host was told to wait with a key, and until when, on this line."""
    confirmed: dict[str, float] = field(factory=dict)
    """When whoever waited was told that this text was said."""
    late: dict[str, float] = field(factory=dict)
    """When the host was told that a key was said, after it had given up to know."""


class Server:
    """One platform."""

    account = "me"

    def __init__(
        self,
        temper: Temper,
        dice: random.Random,
        *,
        agenda: Agenda,
        chronicle: Chronicle,
        diary: Diary,
        disk: Disk,
    ) -> None:
        self.temper = temper
        self.name = temper.name
        self.books = Books()
        self.revoked = False
        """Whether the token is refused, until an operator has helped."""
        self.away = False
        """Whether it cannot be reached."""
        self.calm = False
        self.wire: Wire | None = None
        self.dice = dice
        self._agenda = agenda
        self._chronicle = chronicle
        self._diary = diary
        self._disk = disk
        self._owed: dict[int, Said] = {}
        self._newest: deque[Said] = deque(maxlen=AGAIN)

    @property
    def owed(self) -> int:
        """How many events the host has not acknowledged."""
        return len(self._owed)

    def chance(self, usual: float) -> bool:
        """Say whether something goes wrong now that usually does with this chance."""
        return not self.calm and usual > 0 and self.dice.random() < usual

    def lag(self) -> float:
        """Return how long something is on its way, in seconds."""
        return self.dice.expovariate(1 / self.temper.latency)

    # --- events -------------------------------------------------------------------------

    def post(self, said: Said) -> None:
        """Somebody has said something in one of its chats."""
        self._owed[said.number] = said
        if self.wire is not None and self.wire.begun:
            self._push(said)

    def connected(self, wire: Wire) -> None:
        """The host has dialled; an older line of the same account is dropped."""
        if self.wire is not None:
            self.cut("replaced")
        self.wire = wire

    def begin(self, wire: Wire, cursor: str | None) -> None:
        """Say everything that the host does not have, then what is new."""
        if self.temper.resumes:
            known = int(cursor or 0)
            for number in [number for number in self._owed if number <= known]:
                self._take_back(number)
        wire.begun = True
        if self.chance(0.5):
            for said in tuple(self._newest):
                wire.push(said)
        for said in self._owed.values():
            self._push(said)

    def acknowledged(self, said: Said) -> None:
        """The host says that it has it."""
        if not self.chance(self.temper.forgets):
            self._take_back(said.number)

    def _take_back(self, number: int) -> None:
        said = self._owed.pop(number, None)
        if said is not None:
            self._diary.acknowledged.add(number)
            self._newest.append(said)

    def _push(self, said: Said) -> None:
        assert self.wire is not None
        self.wire.push(said)
        if self.chance(self.temper.repeats):
            self.wire.push(said)

    # --- lines --------------------------------------------------------------------------

    def cut(self, why: str) -> None:
        """The line is lost. Of what was on its way, the first few frames still arrive."""
        wire, self.wire = self.wire, None
        if wire is None:
            return
        self._chronicle.count("cuts", f"{self.name}: line lost, {why}")
        self.books.postponed.clear()
        arrived = self.dice.randint(0, len(wire.under_way))
        frames = list(wire.under_way)
        wire.under_way.clear()
        for frame in frames[:arrived]:
            self._show(frame)
        for frame in frames:
            self.books.doubtful.add(frame.out.key)
        self.books.doubtful.update(wire.lose(why))

    # --- what is said through it ----------------------------------------------------------

    def take(self, wire: Wire, out: Outbound, late: Callable[[Sent], None]) -> None:
        """A frame is on its way to us; frames of one line stay in order."""
        state = self._disk.state_of(out.key)
        if state != "sending":
            self._chronicle.note(
                "sending_is_committed_first",
                [f"{out.key} leaves while the file says {state or 'nothing'!r}"],
            )
        now = self._chronicle.now
        self._note_haste(out.key, now)
        at = max(now + self.lag(), wire.last_arrival + HAIR)
        wire.last_arrival = at
        frame = Frame(out, late)
        wire.under_way.append(frame)
        self._agenda.at(at, lambda: self._arrive(wire, frame))

    def _note_haste(self, key: str, now: float) -> None:
        """What a platform says about when, wins over any rule of the host's own."""
        told_at, until = self.books.postponed.pop(key, (now, now))
        # Whoever was told so may have ended since; then nobody knows of it.
        if now < until - HAIR and not any(at >= told_at for at in self._diary.ends):
            what = f"{key} comes after {now - told_at:g} s, not {until - told_at:g} s"
            self._chronicle.note("a_delay_of_the_platform_is_kept", [what])

    def _arrive(self, wire: Wire, frame: Frame) -> None:
        if wire.lost or wire.under_way[0] is not frame:
            return
        wire.under_way.popleft()
        temper, key = self.temper, frame.out.key
        answer: Sent | Exception
        if self.chance(temper.retry):
            answer = Retry(self.dice.choice([0.0, 1.0, 5.0, 60.0]), "slow down")
        elif self.chance(temper.rejected) and key not in self.books.keys:
            answer = Rejected("not here")
            self.books.rejected.add(key)
        else:
            answer = Sent(self._show(frame))
            if self.chance(temper.torn):
                self.books.doubtful.add(key)
                self.cut("torn before an answer")
                return
            if self.chance(temper.silent):
                self.books.doubtful.add(key)
                self._chronicle.add(f"{self.name}: no answer for {key}")
                return
        lag = self.lag()
        if self.chance(temper.late):
            lag += self.dice.uniform(5, 60)
        self._agenda.after(lag, lambda: self._answer(wire, frame, answer))

    def _answer(self, wire: Wire, frame: Frame, answer: Sent | Exception) -> None:
        key = frame.out.key
        if wire.lost:
            self.books.doubtful.add(key)
        elif wire.answer(key, answer):
            now = self._chronicle.now
            if isinstance(answer, Retry):
                self.books.postponed[key] = (now, now + answer.after)
            elif isinstance(answer, Sent):
                self.books.confirmed.setdefault(self._told(frame.out), now)
        else:
            self.books.doubtful.add(key)
            if isinstance(answer, Sent):
                self.books.late.setdefault(key, self._chronicle.now)
                self._chronicle.count("late", f"{self.name}: late answer for {key}")
                frame.late(answer)

    def _show(self, frame: Frame) -> str:
        """People see it, unless the key is known and the platform knows keys again."""
        out, books, now = frame.out, self.books, self._chronicle.now
        text = self._told(out)
        known, first_at = books.keys.get(out.key, ("", now))
        keeps = self.temper.keeps_keys
        if known and keeps and now - first_at < keeps + UNDER_WAY:
            self._chronicle.count("repeated", f"{self.name} knows {out.key} again")
            return known
        books.texts[text] = books.texts.get(text, 0) + 1
        books.heard.append(
            Heard(str(out.to.chat), text, out.key, out.key in books.doubtful, now)
        )
        id_ = f"s{len(books.heard)}"
        books.keys[out.key] = (id_, now)
        if out.change is None:
            books.messages[id_] = (out.key, str(out.to.chat))
        self._chronicle.count("heard", f"{self.name} {out.to.chat} hears {text!r}")
        return id_

    def _told(self, out: Outbound) -> str:
        """Return what *out* says, or what it does to which message."""
        text = "".join(part.text for part in out.body if isinstance(part, Text))
        if out.change is None:
            return text
        target = out.change.target
        assert isinstance(target, str)
        key, chat = self.books.messages.get(target, (target, str(out.to.chat)))
        if chat != str(out.to.chat) or (key == target and not target.startswith("m")):
            what = f"{out.key} changes {target}, which is no message in {out.to.chat}"
            self._chronicle.note("a_change_finds_its_message", [what])
        return changed(verb_of(out.change), key, text)


__all__ = ["Books", "Heard", "OutcomeUnknown", "Server"]
