"""TinyChat as a module: the same letters that the documents show."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader

from tests.fakes.tinychat.server import SOURCE

_loader = SourceFileLoader("tests.fakes.tinychat.as_written", str(SOURCE))
_spec = importlib.util.spec_from_loader(_loader.name, _loader)
assert _spec is not None
_module = importlib.util.module_from_spec(_spec)
_loader.exec_module(_module)

Config = _module.Config
TinyChat = _module.TinyChat
