"""What the author of a platform writes: how one session goes, and how something is said.

To say something is `Platform.send`; or, where a session makes something to say it with,
the `send` of a `Speaker`. Redialling, journal, dedup, receipts, liveness, correlation and
clean-up belong to the host: see `Link`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import (
    TYPE_CHECKING,
    ClassVar,
    Final,
    Generic,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
)

from actors.messages import Emoji, Outbound
from actors.sender import Leave, Sent, Told
from platforms.base.answers import Answer
from platforms.base.caps import Caps
from platforms.base.config import PlatformConfig
from platforms.base.objects import Frame

if TYPE_CHECKING:
    from platforms.base.door import Door
    from platforms.base.link import Link
    from platforms.base.talk import Settled

LONGEST_SECONDS: Final = 300.0
"""The longest pause between two attempts to connect, whatever a platform asks for."""

ConfigT_co = TypeVar("ConfigT_co", bound=PlatformConfig, covariant=True)


class Platform(ABC, Generic[ConfigT_co]):
    """One entry of the configuration's `[platforms]`; outlives every session of it.

    It keeps no state of a session: that lives in the coroutine `session` itself, and in
    what that makes.
    """

    name: ClassVar[str]
    """What a configuration says as `type`."""
    config_type: ClassVar[type[PlatformConfig]]
    """Its configuration. Taken from `Platform[CONFIG]`: to be set only where that is not
    written so."""
    caps: ClassVar[Caps] = Caps()
    local: ClassVar[bool] = False
    """Whoever speaks there sits where the host runs, and is its operator."""
    singleton: ClassVar[bool] = False
    """It uses something of which the host has only one, such as its terminal: there may
    be one entry of this type in a configuration."""
    redials_after: ClassVar[float] = 1.0
    """The longest pause, in seconds, before the first attempt after a session; it doubles
    with each one that fails, up to `LONGEST_SECONDS`. To be set higher where a server shuts
    out whoever dials too fast."""

    def __init__(self, config: ConfigT_co) -> None:
        self._config = config

    def __init_subclass__(cls, **options: object) -> None:
        super().__init_subclass__(**options)
        if not 0 < cls.redials_after <= LONGEST_SECONDS:
            msg = f"{cls.__name__}.redials_after must be seconds above 0, up to {LONGEST_SECONDS:g} (got {cls.redials_after!r})"
            raise ValueError(msg)
        for base in getattr(cls, "__orig_bases__", ()):
            if getattr(base, "__origin__", None) is Platform:
                [config] = get_args(base)
                if isinstance(config, type) and "config_type" not in vars(cls):
                    cls.config_type = config

    @property
    def config(self) -> ConfigT_co:
        """The table in the file. Keys marked `LIVE` may change while a session runs."""
        return self._config

    def reconfigure(self, config: PlatformConfig) -> None:
        """Take a configuration of which only `LIVE` keys differ. The host calls it."""
        self._config = cast(ConfigT_co, config)

    @property
    def listens(self) -> bool:
        """Whether peers dial us: then `listen` runs, and accounts appear as they come."""
        return False

    async def listen(self, door: Door) -> None:
        """Accept peers and hand each to its account through *door*.

        Lives as long as the port is open; runs beside the sessions. Only called where
        `listens` is true.
        """
        raise NotImplementedError

    def answer_of(self, frame: Frame) -> Answer[Settled] | None:
        """Return the answer that *frame* is to a `link.request`; `None`: it is none.

        Pure. The host asks it about each frame of a `link.websocket` before the session
        hears of that, so that answers never wait behind events.
        """
        return None

    @abstractmethod
    async def session(self, link: Link) -> None:
        """Live one connection of one account.

        Return or raise when it ends; the supervisor decides whether and when there is
        another one. See `platforms.base.ends` for what the exceptions mean.
        """

    @property
    def speaks(self) -> bool:
        """Whether it has a `send` of its own. Else each session has to say what speaks
        for it: `Link.speaks_through`.
        """
        return getattr(self.send, "__func__", None) is not Platform.send

    async def send(self, link: Link, out: Outbound) -> Sent:
        """Say *out* and return once the platform has answered.

        Write it where *link* is all that is needed to say something. Where a session makes
        an object for that, a `Speaker`, this one and the methods below are left alone, and
        the speaker has its own: see `Link.speaks_through`.

        Raises:
            Retry: nothing went out.
            Rejected: nothing went out, and never will.
            OutcomeUnknown: it may have gone out.
        """
        return await link.speaker.send(out)

    def begin(self, link: Link, out: Outbound, told: Told) -> Leave | None:
        """Say *out* in this very call, if that can be done, and call *told* with its answer.

        Only worth writing where messages come by the thousand: it saves waking a task
        for each. See `Line.begin`. Returning `None` means that it was not taken, and it
        goes to `send`; a platform with a `send` and no `begin` of its own takes none.
        """
        return None if self.speaks else link.speaker.begin(out, told)

    async def edit(self, link: Link, out: Outbound, message: str) -> Sent:
        """Say `out.body` in the place of what *message* of ours says.

        Asked for where `caps.edits` is true. The body is fitted as for `send`, and cut
        where it is too long for one message. Answers and raises as `send` does; which id
        it answers makes no difference.
        """
        return await link.speaker.edit(out, message)

    async def delete(self, link: Link, out: Outbound, message: str) -> Sent:
        """Take *message* back, ours or, where the platform lets us, another's.

        Asked for where `caps.deletes` is true. Answers and raises as `send` does.
        """
        return await link.speaker.delete(out, message)

    async def react(
        self,
        link: Link,
        out: Outbound,
        message: str,
        emoji: str | Emoji,
        *,
        remove: bool,
    ) -> Sent:
        """Put *emoji* below *message*, or take ours away again.

        Asked for where `caps.reacts` is true. Answers and raises as `send` does. A str is
        the character itself; an `Emoji` is one of the platform's own, by its id.
        """
        return await link.speaker.react(out, message, emoji, remove=remove)

    async def call(
        self, link: Link, action: str, params: Mapping[str, object]
    ) -> object:
        """Call one of the platform's own actions by name; see `Actions`."""
        return await link.speaker.call(action, params)


AnyPlatform: TypeAlias = Platform[PlatformConfig]
"""Any platform at all."""
