"""Log lines: structlog in, one line per event out, on stderr.

A line carries `ts level event trace actor platform account chat bot` and the event's
own facts; it is written for a person on a terminal and as JSON otherwise. What
anything else prints through `logging` joins in.

What does not happen here: deciding what is worth a line. Code that logs imports
structlog, not this.

Read `setup` first; `fields` is what every line says, `bridge` takes what is logged through
`logging`, `sink` writes the lines.
"""

from rookery.logs.bridge import Bridge, install_bridge, remove_bridge
from rookery.logs.fields import add_whose, in_order
from rookery.logs.lines import human_line, json_line, renderer
from rookery.logs.setup import configure_logs
from rookery.logs.sink import Sink

__all__ = [
    "Bridge",
    "Sink",
    "add_whose",
    "configure_logs",
    "human_line",
    "in_order",
    "install_bridge",
    "json_line",
    "remove_bridge",
    "renderer",
]
