"""Fuzz one codec, in this process, until libFuzzer has had enough: `__main__` starts it.

The code is watched while it is imported: nothing of it may be before.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from random import Random

import atheris


def main(name: str, folder: Path, options: list[str]) -> None:
    # Only our own: what a library does is not news, and watching it is slow.
    with atheris.instrument_imports(
        include=["platforms"], enable_loader_override=False
    ):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.damage import damaged
    from tests.fuzz.hanging import HANGS_SECONDS, within

    target = TARGETS[name]
    for number, seed in enumerate(target.seeds()):
        (folder / f"seed-{number}").write_bytes(seed)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < 0.3:
            return bytes(atheris.Mutate(data, most))
        try:
            value = json.loads(data)
        except (ValueError, RecursionError):
            return bytes(atheris.Mutate(data, most))
        for _ in range(random.randint(1, 4)):
            value = damaged(value, random)
        changed = json.dumps(value, ensure_ascii=random.random() < 0.5)
        return changed.encode("utf-8", "surrogatepass")[:most]

    atheris.Setup(
        [sys.argv[0], *options, str(folder)],
        within(HANGS_SECONDS, target.survives),
        **({"custom_mutator": mutate} if target.json else {}),
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
