"""What is written for a name, and what to do with it then. Pure, but for the examples'
files and the names of modules that are taken.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, TypeAlias

from rookery.cli.modules import is_taken

Transport: TypeAlias = Literal["ws-client", "ws-server", "poll", "webhook", "tcp"]

_SLUG: Final = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_LONGEST: Final = 64
_HERE: Final = Path(__file__).parent

_PLACES: Final = re.compile(r'"mychat"|mychat|MyChat|<TABLE>\n')

_KEYS: Final[Mapping[Transport, str]] = {
    "ws-client": 'url = "wss://chat.example.org/"',
    "poll": 'url = "https://chat.example.org"',
    "tcp": 'host = "chat.example.org"',
    "webhook": 'url = "https://chat.example.org"',
    "ws-server": 'host = "127.0.0.1"\nport = 7000',
}


def bad_name(name: str) -> str | None:
    """Return what is wrong with *name* as that of a platform, or None."""
    if not _SLUG.fullmatch(name) or len(name) > _LONGEST or keyword.iskeyword(name):
        return f"a platform's name must be words of a-z and 0-9 with - or _ between them, at most {_LONGEST} characters, and no word of Python's own (got {name!r})"
    module = module_of(name)
    if is_taken(module):
        return f"a platform's name must not be that of a module that others import: {module}.py would come before it (got {name!r})"
    kind = kind_of(name)
    if keyword.iskeyword(kind) or kind in _names_in_examples():
        return f"a platform's name must not make the class {kind}, which means something else in what is written (got {name!r})"
    return None


def module_of(name: str) -> str:
    """Return what the module of a platform is called: `my-chat` is `my_chat`."""
    return name.replace("-", "_")


def kind_of(name: str) -> str:
    """Return what the class of a platform is called: `my-chat` is `MyChat`."""
    return "".join(word.capitalize() for word in re.split("[-_]", name))


def table_of(name: str, transport: Transport) -> str:
    """Return what to add to the configuration."""
    module = module_of(name)
    return (
        f"[platforms.{name}]\n"
        f'use = "{module}.py:{kind_of(name)}"\n'
        f"{_KEYS[transport]}\n"
        f'token = {{ env = "{module.upper()}_TOKEN" }}\n'
    )


def texts_of(name: str, transport: Transport) -> dict[str, str]:
    """Return what to write: the names of files, and what is in them."""
    texts: dict[str, str] = {}
    table = table_of(name, transport)
    for folder in (transport.replace("-", "_"), "shared"):
        for example in sorted(_HERE.joinpath(folder).iterdir()):
            text = example.read_text(encoding="utf-8")
            file = example.name.removesuffix(".txt").replace("mychat", module_of(name))
            texts[file] = _filled(text, name, table)
    return texts


def what_next(name: str, transport: Transport, python: str, *, testable: bool) -> str:
    """Return how to prove it with that *python*, change it and make it run."""
    module = module_of(name)
    install = "" if testable else f"\n    {python} -m pip install 'rookery[testing]'"
    return f"""
It speaks a wire that is made up, and stands everything that can happen to its line:
{install}
    {python} -m pytest test_{module}.py

Put your wire in its place, in {module}.py and in {module}_peer.py, until that holds again.
Then add this to your rookery.toml, and run `rookery reload`:

{table_of(name, transport)}"""


def _names_in_examples() -> set[str]:
    """Return every name that the code of an example uses or imports."""
    trees = [ast.parse(each.read_text("utf-8")) for each in _HERE.glob("*/*.py.txt")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    return used | {node.name for node in nodes if isinstance(node, ast.alias)}


def _filled(text: str, name: str, table: str) -> str:
    """Put the names in, all at once: a name may hold that of the example."""
    names = {
        '"mychat"': f'"{name}"',
        "mychat": module_of(name),
        "MyChat": kind_of(name),
        "<TABLE>\n": table,
    }
    return _PLACES.sub(lambda found: names[found[0]], text)
