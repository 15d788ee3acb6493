"""What every test shares: hypothesis without a stopwatch, for no test may depend on speed."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "rookery", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("rookery")
