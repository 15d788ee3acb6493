"""Words that an option takes. Written out, so that `--help` has nothing to import.

They are those of `rookery.control`; a test compares.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

State: TypeAlias = Literal[
    "queued", "sending", "sent", "degraded", "rejected", "expired", "cancelled",
    "dropped", "unknown",
]  # fmt: skip
LetterKind: TypeAlias = Literal[
    "failed", "quarantined", "expired", "dropped", "rejected", "mail"
]
