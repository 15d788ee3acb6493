"""Somebody's installed package, as Python sees it: a module, and its metadata."""

from __future__ import annotations

from pathlib import Path

SOURCE = '''
from __future__ import annotations
from attrs import field, frozen
from rookery import LIVE, Caps, Link, Outbound, Platform, Secret, Sent, Text

@frozen
class Config:
    """Where it is, and who we are there."""
    url: str
    """Where to dial."""
    token: Secret
    greeting: str = field(default="hello", metadata=LIVE)
    """What is said first."""

class TinyChat(Platform[Config]):
    """A chat that fits on one screen."""
    name = "tinychat"
    caps = Caps(segments={Text})

    async def session(self, link: Link) -> None: ...
    async def send(self, link: Link, out: Outbound) -> Sent: ...
'''


def install(
    folder: Path,
    package: str,
    entry: str = "tinychat = {module}:TinyChat",
    source: str = SOURCE,
    version: str = "1.2",
) -> None:
    """Put a distribution into *folder*, which is on `sys.path`."""
    module = package.replace("-", "_")
    (folder / f"{module}.py").write_text(source)
    about = folder / f"{module}-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    )
    (about / "entry_points.txt").write_text(
        f"[rookery.platforms]\n{entry.format(module=module)}\n"
    )
