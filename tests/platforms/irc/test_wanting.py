"""What is asked for: every channel, in lines that no server cuts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from platforms.irc import wire
from platforms.irc.config import MAX_WORD_BYTES
from platforms.irc.wanting import Wanting

lengths = st.integers(2, MAX_WORD_BYTES - 8)


@given(st.lists(st.tuples(lengths, st.booleans()), max_size=12))
def test_every_channel_is_asked_for_with_its_key(
    channels: list[tuple[int, bool]],
) -> None:
    """However long their names are: what a server cuts off would be another channel."""
    wanted = {
        f"#{number:x<{length}}": f"key{number}" if locked else ""
        for number, (length, locked) in enumerate(channels)
    }
    known = wire.Known("rook", "rook")
    told = [f"{name} {key}".strip() for name, key in wanted.items()]
    asked: dict[str, str] = {}
    for line in Wanting("rook", told, known).joins():
        assert len(line.encode()) <= 510
        command, names, *keys = line.split(" ")
        assert command == "JOIN"
        given = "".join(keys).split(",") if keys else []
        for at, name in enumerate(names.split(",")):
            asked[name] = given[at] if at < len(given) else ""
    assert asked == wanted
