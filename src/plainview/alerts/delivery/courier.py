"""The courier of one route: what is due is handed over, and what fails is tried again later."""

import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec import Struct, structs

from plainview.alerts.delivery.notice import Notice
from plainview.alerts.delivery.outbox import Outbox, opened
from plainview.alerts.delivery.route import (
    Refused,
    Route,
    RouteKind,
    Sender,
    may_send,
    quiet_until,
)
from plainview.clock import Clock
from plainview.errors import DeliveryFailed, StoreError
from plainview.store import KeptDelivery

BATCH: Final = 50
"""Notices that are taken at once; what became of them is written in one step."""
SOON: Final = 1.0
"""Seconds after which the first failure is tried again, at most; twice as many after each."""
LATEST: Final = 300.0
"""Seconds between two tries at most."""
BROKEN_AFTER: Final = 3
"""Failures in a row after which a route counts as broken."""
TENDED: Final = frozenset({RouteKind.MQTT})
"""Kinds of route whose other side is looked after although there is nothing to tell: it tells
others whether this program is there, and keeps what holds now."""
AGAIN: Final = 5.0
"""Seconds from one failure to the next try, at least, where there is something new to tell."""
AWAY: Final = 30.0
"""Seconds for which the other side may be away while there is nothing to tell: it may restart."""
_IDLE: Final = 1.0
"""Seconds after which is looked for what quiet hours or a rate limit held back."""
_STEP: Final = 5.0
"""Seconds by which the clock must be set for all waiting times to be forgotten."""
_log = structlog.get_logger(__name__)


class RouteState(Struct, frozen=True):
    """How a route does."""

    delivered: int = 0
    """Since the start."""
    failed: int = 0
    """Tries, since the start."""
    last: float | None = None
    """UTC seconds of the last notice that was handed over."""
    in_a_row: int = 0
    """Failures since then."""
    since: float = 0.0
    """Monotonic seconds of the first of these."""
    retry: float | None = None
    """UTC seconds of the next try, where the last failed."""
    trouble: str = ""
    """Why the last try failed; empty where it did not."""
    broken: bool = False


class Courier:
    """Owns the thread and the sender of one route. A route that hangs holds up no other."""

    def __init__(
        self,
        route: Route,
        sender: Callable[[], Sender],
        outbox: Outbox,
        clock: Clock,
        *,
        chance: random.Random,
        on_broken: Callable[[Route, str], None] = lambda _route, _why: None,
    ) -> None:
        """Deliver `route`'s notices by what `sender` opens, from `start` on.

        `on_broken` is told why a route is broken, and an empty reason once it works again.
        """
        self.route = route
        self._open, self._outbox, self._clock = sender, outbox, clock
        self._chance, self._on_broken = chance, on_broken
        self._sender: Sender | None = None
        self._sent: deque[float] = deque(maxlen=max(route.most_per_minute, 1))
        """Monotonic seconds of what a rate limit counts."""
        self._paused_until = float("-inf")
        """Monotonic seconds before which nothing is tried."""
        self._failed_at = float("-inf")
        """Monotonic seconds of the last failure of the route."""
        self._offset = clock.utc() - clock.monotonic()
        self.state = RouteState()
        self._lost = False
        """Whether nobody was there when that was last looked at."""
        self._stop = threading.Event()
        self._using = threading.Lock()
        """Of the sender: a test may come while the thread delivers."""
        self._counting = threading.Lock()
        """Of the state, for the same reason."""
        self._thread = threading.Thread(target=self._run, name=f"route {route.name}", daemon=True)

    def start(self, *, broken: str = "") -> None:
        """Deliver from now on. `broken`: why the route was, and is until something arrives."""
        if broken:
            self.state = RouteState(trouble=broken, broken=True)
            self._lost = True
        self._thread.start()

    def close(self, seconds: float = 5.0) -> None:
        """Deliver no more. What is being handed over may take `seconds` to end."""
        self._stop.set()
        self._outbox.wake(self.route.name)
        if self._thread.is_alive():
            self._thread.join(seconds)
        if self._using.acquire(timeout=seconds):
            try:
                self._let_go()
            finally:
                self._using.release()

    def _run(self) -> None:
        fresh, new = True, False
        while not self._stop.is_set():
            try:
                if fresh:
                    self._outbox.resume(self.route.name)
                    fresh = False
                more = self.turn(new=new)
            except StoreError as error:
                _log.error("deliveries cannot be looked up", why=error.line())
                more = False
            except Exception as error:  # noqa: BLE001 - logged, counted and shown; see below
                # A defect in one route's sender must neither end it for good nor pass unseen.
                _log.exception("a delivery failed", route=self.route.name)
                self._failed(f"{type(error).__name__}: see the log")
                more = False
            new = not more and self._outbox.wait(self.route.name, _IDLE)

    # --- one turn --------------------------------------------------------------------------------

    def turn(self, *, new: bool = False) -> bool:
        """Hand over what is due now; whether there may be more. Raises StoreError.

        `new`: something came. It is tried although what failed before waits for longer, AGAIN
        seconds after that failed at the earliest: a route that is back takes an alarm at once.
        """
        if new:
            self._paused_until = min(self._paused_until, self._failed_at + AGAIN)
        self._watch_clock()
        if self._clock.monotonic() < self._paused_until or not self._tend():
            return False
        due = self._outbox.due(self.route.name, BATCH)
        done: list[KeptDelivery] = []
        later: list[KeptDelivery] = []
        try:
            for one in due:
                if self._stop.is_set() or not self._one(one, done, later):
                    return False
        finally:
            self._outbox.delivered(done)
            self._outbox.postponed(later)
        return len(due) == BATCH

    def _tend(self) -> bool:
        """Whether who is behind the route is there, as far as can be seen. Raises StoreError."""
        if self.route.kind not in TENDED:
            return True
        try:
            with self._using:
                self._sender = self._sender or self._open()
                try:
                    self._sender.tend(lambda: self._outbox.told(self.route.name))
                except BaseException:
                    self._let_go()
                    raise
        except DeliveryFailed as error:
            self._lost = True
            needed = bool(self._outbox.due(self.route.name, 1))
            self._failed(error.line(), least=0.0 if needed else AWAY)
            return False
        if self._lost:
            self._lost = False
            self._mended()
        return True

    def _watch_clock(self) -> None:
        """Forget all waiting times when the clock was set: they are in its old time."""
        offset = self._clock.utc() - self._clock.monotonic()
        if abs(offset - self._offset) > _STEP:
            self._outbox.resume(self.route.name)
        self._offset = offset

    def _one(self, one: KeptDelivery, done: list[KeptDelivery], later: list[KeptDelivery]) -> bool:
        """Deal with one delivery; whether the next may be looked at."""
        now, moment = self._clock.utc(), self._clock.monotonic()
        try:
            notice = opened(one)
        except StoreError as error:
            # Left where it is, and out of the way of others.
            held = round((now + LATEST) * 1000)
            later.append(structs.replace(one, error=error.line(), due=held))
            return True
        if not one.urgent:
            quiet = quiet_until(self.route, notice.timezone, now)
            if quiet is not None:
                later.append(structs.replace(one, due=round(quiet * 1000)))
                return True
            if not may_send(self._sent, self.route.most_per_minute, moment):
                return False
        try:
            self._hand_over(notice)
        except DeliveryFailed as error:
            wait = self._wait(one.tries)
            here_only = isinstance(error, Refused)
            later.append(
                structs.replace(
                    one,
                    tries=one.tries + 1,
                    error=error.line(),
                    t=round(now * 1000),
                    due=round((now + wait) * 1000) if here_only else 0,
                )
            )
            self._failed(error.line(), pause=not here_only)
            return here_only
        if not one.urgent:
            self._sent.append(moment)
        done.append(one)
        self._worked()
        return True

    def _hand_over(self, notice: Notice) -> None:
        with self._using:
            if self._sender is None:
                self._sender = self._open()
            try:
                self._sender.send(notice)
            except Refused:
                raise
            except BaseException:
                # A connection that failed is not trusted again: the next try makes a new one.
                self._let_go()
                raise

    def _let_go(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()

    def test(self, notice: Notice) -> None:
        """Hand `notice` over now, past quiet hours, rate limit and pause. Raises DeliveryFailed.

        It counts: a failure as one of those after which a route is broken, success as its end.
        """
        try:
            self._hand_over(notice)
        except DeliveryFailed as error:
            self._failed(error.line(), pause=False)
            raise
        self._paused_until = float("-inf")
        self._worked()
        self._outbox.wake(self.route.name)

    # --- how it does -----------------------------------------------------------------------------

    def _wait(self, tries: int) -> float:
        """Seconds to the next try: doubled with each, and up to half of it left to chance.

        So that what failed together does not come back together.
        """
        longest = min(SOON * 2.0 ** min(tries, 16), LATEST)
        return longest * self._chance.uniform(0.5, 1.0)

    def _failed(self, why: str, *, pause: bool = True, least: float = 0.0) -> None:
        with self._counting:
            was, moment = self.state, self._clock.monotonic()
            wait = self._wait(was.in_a_row)
            if pause:
                self._paused_until, self._failed_at = moment + wait, moment
            since = was.since if was.in_a_row else moment
            lasted = moment - since >= max(self.route.patience, least)
            failed = was.in_a_row + 1 >= BROKEN_AFTER and lasted
            self.state = structs.replace(
                was,
                failed=was.failed + 1,
                in_a_row=was.in_a_row + 1,
                since=since,
                trouble=why,
                retry=self._clock.utc() + wait if pause else was.retry,
                broken=was.broken or failed,
            )
            now = self.state
        if why != was.trouble:
            _log.error("alerts are not delivered", route=self.route.name, why=why)
        if now.broken and not was.broken:
            self._on_broken(self.route, why)

    def _worked(self) -> None:
        with self._counting:
            was = self.state
            self.state = structs.replace(was, delivered=was.delivered + 1, last=self._clock.utc())
        self._mended()

    def _mended(self) -> None:
        with self._counting:
            was = self.state
            self.state = structs.replace(was, in_a_row=0, retry=None, trouble="", broken=False)
        if was.broken:
            self._on_broken(self.route, "")


def close_all(couriers: Sequence[Courier]) -> None:
    """Close them side by side, so that many which hang take no longer than one."""
    threads = [threading.Thread(target=courier.close) for courier in couriers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
