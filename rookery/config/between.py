"""What must hold between the tables of a configuration, and how it is said. Pure."""

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
    """Of a type that takes what the host has once there is one."""
    first: dict[str, str] = {}
    for key, each in platforms.items():
        if each.kind.platform.singleton and first.setdefault(each.type, key) != key:
            message = f"expected one {each.type} at most, got another beside {first[each.type]}"
            yield Fault(join(join("platforms", key), "type"), message)


def known_platforms(
    document: Mapping[str, object], operators: Mapping[str, object]
) -> Iterator[Fault]:
    """Whoever is an operator is one of a platform that is there."""
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
    """Other machines reach the ingress: what must hold of each platform then."""
    for platform_id, settings in platforms.items():
        for fault in exposed_faults_of(settings.config):
            yield told(fault, join("platforms", platform_id))


def told(fault: KeyFault, path: str) -> Fault:
    """Say in the words of this page what a platform says in those of an exception."""
    found = _MUST.fullmatch(fault.message)
    message = f"expected {found[1]}, got {found[2]}" if found else fault.message
    return Fault(join(path, fault.key), message)
