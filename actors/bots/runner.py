"""Events in, handlers run, rows settled: one incarnation of a bot at work.

The way of an event: `take` matches it and puts it into the lane of its chat; `serve`
runs when its turn comes; `ended` hears how that went and settles the row. Whatever a
handler does, it is the outcome of that one event.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import structlog
import trio

from actors.bots.asking import Questions
from actors.bots.binding import forget_bound
from actors.bots.context import Context
from actors.bots.errors import HandlerExited, HandlerTimedOut, NoAnswer
from actors.bots.failing import from_author, is_ordinary, one_line
from actors.bots.gate import Gate
from actors.bots.handlers import Handler
from actors.bots.matching import MESSAGE, Match
from actors.bots.middleware import compose
from actors.bots.ports import HandlerFault
from actors.bots.speech import returned
from actors.bots.threads import Threads
from actors.bots.turn import LaneKey, Shared, Turn, TurnJob, lane_of
from actors.bots.voice import Voice
from actors.journal import InboundRow
from actors.kernel import current_turn
from actors.lanes import Ended, Lanes, LanesClosed, LanesFull
from actors.messages import InboundState
from actors.router import IN_VAIN, Settle, unwanted
from actors.schedule import DUE

if TYPE_CHECKING:
    from actors.bots.desk import BotDesk

MARGIN_SECONDS = 1.0
"""By how much the deadline of a lane is later than those that its runs keep themselves."""

_BROKEN_OFF = (Ended.UNSTARTED, Ended.INTERRUPTED)

log = structlog.get_logger()


class Runner:
    """Runs the handlers of one incarnation. `lanes` is set before the first event."""

    lanes: Lanes[LaneKey, Turn]

    def __init__(
        self, voice: Voice, desk: BotDesk, dependencies: Mapping[str, object]
    ) -> None:
        self._voice = voice
        self._name = voice.name
        self._desk = desk
        self._table = voice.bot.table()
        self._gate = Gate(voice)
        self._questions = Questions()
        self._threads = Threads()
        self._given = {
            handler: {
                parameter: dependencies[name]
                for parameter, name in handler.signature.uses.items()
            }
            for handler in voice.bot.handlers
        }
        around = voice.bot.middlewares
        self._around = compose(around, self._innermost) if around else None
        # Handlers that most events are for: nothing stands before or around them.
        self._plain = frozenset(
            handler for handler in voice.bot.handlers if handler.is_plain and not around
        )
        self._shared = Shared(
            self._name, self._questions, current_turn.get(), desk.eased
        )
        # The bound method: it is read for every event.
        self._clock = trio.lowlevel.current_clock().current_time

    # --- the desk's side ---------------------------------------------------------------

    @property
    def events(self) -> frozenset[str]:
        return self._table.events

    def awaits(self, row: InboundRow) -> bool:
        return self._questions.awaits(row)

    def take(self, row: InboundRow, settle: Settle, deaths: int = 0) -> None:
        """Put *row* into the lane of its chat, if anybody here wants it."""
        if self._questions.open and self._questions.take(row):
            settle(InboundState.DONE, "an answer")
            return
        event = row.event
        lane = lane_of(row)
        matches = self._table.match(event)
        # A message nobody listens to may still be the answer to a question that a
        # handler before it in this lane is about to ask: people type ahead.
        if not matches and not (
            event.event == MESSAGE and self.lanes.busy(lane, row.platform)
        ):
            if event.event == DUE:
                self._drop_run(row)
            settle(*unwanted(event, IN_VAIN))
            return
        limit = _limit(matches)
        turn = Turn(self._shared, row, settle, matches, limit=limit, deaths=deaths)
        try:
            self.lanes.put(
                lane,
                turn,
                within=limit,
                trace=row.trace,
                group=row.platform,
                level=row.priority,
            )
        except LanesClosed:
            self._desk.give_back(row, settle, deaths)
        except LanesFull as full:
            settle(InboundState.FAILED, str(full))

    def _drop_run(self, row: InboundRow) -> None:
        """Settle a run whose handler is not there: the bot was changed in the meantime."""
        log.warning(
            "schedule.run_dropped",
            why="no such handler",
            bot=self._name,
            handler=row.event.facts.get("handler"),
            trace=row.trace,
        )

    def is_at(self, row: InboundRow) -> bool:
        return self.lanes.busy(lane_of(row), row.platform)

    async def calm(self, within: float) -> bool:
        return await self.lanes.calm(within)

    async def drain(self, within: float) -> bool:
        return await self.lanes.drain(within)

    # --- the lanes' side ---------------------------------------------------------------

    async def serve(self, job: TurnJob) -> None:
        """Handle one event: the body of the lanes."""
        turn = job.item
        turn.job = job
        row = turn.row
        if self._questions.open and self._questions.take(row):
            turn.why = "an answer"
            return
        workers = current_turn.get()
        current_turn.set(turn)
        forget_bound()
        try:
            # The usual event first, because a call more is felt here: it is for one
            # handler that is plain, and its words fit. All others take the long way.
            match = self._plain_match(turn)
            if match is None:
                await self._serve_any(turn)
                return
            handler = match.handler
            turn.handler = handler.name
            ctx = Context(self._voice, turn, row, handler.name)
            given = self._given[handler]
            if given or match.values:
                value = await handler.function(ctx, **match.values, **given)
            else:
                value = await handler.function(ctx)
            if value is not None:
                await self._say_returned(turn, handler, value)
        except BaseException as error:
            if is_ordinary(error):
                raise
            raise HandlerExited(turn.handler, repr(error)) from error
        finally:
            current_turn.set(workers)

    def ended(self, job: TurnJob, how: Ended) -> None:
        """Settle the row of a turn that is over."""
        turn = job.item
        turn.end()
        match how:
            case Ended.DONE:
                turn.settle(turn.state, turn.why)
            case Ended.TIMED_OUT:
                self._fail(turn, HandlerTimedOut(turn.handler, turn.limit))
            case Ended.RAISED:
                self._fail(turn, job.error)
            case Ended.UNSTARTED:
                self._desk.give_back(turn.row, turn.settle, turn.deaths)
            case Ended.INTERRUPTED if turn.was_parked:
                # Whoever was asked has seen the question; it is not asked again.
                turn.settle(InboundState.FAILED, "interrupted")
            case Ended.INTERRUPTED:
                # Run again by the next incarnation: what it said before has its key.
                self._desk.give_back(turn.row, turn.settle, turn.deaths + 1)
        if how not in _BROKEN_OFF:  # else all of it is handed on together
            self._desk.eased()

    def _plain_match(self, turn: Turn) -> Match | None:
        """Return the one match of a turn that needs no second look, or `None`."""
        if len(turn.matches) != 1:
            return None
        match = turn.matches[0]
        handler = match.handler
        if (
            handler in self._plain
            and match.wrong is None
            and match.broken is None
            and self._clock() - turn.row.received_at <= handler.max_age
        ):
            return match
        return None

    async def _serve_any(self, turn: Turn) -> None:
        """Handle one event, whatever stands before and around its handlers."""
        if not turn.matches:
            turn.why = IN_VAIN
            return
        turn.matches = await self._gate.admitted(turn)
        if not turn.matches:
            return
        if self._around is None:
            await self._run_all(turn)
        else:
            turn.handler = "middleware"
            await self._around(Context(self._voice, turn, turn.row, turn.handler))

    # --- handlers ----------------------------------------------------------------------

    async def _innermost(self, ctx: Context) -> None:
        await self._run_all(ctx._turn)  # noqa: SLF001 - what a middleware passes on

    async def _run_all(self, turn: Turn) -> None:
        """Run every handler of the event; what they raise comes after the last one."""
        matches = turn.matches
        if len(matches) == 1:
            await self._run(turn, matches[0], alone=True)
            return
        errors: list[Exception] = []
        failed: list[str] = []
        for match in matches:
            try:
                await self._run(turn, match, alone=False)
            except Exception as error:  # noqa: BLE001 - the other handlers are not to blame
                errors.append(error)
                failed.append(turn.handler)
        if errors:
            turn.handler = ", ".join(failed)
            if len(errors) == 1:
                raise errors[0]
            msg = f"{len(errors)} handlers of one event failed"
            raise ExceptionGroup(msg, errors)

    async def _run(self, turn: Turn, match: Match, *, alone: bool) -> None:
        handler = match.handler
        turn.handler = handler.name
        if match.broken is not None:
            raise match.broken
        if alone and not handler.retry:
            # The lane's deadline is this handler's: no scope of its own is needed.
            await self._call(turn, match)
            return
        for attempt in range(handler.retry + 1):
            try:
                await self._call_in_scope(turn, match)
            except Exception as error:
                if attempt == handler.retry:
                    raise
                log.warning(
                    "handler.retried",
                    handler=handler.name,
                    attempt=attempt + 1,
                    error=one_line(error),
                )
            else:
                return

    async def _call_in_scope(self, turn: Turn, match: Match) -> None:
        timeout = match.handler.timeout
        with trio.move_on_after(timeout) as scope:
            turn.scope = scope
            await self._call(turn, match)
        turn.scope = None
        if scope.cancelled_caught:
            raise HandlerTimedOut(match.handler.name, timeout)

    async def _call(self, turn: Turn, match: Match) -> None:
        handler = match.handler
        is_async = handler.signature.is_async
        ctx = Context(self._voice, turn, turn.row, handler.name, in_thread=not is_async)
        given = self._given[handler]
        call = partial(handler.function, ctx, **match.values, **given)
        try:
            value = await (call() if is_async else self._threads.run(handler, call))
        except BaseException as error:
            if is_ordinary(error):
                raise
            raise HandlerExited(handler.name, repr(error)) from error
        if value is not None:
            await self._say_returned(turn, handler, value)

    async def _say_returned(self, turn: Turn, handler: Handler, value: object) -> None:
        body = returned(handler.name, value)
        if body is not None:
            ctx = Context(self._voice, turn, turn.row, handler.name)
            await ctx.reply(*body, key="returned")

    # --- what went wrong ---------------------------------------------------------------

    def _fail(self, turn: Turn, error: BaseException | None) -> None:
        row = turn.row
        why = one_line(error)
        from_author(error)
        turn.settle(InboundState.FAILED, why)
        about = {
            "bot": self._name,
            "handler": turn.handler,
            "trace": row.trace,
            "platform": row.platform,
            "account": row.account,
            "chat": str(row.event.chat or ""),
        }
        if isinstance(error, NoAnswer):
            # People walk away. That is no fault of anybody's code.
            log.info("handler.not_answered", why=why, **about)
            return
        log.error("handler.failed", why=why, row=row.seq, exc_info=error, **about)
        fault = HandlerFault(why=why, row=row.seq, error=error, **about)
        self._voice.services.on_fault(fault)


def _limit(matches: tuple[Match, ...]) -> float:
    """Return the lane's deadline: the handler's own, or one beyond those of many runs."""
    if len(matches) == 1:
        handler = matches[0].handler
        if not handler.retry:
            return handler.timeout
    runs = (match.handler.timeout * (match.handler.retry + 1) for match in matches)
    return sum(runs) + MARGIN_SECONDS
