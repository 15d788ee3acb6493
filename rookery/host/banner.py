"""What a person reads when the host is up: what runs, and what to do next. Pure."""

from __future__ import annotations

from platforms.base import invitation_of
from rookery.config import Configuration, PlatformSettings


def banner(found: Configuration) -> str:
    """Return the lines for a terminal."""
    return "\n".join(["", *(f"  {line}" for line in lines(found)), ""])


def lines(found: Configuration) -> list[str]:
    """Say what runs from where, how to talk to it, and how to go on."""
    settings = found.settings
    if found.source is None:
        said = ["There is no rookery.toml here, so the built-in default runs."]
    else:
        said = [f"Running {found.source}."]
    for platform_id, platform in settings.platforms.items():
        said.append(_how_to_talk(platform_id, platform, settings.ingress.listen))
    if not settings.platforms:
        said.append("No platform is configured: nobody can talk to it.")
    said.append("Look:  rookery tree, rookery platforms (from another terminal)")
    if found.source is None:
        said.append("Try:   /help, and what it lists: a demo bot listens")
        said.append("Next:  rookery new bot NAME writes a bot of your own")
    said.append("Stop:  Ctrl-C, or SIGTERM")
    return said


def _how_to_talk(platform_id: str, platform: PlatformSettings, ingress: str) -> str:
    said = invitation_of(platform.config) or platform.type
    said = said.replace("{ingress}", f"http://{ingress}/{platform_id}/")
    return f"Talk:  {said} ({platform_id})"
