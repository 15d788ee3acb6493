"""Read a configuration: text in, checked settings or all of its faults out.

The three tables that hold entries by id are walked here, one entry at a time, so
that a mistake in one never hides a mistake in another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, TypeVar, get_origin

import attrs
from attrs import define, field
from cattrs import Converter

from actors.schedule import PLATFORM as SCHEDULE
from platforms.base import Fault as KeyFault
from platforms.base import PlatformConfig
from platforms.base import faults_of as faults_between
from platforms.media import networks
from platforms.transport import is_loopback
from rookery.config.between import (
    SLUG,
    exposed,
    known_platforms,
    singletons,
    told,
)
from rookery.config.faults import ConfigRefused, Fault, Wrong, join, one_of, shown
from rookery.config.model import (
    BotSettings,
    HostSettings,
    IngressSettings,
    MediaSettings,
    PlatformSettings,
    Settings,
)
from rookery.config.places import folder_of
from rookery.config.strict import strict_converter
from rookery.config.syntax import document_of
from rookery.config.walk import faults_of
from rookery.kinds import Kind, Kinds, NoKind

_MODULE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_TABLES = ("bots", "host", "ingress", "media", "operators", "platforms")
ONE_OF_YOUR_OWN = 'one of your own: use = "FILE.py:CLASS" instead'
_USE_CLASS = '"FILE.py:CLASS" or "MODULE:CLASS"'
_USE = '"module:attribute" or "file.py:attribute"'

T = TypeVar("T")


def read_settings(
    text: str,
    *,
    name: str,
    kinds: Kinds,
    env: Mapping[str, str],
    folder: Path = Path(),
) -> Settings:
    """Return the settings that *text* (TOML) describes.

    Args:
        text: the file's content.
        name: What to call the text in a fault of its syntax: the file's name.
        kinds: Where types of platforms are found.
        env: Where references are looked up.
        folder: What the path of a platform's file is relative to.

    Raises:
        ConfigRefused: with every fault at once.
    """
    document = document_of(text, name)
    reader = _Reader(strict_converter(env), kinds, folder)
    settings = reader.settings(document)
    if reader.faults:
        raise ConfigRefused(tuple(reader.faults))
    return settings


@define
class _Reader:
    """One reading of one document: builds values, and collects every fault on the way."""

    converter: Converter
    kinds: Kinds
    folder: Path
    faults: list[Fault] = field(factory=list)

    def settings(self, document: Mapping[str, object]) -> Settings:
        for key in sorted(set(document) - set(_TABLES)):
            expected = f"expected {one_of(_TABLES)}"
            self.faults.append(
                Fault(join("", key), f"{expected}, got an unknown table")
            )
        host = self._value(document.get("host", {}), HostSettings, "host")
        if host is not None:
            self._folder(host.data, "host.data")
        ingress = self._ingress(document.get("ingress", {}))
        media = self._media(document.get("media", {}))
        bots = self._entries(document, "bots", self._bot)
        platforms = self._entries(document, "platforms", self._platform)
        self.faults.extend(singletons(platforms))
        if ingress is not None and not is_loopback(ingress.binds[0]):
            self.faults.extend(exposed(platforms))
        operators = self._entries(document, "operators", self._users)
        self.faults.extend(known_platforms(document, operators))
        return Settings(
            host=host or HostSettings(),
            ingress=ingress or IngressSettings(),
            media=media or MediaSettings(),
            operators=operators,
            bots=bots,
            platforms=platforms,
        )

    def _ingress(self, value: object) -> IngressSettings | None:
        ingress = self._value(value, IngressSettings, "ingress")
        if ingress is None:
            return None
        try:
            ingress.binds  # noqa: B018 - it raises
        except ValueError as error:
            self.faults.append(told(KeyFault("listen", str(error)), "ingress"))
            return None
        if (most := ingress.connections_per_address) < 1:
            fault = KeyFault(
                "connections_per_address", f"must be 1 or more (got {most})"
            )
            self.faults.append(told(fault, "ingress"))
            return None
        return ingress

    def _media(self, value: object) -> MediaSettings | None:
        media = self._value(value, MediaSettings, "media")
        if media is None:
            return None
        for index, folder in enumerate(media.folders):
            self._folder(folder, f"media.folders[{index}]")
        for index, network in enumerate(media.allow):
            try:
                networks([network])
            except ValueError:
                fault = (
                    "expected an address or a network such as 192.168.1.0/24, "
                    f"got {shown(network)}"
                )
                self.faults.append(Fault(f"media.allow[{index}]", fault))
        return media

    def _folder(self, text: str, path: str) -> None:
        try:
            folder_of(text, self.folder)
        except Wrong as wrong:
            self.faults.append(Fault(path, str(wrong)))

    def _value(self, value: object, kind: type[T], path: str) -> T | None:
        """Return *value* as a *kind*; or `None`, and what is wrong with it is noted."""
        try:
            return self.converter.structure(value, kind)
        except Exception as error:  # noqa: BLE001 - faults_of raises what is none
            self.faults.extend(faults_of(error, path))
            return None

    def _entries(
        self,
        document: Mapping[str, object],
        table: str,
        read: Callable[[object, str], T | None],
    ) -> dict[str, T]:
        """Return the entries of *table* by their ids, those that *read* could read."""
        entries = document.get(table, {})
        if not isinstance(entries, Mapping):
            self.faults.append(Fault(table, f"expected a table, got {shown(entries)}"))
            return {}
        found: dict[str, T] = {}
        for key, value in entries.items():
            path = join(table, key)
            if not SLUG.fullmatch(key):
                rule = "an id of a-z, 0-9, - and _ (at most 64)"
                self.faults.append(Fault(path, f"expected {rule}, got this one"))
            entry = read(value, path)
            if entry is not None:
                found[key] = entry
        return found

    def _bot(self, value: object, path: str) -> BotSettings | None:
        table = self._value(value, _BotTable, path)
        if table is None:
            return None
        try:
            return BotSettings(use=checked_use(table.use))
        except Wrong as wrong:
            self.faults.append(Fault(join(path, "use"), str(wrong)))
            return None

    def _users(self, value: object, path: str) -> frozenset[str] | None:
        users = self._value(value, tuple[str, ...], path)
        return None if users is None else frozenset(users)

    def _platform(self, value: object, path: str) -> PlatformSettings | None:
        if not isinstance(value, Mapping):
            self.faults.append(Fault(path, f"expected a table, got {shown(value)}"))
            return None
        if path == join("platforms", SCHEDULE):
            fault = (
                f"expected another id: {SCHEDULE} is where runs of schedules come from"
            )
            self.faults.append(Fault(path, fault))
        keys = dict(value)
        kind = self._kind(keys, path)
        if kind is None:
            return None
        config = self._config(keys, kind.platform.config_type, path)
        return None if config is None else PlatformSettings(kind=kind, config=config)

    def _kind(self, keys: dict[str, object], path: str) -> Kind | None:
        """Take what names the type of a platform out of its table."""
        given, use = keys.pop("type", None), keys.pop("use", None)
        if use is not None:
            return self._used(use, given, path)
        names = self.kinds.names()
        if not (isinstance(given, str) and given in names):
            got = "nothing (the key is missing)" if given is None else shown(given)
            known = one_of(f'"{name}"' for name in names)
            fault = f"expected {known}, got {got} ({ONE_OF_YOUR_OWN})"
            self.faults.append(Fault(join(path, "type"), fault))
            return None
        try:
            return self.kinds.named(given)
        except NoKind as error:
            self.faults.append(Fault(join(path, "type"), _unloadable(error)))
            return None

    def _used(self, use: object, given: object, path: str) -> Kind | None:
        if given is not None:
            fault = "expected nothing beside `use`, which names the class, got one"
            self.faults.append(Fault(join(path, "type"), fault))
            return None
        if not isinstance(use, str):
            fault = f"expected {_USE_CLASS}, got {shown(use)}"
            self.faults.append(Fault(join(path, "use"), fault))
            return None
        try:
            return self.kinds.used(use, self.folder)
        except NoKind as error:
            self.faults.append(Fault(join(path, "use"), _unloadable(error)))
            return None

    def _config(
        self, keys: dict[str, object], config_class: type[PlatformConfig], path: str
    ) -> PlatformConfig | None:
        before = len(self.faults)
        config = self._value(keys, config_class, path)
        if config is None:
            self.faults.extend(self._between_keys(keys, config_class, path, before))
            return None
        faults = [told(fault, path) for fault in faults_between(config)]
        self.faults.extend(faults)
        return None if faults else config

    def _between_keys(
        self,
        keys: Mapping[str, object],
        config_class: type[PlatformConfig],
        path: str,
        before: int,
    ) -> Iterator[Fault]:
        """Judge the keys that are right even if others are not.

        A fault that only follows from a key that was left out is not named.
        """
        wrong = {fault.path for fault in self.faults[before:]}
        if any(join(path, key) in wrong for key in _choices(config_class)):
            return  # which of the other keys may stand there depends on this one
        right = {
            key: value
            for key, value in keys.items()
            if not _within(join(path, key), wrong)
        }
        try:
            config = self.converter.structure(right, config_class)
        except Exception:  # noqa: BLE001 - what is wrong was noted before
            return
        for fault in faults_between(config):
            if fault.key in right:
                yield told(fault, path)


@attrs.frozen
class _BotTable:
    """`[bots.ID]` as it is written."""

    use: str


def checked_use(text: str) -> str:
    """Return a bot's `use` in full; a file without an attribute means its `bot`.

    Raises:
        Wrong: it names neither a module's attribute nor a file.
    """
    module, colon, attribute = text.rpartition(":")
    if not colon and text.endswith(".py"):
        module, attribute = text, "bot"
    file = module.endswith(".py") and "\0" not in module
    if attribute.isidentifier() and (file or _MODULE.fullmatch(module)):
        return f"{module}:{attribute}"
    raise Wrong(expected=_USE, got=shown(text))


def _unloadable(error: NoKind) -> str:
    why = " ".join(str(error).split())  # a stranger's exception may have many lines
    return f"expected a platform that can be loaded, got: {why}"


def _choices(config_class: type) -> Iterator[str]:
    """Yield the keys on which it depends what the others mean: `mode = "reverse"`."""
    for key in attrs.fields(attrs.resolve_types(config_class)):
        if get_origin(key.type) is Literal:
            yield key.name


def _within(path: str, wrong: set[str]) -> bool:
    """Say whether there is a fault at *path* or below it."""
    return any(
        fault == path or fault.startswith((f"{path}.", f"{path}[")) for fault in wrong
    )
