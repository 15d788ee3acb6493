"""The ladder of a chat, and operators beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.bots import BotMistake
from actors.bots.permissions import Permission, allowed, parse_permission
from actors.messages import Role, Sender

LADDER = [Permission.ANYONE, Permission.MEMBER, Permission.ADMIN, Permission.OWNER]


@given(role=st.sampled_from(Role), operator=st.booleans())
def test_a_role_may_what_stands_at_or_below_it(role: Role, operator: bool) -> None:
    sender = Sender("7", role=role)
    may = [allowed(needed, sender, operator=operator) for needed in LADDER]
    assert may == [True] * (role + 1) + [False] * (3 - role)
    # An operator is apart: the owner of a chat is none, and an operator owns no chat.
    assert allowed(Permission.OPERATOR, sender, operator=operator) is operator


def test_nobody_is_anyone() -> None:
    assert allowed(Permission.ANYONE, None, operator=False)
    assert not allowed(Permission.MEMBER, None, operator=True)


def test_an_unknown_permission_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        BotMistake, match=r"anyone, member, admin, owner, operator \(got 'root'\)"
    ):
        parse_permission("root")
