"""Try every broken TinyChat on every case: `python -m tests.rookery.testing.lab.sabotaged`.

Takes a minute or two. Ends with 1 where a case has none that it alone notices.
"""

from __future__ import annotations

import sys

from rookery.testing.lab import Case, NotConforming, prove
from tests.rookery.testing.lab.sabotaged.table import ALONE, BROKEN, peer_of
from tests.rookery.testing.lab.sabotaged.whole import Tiny


def noticed_by(platform: type[Tiny]) -> list[Case]:
    """Return the cases in which *platform* does not conform."""
    found = []
    for case in Case:
        try:
            prove(peer_of(platform), case)
        except NotConforming:
            found.append(case)
    return found


def main() -> int:
    wrong = 0
    for platform in dict.fromkeys(platform for _, platform, _ in BROKEN):
        found = noticed_by(platform)
        alone = [case for case, each in ALONE.items() if each is platform]
        wrong += bool(alone) and found != alone
        names = ", ".join(case.name for case in found)
        print(f"{platform.__name__:12} {names}", flush=True)  # noqa: T201
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
