"""The page on restart policies: its tests find the mistakes, and the mended tree passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rookery.testing.kit import Kit
from rookery.testing.laws import LAWS
from rookery.testing.seen import Seen
from tests.docs.pages import ROOT, blocks, rows

REFERENCE = ROOT / "docs/reference/testing.md"
PAGE = ROOT / "docs/how-to/prove-your-restart-policy.md"


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    code = "\n\n".join(block.text for block in blocks(PAGE, "python"))
    scope: dict[str, Any] = {}
    exec(compile(code, PAGE.name, "exec", dont_inherit=True), scope)
    return scope


def test_the_server_is_besieged_and_then_is_not(page: dict[str, Any]) -> None:
    test: Callable[..., None] = page["test_a_server_that_throws_us_out_is_not_besieged"]
    with pytest.raises(AssertionError):
        test()
    test(page["mended"], "/session/login")


def test_the_bot_stays_down_and_then_does_not(page: dict[str, Any]) -> None:
    with pytest.raises(AssertionError):
        page["test_a_bot_that_gave_up_comes_back"]()
    page["test_a_bot_that_gave_up_comes_back"](page["mended"])


def test_a_bot_takes_the_router_along(page: dict[str, Any]) -> None:
    with pytest.raises(AssertionError) as failed:
        page["test_a_bot_disturbs_nobody"]()
    told = "\n".join(failed.value.__notes__)
    [shown] = [block.text for block in blocks(PAGE, "text")]
    for line in shown.splitlines():
        if line.startswith("    0.0"):
            assert line in told


def test_the_mended_policy_keeps_its_rule(page: dict[str, Any]) -> None:
    page["test_bots_are_alone_and_come_back"]()


def test_the_reference_lists_the_laws_as_they_are() -> None:
    listed = [row[0].strip("`") for row in rows(REFERENCE, "law")]
    code = "".join(
        file.read_text("utf-8") for file in (ROOT / "rookery/testing").rglob("*.py")
    )
    assert {law.__name__ for law in LAWS} <= set(listed)
    for law in listed:
        assert f"def {law}(" in code or f'"{law}"' in code, law


def test_the_reference_lists_what_the_kit_can_do() -> None:
    listed = " ".join(
        row[0] for head in ("step", "look") for row in rows(REFERENCE, head)
    )
    for name in (*vars(Kit), *vars(Seen)):
        if not name.startswith("_") and name not in ("life", "system", "log"):
            assert f"k.{name}" in listed, name
