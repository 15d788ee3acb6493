"""Who is where: whatever a server says, the book stays straight."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Role
from platforms.irc.wire import Support, parse
from platforms.irc.wire import roster as module
from platforms.irc.wire.roster import Roster, mode_changes, role_of

BIG = Support({"PREFIX": "(qaohv)~&@%+", "CHANMODES": "beI,k,l,imnpst"})


def heard(*lines: str, roster: Roster | None = None) -> Roster:
    roster = roster or Roster()
    for text in lines:
        line = parse(text)
        assert line is not None
        roster.hear(line, "rook", BIG)
    return roster


def test_names_and_their_ranks() -> None:
    roster = heard(
        ":rook!r@h JOIN #a",
        ":s 353 rook = #a :~Owner &@Admin @Op %Half +Voice Plain rook @host!u@h",
    )
    ranks = {
        nick: role_of(roster.modes("#a", nick) or "")
        for nick in ("owner", "admin", "op", "half", "voice", "plain", "host")
    }
    assert ranks == {
        "owner": Role.OWNER,
        "admin": Role.ADMIN,
        "op": Role.ADMIN,
        "half": Role.ADMIN,
        "voice": Role.MEMBER,
        "plain": Role.MEMBER,
        "host": Role.ADMIN,
    }
    heard(":s MODE #a +o-o+k Plain Op sesame", roster=roster)
    assert roster.modes("#a", "plain") == "o"
    assert roster.modes("#a", "op") == ""


def test_a_quit_concerns_every_channel_and_a_nick_keeps_his_rank() -> None:
    roster = heard(
        ":rook!r@h JOIN #a",
        ":rook!r@h JOIN #b",
        ":s 353 rook = #a :@ann rook",
        ":s 353 rook = #b :ann rook",
        ":ann!a@h NICK Anna",
    )
    assert roster.channels_of("anna") == ["#a", "#b"]
    assert roster.modes("#a", "anna") == "o"
    heard(":Anna!a@h QUIT :bye", roster=roster)
    assert roster.channels_of("anna") == []
    heard(":op!o@h KICK #a rook :out", ":rook!r@h PART #b", roster=roster)
    assert roster.channels() == []
    assert len(roster) == 0


def test_modes_take_their_parameters_in_turn() -> None:
    """modern.ircdocs.horse, CHANMODES: types A and B always, C only when set."""
    line = parse(":s MODE #a +ovl-lk+bt a b 5 key *!*@x")
    assert line is not None
    assert mode_changes(line, BIG) == [
        ("+", "o", "a"),
        ("+", "v", "b"),
        ("+", "l", "5"),
        ("-", "l", ""),
        ("-", "k", "key"),
        ("+", "b", "*!*@x"),
        ("+", "t", ""),
    ]


nicks = st.sampled_from(["rook", "ann", "Bob", "eve"])
rooms = st.sampled_from(["#a", "#A", "#b"])
lines = st.one_of(
    st.builds(":{}!u@h JOIN {}".format, nicks, rooms),
    st.builds(":{}!u@h PART {}".format, nicks, rooms),
    st.builds(":{}!u@h KICK {} {}".format, nicks, rooms, nicks),
    st.builds(":{}!u@h QUIT".format, nicks),
    st.builds(":{}!u@h NICK {}".format, nicks, nicks),
    st.builds(":s MODE {} +o-v {} {}".format, rooms, nicks, nicks),
    st.builds(":s 353 rook = {} :@{} {}".format, rooms, nicks, nicks),
)


@given(st.lists(lines, max_size=60))
def test_it_counts_whom_it_knows(said: list[str]) -> None:
    roster = heard(*said)
    known = sum(len(members) for members in roster._members.values())
    assert len(roster) == known <= module.MAX_MEMBERS
    heard(*(f":rook!r@h PART {room}" for room in roster.channels()), roster=roster)
    assert len(roster) == 0
