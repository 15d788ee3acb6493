"""The exit codes that every command ends with; `run` has one more, see `rookery.host`."""

from typing import Final

OK: Final = 0
"""Done, or stopped as asked."""
NOT_DONE: Final = 1
"""What was asked for is right, and could not be done, or not all of it."""
USAGE: Final = 2
"""What was asked for is wrong, the configuration is, or there is no host to ask."""
