"""A generated file must not take the name of a module that others import."""

from __future__ import annotations

import re
from importlib.metadata import packages_distributions, requires

import pytest

from rookery.cli.modules import is_taken
from rookery.cli.newbot import bad_name as bad_bot
from rookery.cli.starters import bad_name as bad_platform


def needed() -> list[str]:
    """Return what one imports of each library that Rookery needs."""
    wanted = {re.split(r"[\s;<>=!~\[]", each)[0] for each in requires("rookery") or ()}
    folded = {re.sub(r"[-_.]+", "-", name).lower() for name in wanted}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if module.isidentifier()
        and {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} & folded
    )


def test_every_library_that_we_need_is_taken() -> None:
    modules = needed()
    assert {"trio", "attrs", "msgspec", "structlog"} <= set(modules)
    assert [module for module in modules if not is_taken(module)] == []


@pytest.mark.parametrize("module", ["rookery", "actors", "json", "attr", "pytest"])
def test_no_bot_and_no_platform_is_called_like_a_module(module: str) -> None:
    for bad in (bad_bot, bad_platform):
        assert "others import" in (bad(module) or "")


def test_any_other_name_is_free() -> None:
    assert bad_bot("weather") is None
    assert bad_platform("tiny-talk") is None
