"""The options that say which host is meant, running or simulated, and how it is told."""

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


@Parameter(name="*")
@frozen
class Worlds:
    """Which simulated worlds, if any: one of a seed, or many."""

    simulate: Annotated[bool, Parameter(name="--simulate", negative=())] = False
    """Break a simulated host, from a seed, on a virtual clock."""
    seed: Annotated[int | None, Parameter(name="--seed")] = None
    """One world; 0 if neither this nor --seeds is given."""
    seeds: Annotated[str, Parameter(name="--seeds")] = ""
    """Many worlds: FIRST..LAST."""
    hours: Annotated[float, Parameter(name="--hours")] = 24.0
    """Virtual hours of faults in each."""
    log: Annotated[Path | None, Parameter(name="--log")] = None
    """Where everything that happened in the world is written (the last, of many)."""


NO_WORLD = Worlds()
