"""Where types of platforms are found: here, in installed packages, in one's own files."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path
from typing import Final

from attrs import field, frozen

from rookery.kinds.loading import imported, load_named
from rookery.kinds.values import AnyKind, Kind, Listed, NoKind, check_kind

GROUP: Final = "rookery.platforms"
"""The entry point group of packages: `tinychat = "rookery_tinychat:TinyChat"`."""
OURS: Final = "rookery"

_BUILT_IN: Final = {
    "console": "platforms.console:Console",
    "irc": "platforms.irc:Irc",
    "matrix": "platforms.matrix:Matrix",
    "onebot11": "platforms.onebot11:OneBot11",
    "telegram": "platforms.telegram:Telegram",
    "webchat": "platforms.webchat:WebChat",
}


def _installed() -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=GROUP))


@frozen(kw_only=True)
class Kinds:
    """Every type there is. Ours go before those of a package with the same name.

    They are looked for when they are asked for, so a package may be installed meanwhile.
    """

    given: Mapping[str, AnyKind] = field(factory=dict)
    """Classes that are there already: a test's."""

    @classmethod
    def of(cls, *platforms: AnyKind) -> Kinds:
        """Return ours, and *platforms* besides."""
        return cls(given={platform.name: platform for platform in platforms})

    def names(self) -> list[str]:
        """Return what may stand as `type`, in order."""
        offered = {entry.name for entry in _installed()}
        return sorted({*_BUILT_IN, *self.given, *offered})

    def named(self, name: str) -> Kind:
        """Return the type called *name*.

        Raises:
            NoKind: there is none, there are several, or it cannot be used.
        """
        if name in self.given:
            return Kind(name=name, platform=self.given[name], origin="given")
        if name in _BUILT_IN:
            platform = check_kind(load_named(_BUILT_IN[name], Path()), name)
            return Kind(
                name=name, platform=platform, origin=OURS, version=version(OURS)
            )
        offers = [entry for entry in _installed() if entry.name == name]
        if not offers:
            msg = f"there is no type {name!r}; there are {', '.join(self.names())}"
            raise NoKind(msg)
        if len(offers) > 1:
            who = " and ".join(sorted(" ".join(_origin(entry)) for entry in offers))
            msg = f"{who} both offer a type {name!r}: uninstall one, or name a class with `use`"
            raise NoKind(msg)
        return _kind_of(offers[0])

    def used(self, use: str, folder: Path) -> Kind:
        """Return the type that *use* names: `FILE.py:CLASS` or `MODULE:CLASS`.

        Raises:
            NoKind: there is no such class, or it cannot be used.
        """
        platform = check_kind(load_named(use, folder), use)
        if platform.name in _BUILT_IN:
            msg = f"{use} is called {platform.name!r}, which is a type of ours: give it another `name`"
            raise NoKind(msg)
        return Kind(
            name=platform.name, platform=platform, origin=use.rpartition(":")[0]
        )

    def listed(self) -> list[Listed]:
        """Return all of them, with what is wrong with one; imports every one."""
        found: list[Listed] = []
        for name in self.names():
            try:
                kind = self.named(name)
            except NoKind as error:
                found += [
                    Listed(name=name, origin=origin, version=of, why=error.why)
                    for origin, of in map(_origin, _offers(name))
                ]
            else:
                found.append(
                    Listed(
                        name=name, origin=kind.origin, version=kind.version, kind=kind
                    )
                )
                found += _hidden(name, kind)
        return found


def _hidden(name: str, kind: Kind) -> list[Listed]:
    """Return the types of packages that have the name of one of ours, and so are hidden."""
    why = f"{name} is a type of {OURS}'s own, which goes before it"
    return [
        Listed(name=name, origin=origin, version=of, why=why)
        for origin, of in map(_origin, _offers(name))
        if origin != kind.origin
    ]


def _offers(name: str) -> list[EntryPoint]:
    return [entry for entry in _installed() if entry.name == name]


def _origin(entry: EntryPoint) -> tuple[str, str]:
    dist = entry.dist
    return (entry.value, "") if dist is None else (dist.name, dist.version)


def _kind_of(entry: EntryPoint) -> Kind:
    origin, of = _origin(entry)
    value: object = imported(entry.module, Path())
    for part in filter(None, entry.attr.split(".")):
        if not hasattr(value, part):
            msg = f"{entry.value} of {origin} has no {part!r}"
            raise NoKind(msg)
        value = getattr(value, part)
    platform = check_kind(value, f"{entry.value} of {origin}")
    if platform.name != entry.name:
        msg = f"{entry.value} of {origin} must be called {entry.name!r}, as its entry point is (got {platform.name!r})"
        raise NoKind(msg)
    return Kind(name=entry.name, platform=platform, origin=origin, version=of)
