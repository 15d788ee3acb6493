"""What the demo has seen so far, and what it makes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

from attrs import define, field

from rookery.demonstration.account import Account, Said, account_of
from rookery.demonstration.host import DemoHost
from rookery.demonstration.peer import ScriptedPeer
from rookery.demonstration.settings import CONSOLE
from rookery.demonstration.view import Node, Snapshot

_KEPT = 200
"""Lines of the console, and faults, that may be shown."""


@define(kw_only=True)
class Books:
    """Everything that was said, heard and broken."""

    web: str
    onebot: str
    calm: bool
    clock: Callable[[], float]
    said: list[Said] = field(factory=list)
    console: list[str] = field(factory=list)
    chat: deque[str] = field(factory=lambda: deque(maxlen=_KEPT))
    broken: deque[str] = field(factory=lambda: deque(maxlen=_KEPT))
    faults: int = 0
    restarts: int = 0
    unknown: set[tuple[str, str]] = field(factory=set)
    tree: Node | None = None
    rows: dict[str, int] = field(factory=dict)
    """What became of the rows of the journal, before the host was told to leave."""
    leaving: bool = False
    over: bool = False
    began: float | None = None
    """When the peer was there for the first time."""
    ended: float | None = None

    def typed(self, line: str) -> None:
        self.said.append(Said(CONSOLE, f"[terminal] operator: {line}"))
        self.chat.append(f"> {line}")

    def heard(self, line: str) -> None:
        self.console.append(line)
        self.chat.append(line)

    def broke(self, what: str) -> None:
        self.faults += 1
        self.broken.append(what)

    def account(self, peer: ScriptedPeer) -> Account:
        heard = {CONSOLE: self.console, **peer.heard}
        return account_of(self.said, heard, self.unknown, over=self.over)

    def snapshot(self, peer: ScriptedPeer) -> Snapshot:
        return Snapshot(
            seconds=self._seconds(),
            web=self.web,
            onebot=self.onebot,
            calm=self.calm,
            leaving=self.leaving,
            account=self.account(peer),
            faults=self.faults,
            restarts=self.restarts,
            said_again=peer.said_again,
            tree=self.tree,
            broken=tuple(self.broken),
            chat=tuple(self.chat),
        )

    def _seconds(self) -> float:
        if self.began is None:
            return 0.0
        return (self.clock() if self.ended is None else self.ended) - self.began

    def note_faults(self, host: DemoHost) -> None:
        for what in host.new_faults():
            self.broke(what)

    def note_tree(self, shown: Mapping[str, object] | None) -> None:
        tree = None if shown is None else shown["tree"]
        assert tree is None or isinstance(tree, Mapping)
        self.tree = tree
        if tree is not None:
            self.restarts = max(self.restarts, restarts_in(tree))

    def note_restarts(self, report: Mapping[str, object]) -> None:
        """Take what a campaign counted: it also knows of those whose supervisor ended."""
        restarts = report["restarts"]
        assert isinstance(restarts, int)
        self.restarts = restarts

    def note_unknown(self, page: Mapping[str, object] | None) -> None:
        if page is not None:
            messages = page["messages"]
            assert isinstance(messages, list)
            self.unknown = {(each["to"], each["text"]) for each in messages}


def restarts_in(node: Node) -> int:
    """Count the lives of everybody below, but for the first."""
    lives, children = node["incarnation"], node["children"]
    assert isinstance(lives, int)
    assert isinstance(children, list)
    return max(0, lives - 1) + sum(map(restarts_in, children))
