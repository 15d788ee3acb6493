"""The command line: words and options in, exit codes out.

What does not happen here: anything that a running host does; see `rookery.host` and,
for the way to it, `rookery.control`. Read `app` first.
"""

from rookery.cli.app import app, main

__all__ = ["app", "main"]
