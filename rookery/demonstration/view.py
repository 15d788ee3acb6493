"""What the demo shows: a screen of a terminal, a plain line, the last words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from attrs import field, frozen
from rich.text import Text

from rookery.control import cut, visible
from rookery.demonstration.account import Account

Node = Mapping[str, object]

_MARKS: Final = {"running": ("●", "green")}
_REST: Final = ("○", "yellow")
"""Whoever waits for its next try, starts or stops."""
_DOWN: Final = ("✗", "red")
_PHASES_DOWN: Final = ("down", "zombie", "failed")
PROMPT: Final = "> "


@frozen(kw_only=True)
class Snapshot:
    """Everything that is shown, at one instant."""

    seconds: float = 0.0
    web: str = ""
    onebot: str = ""
    calm: bool = False
    leaving: bool = False
    account: Account = field(factory=Account)
    faults: int = 0
    restarts: int = 0
    said_again: int = 0
    tree: Node | None = None
    """As the control socket tells it; `None` while nobody answers."""
    broken: Sequence[str] = ()
    """What was broken, oldest first."""
    chat: Sequence[str] = ()
    """What was said on the console, by it and to it, oldest first."""


def screen_lines(now: Snapshot, width: int, height: int) -> list[Text]:
    """Draw *now* in exactly *height* lines of at most *width* cells; the last is the prompt."""
    lines = [*_head(now), *_tree(now.tree, width)]
    rule = "── the console: what you type, the others hear; Ctrl-C leaves "
    lines.append(Text(rule.ljust(width, "─"), "dim"))
    room = max(0, height - len(lines) - 1)
    told = [Text(visible(line)) for line in now.chat[len(now.chat) - room :] if room]
    lines += [*told, *[Text()] * (room - len(told))]
    lines = [*lines[: height - 1], Text(PROMPT, "bold")]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def _head(now: Snapshot) -> Iterator[Text]:
    how = "nothing is broken" if now.calm else "a fault every few seconds"
    how = "leaving in order ..." if now.leaving else how
    yield Text(f"Rookery demo, {now.seconds:.0f} s: three platforms, one bridge; {how}")
    yield Text(f"web chat {now.web}   OneBot v11 {now.onebot}")
    account = now.account
    rate = account.through / now.seconds if now.seconds else 0.0
    line = Text(f"through {account.through:,} ({rate:.1f}/s)", "bold")
    line.append(
        f"  under way {account.under_way}  unknown {account.unknown}", "not bold"
    )
    for name, count in (("lost", account.lost), ("doubled", account.doubled)):
        line.append(f"  {name} {count}", "bold red" if count else "bold green")
    yield line
    line = Text(f"faults {now.faults}  restarts {now.restarts}")
    if now.broken:
        line.append(f"  last: {visible(now.broken[-1])}", "yellow")
    yield line


# --- the tree ---------------------------------------------------------------------------


def _tree(tree: Node | None, width: int) -> Iterator[Text]:
    if tree is None:
        yield Text("the host does not answer right now", "dim")
        return
    yield _label(tree)
    yield from _below(tree, "", width)


def _below(node: Node, lead: str, width: int) -> Iterator[Text]:
    """One line for each child; where nobody has grandchildren, its own stand behind it."""
    children = _children(node)
    widest = max((_label(child).cell_len for child in children), default=0)
    for nth, child in enumerate(children, start=1):
        corner, more = ("└─ ", "   ") if nth == len(children) else ("├─ ", "│  ")
        line = Text.assemble((lead + corner, "dim"), _label(child))
        leaves = _children(child)
        if any(map(_children, leaves)):
            yield line
            yield from _below(child, lead + more, width)
            continue
        indent = len(lead + corner) + widest
        line.pad_right(indent - line.cell_len)
        for leaf in map(_label, leaves):
            if line.cell_len + 2 + leaf.cell_len > width and line.cell_len > indent:
                yield line
                line = Text(lead + more, "dim")
                line.pad_right(indent - line.cell_len)
            line.append("  ").append_text(leaf)
        line.rstrip()
        yield line


def _label(node: Node) -> Text:
    phase, lives = str(node["phase"]), node["incarnation"]
    down = any(word in phase for word in _PHASES_DOWN)
    mark, style = _MARKS.get(phase, _DOWN if down else _REST)
    label = Text.assemble((mark, style), " ", cut(visible(str(node["name"])), 24))
    if isinstance(lives, int) and lives > 1:
        label.append(f" ×{lives}", "cyan")
    return label


def _children(node: Node) -> list[Node]:
    children = node["children"]
    assert isinstance(children, list)
    return children


# --- without a screen -------------------------------------------------------------------


def plain_head(now: Snapshot) -> str:
    """Say where it can be talked to."""
    return f"Rookery demo: web chat {now.web}, OneBot v11 {now.onebot}; Ctrl-C leaves"


def plain_line(now: Snapshot) -> str:
    """Say in one line how it stands."""
    account = now.account
    last = f"; last: {visible(now.broken[-1])}" if now.broken else ""
    return (
        f"{now.seconds:5.0f} s: through {account.through}, under way "
        f"{account.under_way}, faults {now.faults}, restarts {now.restarts}, unknown "
        f"{account.unknown}, lost {account.lost}, doubled {account.doubled}{last}"
    )


def report_text(now: Snapshot, journal: Mapping[str, int]) -> str:
    """Say at the end what it came to; *journal* counts its rows by what became of them."""
    account = now.account
    rows = ", ".join(f"{n:,} {state}" for state, n in journal.items() if n) or "none"
    lines = [
        f"The demo ran for {now.seconds:.0f} s.",
        f"  messages  {account.through:,} of {account.said:,} came through",
        f"  repeated  {now.said_again:,} by the scripted peer, for lines that were lost",
        f"  faults    {now.faults:,}",
        f"  restarts  {now.restarts:,}",
        f"  journal   {rows}",
        f"  lost      {account.lost:,}",
        f"  doubled   {account.doubled:,}",
    ]
    if not now.said_again:
        del lines[2]
    if account.unknown:
        lines.append(
            f"  unknown   {account.unknown:,}: cut off between a message and its answer, "
            "and never repeated"
        )
    return "\n".join(lines)
