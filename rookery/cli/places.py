"""The options that say which host is meant, and how it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from attrs import frozen
from cyclopts import Parameter


@Parameter(name="*")
@frozen
class Which:
    """Which host: without any of these, `rookery.toml` here, else `./rookery-data`."""

    config: Annotated[Path | None, Parameter(name="--config")] = None
    """The configuration file of the host."""
    data: Annotated[Path | None, Parameter(name="--data")] = None
    """The data directory of the host; goes before --config."""
    json: Annotated[bool, Parameter(name="--json", negative=())] = False
    """Print the answer as JSON."""


DEFAULT = Which()
