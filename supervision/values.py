"""The words of a restart policy, as OTP has them.

`ONE_FOR_ONE`, `PERMANENT`, `BRUTAL` and the rest are exported by name, because a
spec is read far more often than it is written.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, TypeAlias


class Strategy(Enum):
    """Who is restarted when one child has to be.

    | strategy     | restarted, "it" being the child that ended                    |
    | ------------ | ------------------------------------------------------------- |
    | ONE_FOR_ONE  | it alone                                                      |
    | ONE_FOR_ALL  | all: stopped in reverse, then started in order                |
    | REST_FOR_ONE | it and those started after it                                 |
    | DYNAMIC      | it alone; all children are instances of one template, started |
    |              | at run time and stopped all at once (OTP: simple_one_for_one) |
    """

    ONE_FOR_ONE = "one_for_one"
    ONE_FOR_ALL = "one_for_all"
    REST_FOR_ONE = "rest_for_one"
    DYNAMIC = "dynamic"


class Restart(Enum):
    """Which exits of a child lead to a restart.

    | exit                                                   | PERMANENT | TRANSIENT | TEMPORARY |
    | ------------------------------------------------------ | --------- | --------- | --------- |
    | Normal, Shutdown                                       | restart   | stay down | forget    |
    | Crash, Killed, Zombie, StartFailed of a later start     | restart   | restart   | forget    |
    | NeedsOperator                                          | stay down | stay down | forget    |
    """

    PERMANENT = "permanent"
    TRANSIENT = "transient"
    TEMPORARY = "temporary"


class AutoShutdown(Enum):
    """Whether a supervisor ends by itself once significant children have ended."""

    NEVER = "never"
    ANY_SIGNIFICANT = "any_significant"
    ALL_SIGNIFICANT = "all_significant"


class Brutal(Enum):
    """The type of `BRUTAL`: a child that is killed without being asked to stop."""

    BRUTAL = "brutal"


class Forever(Enum):
    """The type of `FOREVER`: no limit, to the time a child may take to stop or to the
    number of tries it gets.
    """

    FOREVER = "forever"


class Jitter(Enum):
    """Which part of a delay is left to chance: all of it, half of it, none."""

    FULL = "full"
    EQUAL = "equal"
    NONE = "none"


Grace: TypeAlias = float | Brutal | Forever
"""How long a child may take to stop, in seconds, before it is killed."""

ONE_FOR_ONE: Final = Strategy.ONE_FOR_ONE
ONE_FOR_ALL: Final = Strategy.ONE_FOR_ALL
REST_FOR_ONE: Final = Strategy.REST_FOR_ONE
DYNAMIC: Final = Strategy.DYNAMIC
PERMANENT: Final = Restart.PERMANENT
TRANSIENT: Final = Restart.TRANSIENT
TEMPORARY: Final = Restart.TEMPORARY
NEVER: Final = AutoShutdown.NEVER
ANY_SIGNIFICANT: Final = AutoShutdown.ANY_SIGNIFICANT
ALL_SIGNIFICANT: Final = AutoShutdown.ALL_SIGNIFICANT
BRUTAL: Final = Brutal.BRUTAL
FOREVER: Final = Forever.FOREVER
FULL: Final = Jitter.FULL
EQUAL: Final = Jitter.EQUAL
"""Half of the delay for sure, half left to chance: when a floor matters."""

DEFAULT_WORKER_GRACE: Final = 5.0
