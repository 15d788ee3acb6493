"""The pytest plugin: the fixtures `kit`, `lab` and `rookery_seed`, and `--rookery-seed`.

pytest loads it wherever Rookery is installed, so it imports nothing of Rookery until a
test asks for a fixture.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from contextlib import AbstractAsyncContextManager, ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from actors.bots import Bot
    from actors.kernel import Hooks
    from rookery.testing.kit import Kit
    from rookery.testing.lab import Lab, Peer
    from supervision import Supervisor
    from supervision.chaos import Chaos

_SEED: pytest.StashKey[int] = pytest.StashKey()
_KITS: pytest.StashKey[list[Kit]] = pytest.StashKey()


class OpenKit(Protocol):
    """What the fixture `kit` is: run a tree until the test is over."""

    def __call__(
        self, tree: Supervisor, *, chaos: Chaos | Hooks | None = None
    ) -> Kit: ...


class OpenLab(Protocol):
    """What the fixture `lab` is: run a host with one platform while a block lasts."""

    def __call__(
        self, peer: Peer | type[Peer], *bots: Bot
    ) -> AbstractAsyncContextManager[Lab]: ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--rookery-seed`."""
    parser.getgroup("rookery").addoption(
        "--rookery-seed",
        type=int,
        default=None,
        metavar="N",
        help="the seed of every tree under test; without it each test has its own, always the same",
    )


@pytest.fixture
def rookery_seed(request: pytest.FixtureRequest) -> int:
    """Return the seed of this test: `--rookery-seed`, or a number made of its name."""
    given: int | None = request.config.getoption("--rookery-seed")
    seed = zlib.crc32(request.node.nodeid.encode()) if given is None else given
    request.node.stash[_SEED] = seed
    return seed


@pytest.fixture
def kit(request: pytest.FixtureRequest, rookery_seed: int) -> Iterator[OpenKit]:
    """Give a function that runs a tree on a virtual clock until the test is over."""
    from rookery.testing import kit as module  # noqa: PLC0415 - only who asks pays

    kits = request.node.stash[_KITS] = []
    with ExitStack() as stack:

        def run(tree: Supervisor, *, chaos: Chaos | Hooks | None = None) -> Kit:
            k = stack.enter_context(module.run(tree, chaos=chaos, seed=rookery_seed))
            kits.append(k)
            return k

        yield run


@pytest.fixture
def lab(rookery_seed: int) -> OpenLab:
    """Give what runs a host with the platform of one peer while a block lasts."""
    from rookery.testing import lab as module  # noqa: PLC0415 - only who asks pays

    def run(peer: Peer | type[Peer], *bots: Bot) -> AbstractAsyncContextManager[Lab]:
        return module.open(peer, *bots, seed=rookery_seed)

    return run


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell how to replay a test that failed, and what happened in its trees."""
    report = yield
    seed = item.stash.get(_SEED, None)
    if seed is not None and report.when == "call" and report.failed:
        replay = f"pytest {item.nodeid!r} --rookery-seed {seed}"
        report.sections.append(("rookery: replay", replay))
        for k in item.stash.get(_KITS, []):
            story = "\n".join(k.story().splitlines()[-40:])
            report.sections.append(("rookery: what happened last", story))
    return report
