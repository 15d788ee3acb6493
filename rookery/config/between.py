"""What must hold between the tables of a configuration. Pure: faults come out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from platforms.base import Fault as KeyFault
from platforms.base import exposed_faults_of
from rookery.config.faults import Fault, join, one_of
from rookery.config.model import PlatformSettings

SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_MUST = re.compile(r"(?:.* )?must be (.*) \(got (.*)\)", re.DOTALL)


def singletons(platforms: Mapping[str, PlatformSettings]) -> Iterator[Fault]:
    """Yield a fault for each platform that is not the first of a type that may be once."""
    first: dict[str, str] = {}
    for key, each in platforms.items():
        if each.kind.platform.singleton and first.setdefault(each.type, key) != key:
            message = f"expected one {each.type} at most, got another beside {first[each.type]}"
            yield Fault(join(join("platforms", key), "type"), message)


def known_platforms(
    document: Mapping[str, object], operators: Mapping[str, object]
) -> Iterator[Fault]:
    """Yield a fault for each platform among the operators that is not configured."""
    platforms = document.get("platforms", {})
    known = set(platforms) if isinstance(platforms, Mapping) else set()
    for platform in operators:
        if platform not in known and SLUG.fullmatch(platform):
            expected = one_of(known) if known else "a platform to be configured"
            yield Fault(
                join("operators", platform),
                f"expected the id of a platform ({expected}), got another",
            )


def exposed(platforms: Mapping[str, PlatformSettings]) -> Iterator[Fault]:
    """Yield what is wrong with each platform where other machines reach the ingress."""
    for platform_id, settings in platforms.items():
        for fault in exposed_faults_of(settings.config):
            yield told(fault, join("platforms", platform_id))


def told(fault: KeyFault, path: str) -> Fault:
    """Return a platform's fault (`must be ... (got ...)`) as one of ours, below *path*."""
    found = _MUST.fullmatch(fault.message)
    message = f"expected {found[1]}, got {found[2]}" if found else fault.message
    return Fault(join(path, fault.key), message)
