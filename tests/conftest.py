"""What every test shares: hypothesis without a stopwatch, and Ctrl-C that is heard.

No test may depend on speed. And a run that was begun in the background ignores SIGINT, as
would every process that it starts: the tests of Ctrl-C would wait for ever.
"""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rookery", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rookery")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
