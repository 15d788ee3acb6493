"""Running the tests against one mutant: in a fork that imports the changed module.

The parent has imported what is slow and does not depend on the core; each child imports
the rest anew, with the change in it, and runs the tests until the first failure.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from types import CodeType, ModuleType

import pytest

from tests.mutation.mutants import Mutant, mutated

ROOT = Path(__file__).parents[2]
FIRST = (
    ("notes", "stories", "retries", "specs"),
    ("backoff", "dynamic", "which_child", "bad_calls", "waiting", "tree"),
    ("differential", "cost"),
    ("properties_of_time",),
    ("properties",),
)
ASIDE = ("chaos", "limits", "test_crowds.py")
"""What is about other parts of the room, or about size."""
STAGES: tuple[tuple[str, ...], ...] = (
    *(tuple(f"tests/supervision/test_{name}.py" for name in names) for names in FIRST),
    ("tests/otp/test_corpus.py", "-k", "replay_pure"),
    (
        "tests/supervision",
        *(f"--ignore=tests/supervision/{name}" for name in ASIDE),
        *(f"--ignore-glob=*/test_{name}.py" for names in FIRST for name in names),
    ),
    ("tests/otp/test_corpus.py", "-k", "replay_acted"),
)
"""Most are killed by the first, in a fraction of a second; only survivors see the last."""
PYTEST = (
    *("-x", "-q", "-p", "no:cacheprovider", "--hypothesis-profile=mutation"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
    *("-o", "faulthandler_timeout=0"),
)


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMED_OUT = "timed out"
    SURVIVED = "survived"
    EQUAL = "equal"
    """Not tried: nobody can observe the change."""


def path_of(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


def run(mutant: Mutant | None, seconds: float) -> tuple[Fate, float]:
    """Return what became of *mutant*, and how many seconds of processor it took.

    Args:
        mutant: `None` runs the tests against what is there.
        seconds: of processor, for each stage; a mutant that takes more hangs. One that
            sleeps is given four times as many by the clock.
    """
    if mutant is not None:
        Changed(mutant).code()  # what does not compile is no mutant
    total = 0.0
    for tests in STAGES:
        fate, took = _run_stage(mutant, tests, seconds)
        total += took
        if fate is not Fate.SURVIVED:
            return fate, total
    return Fate.SURVIVED, total


def _run_stage(
    mutant: Mutant | None, tests: tuple[str, ...], seconds: float
) -> tuple[Fate, float]:
    child = os.fork()
    if child == 0:
        _be_the_child(mutant, tests, seconds)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ends = time.monotonic() + 4 * seconds
    status = None
    try:
        while status is None and time.monotonic() < ends:
            done, code = os.waitpid(child, os.WNOHANG)
            if done:
                status = os.waitstatus_to_exitcode(code)
            else:
                time.sleep(0.01)
    finally:
        if status is None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if status is None or status == -signal.SIGXCPU:
        return Fate.TIMED_OUT, took
    return (Fate.SURVIVED if status == 0 else Fate.KILLED), took


def _be_the_child(
    mutant: Mutant | None, tests: tuple[str, ...], seconds: float
) -> None:
    code = 70
    try:
        os.setpgid(0, 0)  # Ctrl-C is for the parent
        limit = int(seconds) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        silence = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(silence, descriptor)
        if mutant is not None:
            sys.meta_path.insert(0, Changed(mutant))
        code = int(pytest.main([*PYTEST, *tests]))
    finally:
        os._exit(code)


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module with a change in it."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.mutant.module:
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(self.code(), module.__dict__)

    def code(self) -> CodeType:
        path = path_of(self.mutant.module)
        tree = mutated(path.read_text("utf-8"), self.mutant.number)
        # The file's own name, so that what asks where code is from is not misled.
        return compile(tree, str(path), "exec")
