"""Where a configuration comes from: a file, or the one that is built in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from rookery.config.faults import ConfigRefused, Fault, Wrong
from rookery.config.model import DEFAULT_DATA, FILE_NAME, Configuration
from rookery.config.places import folder_of
from rookery.config.reading import read_settings
from rookery.config.syntax import document_of
from rookery.kinds import Kinds

EMBEDDED = """\
[host]
data = "rookery-data"                 # journal, lock, control socket; created if missing

[bots.demo]
use = "rookery.demo:bot"              # module:attribute, or a .py file beside this one

[platforms.qq]
type = "onebot11"
mode = "reverse"                      # they dial us; "forward" with url = "ws://..."
listen = "127.0.0.1:6700"
# access_token = { env = "QQ_TOKEN" } # needed as soon as it does not listen on loopback

[platforms.terminal]
type = "console"

[platforms.web]
type = "webchat"                      # http://127.0.0.1:8643/web/
"""


def find_file(given: Path | None, here: Path) -> Path | None:
    """Return the file to use: *given*, else `rookery.toml` in *here*, else none."""
    if given is not None:
        return here / given
    beside = here / FILE_NAME
    return beside if beside.exists() else None


def load(
    file: Path | None,
    *,
    here: Path,
    kinds: Kinds,
    env: Mapping[str, str],
    data: Path | None = None,
) -> Configuration:
    """Read *file*, or the embedded default where there is none.

    A *data* given takes the place of `host.data`; it and the embedded default are
    relative to *here*.

    Raises:
        ConfigRefused: it cannot be read, or has faults; all of them.
    """
    if file is None:
        text, name, folder = EMBEDDED, "embedded default", here
    else:
        text, name, folder = _text_of(file), file.name, file.absolute().parent
    settings = read_settings(text, name=name, kinds=kinds, env=env, folder=folder)
    if data is not None:
        settings = evolve(settings, host=evolve(settings.host, data=str(here / data)))
    source = None if file is None else file.absolute()
    return Configuration(settings=settings, source=source, folder=folder)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(
            "utf-8-sig"
        )  # some editors put a byte order mark in front
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is none"
        fault = Fault(str(file), f"expected text in UTF-8, got bytes ({where})")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        fault = Fault(str(file), f"expected a file that can be read, got: {reason}")
    raise ConfigRefused((fault,)) from None


def find_data(config: Path | None, data: Path | None, here: Path) -> Path:
    """Return the data directory of the host that is meant.

    Of the file only `host.data` is looked at: it may be half edited, or refer to
    variables that are set where the host runs and not here.

    Raises:
        ConfigRefused: the file cannot be read.
    """
    if data is not None:
        return here / data
    file = find_file(config, here)
    if file is None:
        return here / DEFAULT_DATA
    match document_of(_text_of(file), file.name):
        case {"host": {"data": str(written)}}:
            pass
        case _:
            written = DEFAULT_DATA
    try:
        return folder_of(written, file.absolute().parent)
    except Wrong as wrong:
        raise ConfigRefused((Fault("host.data", str(wrong)),)) from None
