"""A live source through the tap: kept in time, dropped visibly when late, reconnected for ever."""

import os
import random
import select

from plainview.clock import Clock
from plainview.errors import SourceError
from plainview.vision.backlog import Backlog
from plainview.vision.branch import Branch
from plainview.vision.feed import (
    FIRST_ANSWER,
    Arrived,
    Broken,
    Changed,
    Closed,
    Feed,
    Item,
    Opened,
    Reported,
)
from plainview.vision.outlet import Outlet
from plainview.vision.packets import Gap, Packet, StreamEnd, StreamStart, Tick
from plainview.vision.sources import Source
from plainview.vision.spec import TapSpec
from plainview.vision.status import Status, note
from plainview.vision.streamclock import StreamClock, Wall

TICK = 0.25
"""Seconds of silence after which the lens is told the time."""
FIRST_RETRY, LONGEST_RETRY, GROWTH = 0.5, 5.0, 1.2
"""Seconds until the first new attempt and between the last, and how the wait grows."""
MOST_STUCK = 4
"""Connections that FFmpeg does not let go of (a name server that hangs) before the tap ends itself,
so that its parent starts a fresh one."""
LIVE_BATCH = 1 << 15
"""Bytes framed ahead of the pipe: what is framed cannot be dropped any more."""


class Backoff:
    """Seconds until the next attempt: soon at first, then ever longer up to a bound.

    Jittered, so that a hundred cameras behind one switch do not come back in step.
    """

    def __init__(self, generator: random.Random) -> None:
        """Jitter comes from `generator`."""
        self._random = generator
        self._next = FIRST_RETRY

    def reset(self) -> None:
        """The connection worked."""
        self._next = FIRST_RETRY

    def wait(self) -> float:
        """Seconds to wait now: 0.4 to 0.5 at first, 4 to 5 at last."""
        seconds = self._next * self._random.uniform(0.8, 1.0)
        self._next = min(LONGEST_RETRY, self._next * GROWTH)
        return seconds


class Live:
    """Owns one camera's connection, clock and backlog, from the first attempt to the last."""

    def __init__(
        self,
        spec: TapSpec,
        source: Source,
        outlet: Outlet,
        status: Status,
        clock: Clock,
        branch: Branch | None = None,
    ) -> None:
        """Nothing is opened yet. `branch` leads to the recorder, where there is one."""
        self._spec = spec
        self._source = source
        self._outlet = outlet
        self._branch = branch
        self._status = status
        self._time = clock
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._wall = Wall(clock.monotonic(), clock.utc())
        self._backlog = Backlog(spec.late)
        # Jitter needs no secrecy.
        self._backoff = Backoff(random.Random())  # noqa: S311
        self._feed: Feed | None = None
        self._abandoned: list[Feed] = []
        self._opened: Opened | None = None
        self._clock = StreamClock(1.0)
        self._again = self._heard = float("-inf")
        self._said = float("-inf")
        self._latest = 0
        self._connections = 0
        self._packets = self._broken = self._before = 0

    def run(self, descriptor: int | None) -> None:
        """Pass the source on until it ends for good. `descriptor` is the open file where it is one.

        Raises SourceError where it never can work, BrokenPipeError when the lens is gone. Returns
        without having told the end when FFmpeg hangs beyond rescue.
        """
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        poll.register(self._outlet.fd, 0)
        try:
            while self._turn(descriptor):
                poll.modify(self._outlet.fd, select.POLLOUT if self._outlet.pending else 0)
                for fd, what in poll.poll(TICK * 1000):
                    if fd == self._wake:
                        os.eventfd_read(self._wake)
                    elif what & select.POLLERR:
                        raise BrokenPipeError
        finally:
            if self._feed is not None:
                self._feed.cancel()

    def _turn(self, descriptor: int | None) -> bool:
        """Do all that is due now; False when it is over."""
        now = self._time.monotonic()
        if self._wall.update(now, self._time.utc()):
            # Time starts anew, and so must the stream, in which it never runs back.
            self._latest = 0
            if self._opened is not None:
                self._begin(self._opened, now)
        if self._feed is None and now >= self._again:
            self._feed = Feed(self._spec, self._source, self._wake, descriptor)
            self._heard = now + 2 * FIRST_ANSWER
        for item in self._feed.items() if self._feed is not None else ():
            if isinstance(item, Closed) and item.error is None:
                self._end()
                return False
            self._take(item, now)
        self._watch(now)
        self._speak(self._time.monotonic())
        if len(self._abandoned) > MOST_STUCK:
            self._status.set(connected=False, note=note(self._failure("hangs beyond rescue")))
            return False
        return True

    def _take(self, item: Item, now: float) -> None:
        offset = self._wall.offset
        if isinstance(item, Arrived):
            stamp = self._clock.stamp(item.pts, item.dts, item.arrival, offset)
            self._heard = max(self._heard, item.arrival)
            self._latest = max(self._latest, stamp.t)
            self._packets += 1
            packet = Packet(data=item.data, t=stamp.t, key=item.key)
            late = stamp.behind > self._spec.late
            self._backlog.add(packet, now, self._wall.at(now), late=late)
            if self._branch is not None:
                self._branch.add(packet, now, self._wall.at(now))
        elif isinstance(item, Broken):
            self._broken += 1
            self._heard = max(self._heard, item.arrival)
            self._tell(Gap(dropped=1, t=self._wall.at(now), reason="broken"), now)
        elif isinstance(item, Reported):
            self._clock.report(item.realtime, offset)
        elif isinstance(item, Changed):
            if self._opened is not None:
                self._opened = self._opened._replace(start=item.start)
            self._start(item.start, now)
        elif isinstance(item, Opened):
            self._connections += 1
            self._heard = now
            self._before = self._packets
            self._begin(item, now)
            again = max(0, self._connections - 1)
            self._status.set(connected=True, reconnects=again, note="")
        elif item.error is not None:
            self._lose(item.error, now)

    def _begin(self, opened: Opened, now: float) -> None:
        self._opened = opened
        self._clock = StreamClock(
            opened.time_base, own=opened.own_clock, scale=opened.scale, not_before=self._latest
        )
        self._start(opened.start, now)

    def _start(self, start: StreamStart, now: float) -> None:
        self._backlog.begin(start, now)
        if self._branch is not None:
            self._branch.begin(start, now)

    def _tell(self, gap: Gap, now: float) -> None:
        self._backlog.tell(gap, now)
        if self._branch is not None:
            self._branch.tell(gap, now)

    def _watch(self, now: float) -> None:
        """Give a connection up that brings nothing, though FFmpeg may still hold on to it."""
        if self._feed is None or now - self._heard <= self._spec.stall:
            return
        if self._source.kind == "file":
            return  # its pictures may lie further apart than a camera's
        self._lose(self._failure("sends nothing"), now)

    def _failure(self, what: str) -> SourceError:
        return SourceError(what, where=self._source.name, mend="Check the network and the camera")

    def _lose(self, error: SourceError, now: float) -> None:
        if self._source.kind == "file":
            raise error  # it will be no better for being opened again
        if self._feed is not None:
            self._feed.cancel()
            self._abandoned = [feed for feed in (*self._abandoned, self._feed) if feed.alive]
            self._feed = None
        if self._opened is not None:
            self._opened = None
            self._tell(Gap(dropped=0, t=self._wall.at(now), reason="lost"), now)
            self._said = float("-inf")  # and a tick, to say so at once
            if self._packets > self._before:
                self._backoff.reset()  # it worked, so it may well work again at once
        self._again = now + self._backoff.wait()
        self._status.set(connected=False, note=note(error))

    def _speak(self, now: float) -> None:
        """Hand the lens what it takes, and tell it the time when there is nothing else."""
        if self._branch is not None:
            self._branch.speak(now, self._wall.at(now))
        outlet, backlog = self._outlet, self._backlog
        backlog.shed(now, self._wall.at(now))
        while outlet.write():
            while outlet.pending < LIVE_BATCH and (message := backlog.take(now)) is not None:
                outlet.add(message)
                self._said = now
            if not outlet.pending:
                break
        if not outlet.pending and not backlog and now - self._said >= TICK:
            outlet.add(Tick(t=self._wall.at(now), connected=self._opened is not None))
            outlet.write()
            self._said = now
        self._status.count(
            packets=self._packets,
            broken=self._broken,
            late=backlog.dropped,
            drift_ppm=self._clock.drift_ppm,
        )
        if self._status.due():
            self._status.tell()

    def _end(self) -> None:
        """The file is over: hand over all that waits, then say so."""
        while len(self._backlog) or self._outlet.pending:
            self._speak(self._time.monotonic())
            self._outlet.write(TICK)
        self._outlet.add(StreamEnd())
        while not self._outlet.write(TICK):
            self._status.tell()
        self._status.set(connected=False, ended=True)
