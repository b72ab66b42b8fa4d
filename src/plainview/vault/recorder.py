"""Records: each camera's packets into the sealed file of its hour, unreadable to itself.

Order, so that no crash leaves what nobody can place: slot, durably; file; its name, durably.
Packets are acknowledged by nobody; what is older than `FLUSH` seconds is on disk.
"""

import errno
import os
from typing import Final

from msgspec import Struct

from plainview.clock import Clock
from plainview.durable import sync_folder
from plainview.errors import VaultError
from plainview.vault.age import Random
from plainview.vault.disk import RESERVE, Room
from plainview.vault.lateness import Lateness
from plainview.vault.layout import HOUR, Layout, day_of
from plainview.vault.ring import CUT, Ring
from plainview.vault.segment import Key, Writer
from plainview.vault.stream import Label

FLUSH: Final = 4.0
"""Seconds after which what came is on disk."""
SHORTEST: Final = 2 * HOUR
"""Seconds of the shortest term: an hour must be closed before its key is destroyed."""
_OVER: Final = 60
"""Seconds after its hour for which a recording waits for a packet to begin the next with."""
_TRUSTED: Final = 300
"""Seconds by which a packet's time may differ from the clock and still decide about its hour."""
_AGAIN: Final = 3.0


class CameraReport(Struct, frozen=True, forbid_unknown_fields=True):
    """One camera's recording, as its parent is told."""

    recording: bool
    why: str = ""
    """Why it does not record."""
    bytes: int = 0
    """Sealed since the recorder started."""
    dropped: int = 0
    """Messages that came and were not recorded."""


class _Camera:
    """Owns one camera's open recording."""

    def __init__(self, term: float) -> None:
        self.term = term
        self.writer: Writer | None = None
        self.ring: Ring | None = None
        self.place = 0
        self.flushed = 0.0
        self.again = float("-inf")
        self.why = "nothing has come yet"
        self.bytes = self.dropped = 0


class Recorder:
    """Owns the open recordings and rings of one machine. One at a time: see `layout.alone`."""

    def __init__(
        self,
        layout: Layout,
        clock: Clock,
        *,
        bound: int,
        reserve: int = RESERVE,
        random: Random = os.urandom,
    ) -> None:
        """`bound`: bytes that all recordings may take; `reserve`: bytes to leave free."""
        self._layout = layout
        self._clock = clock
        self._random = random
        self._rings: dict[str, Ring] = {}
        self._cameras: dict[str, _Camera] = {}
        self._late = Lateness(layout, clock)
        self._room = Room(layout.data, bound, clock, reserve=reserve)

    def expect(self, camera: str, term: float) -> None:
        """What comes of `camera` is to be kept for `term` seconds from now on."""
        known = self._cameras.get(camera)
        if known is not None and known.term != term:
            self._end(known)
            known.term = term
        self._cameras.setdefault(camera, _Camera(term))

    def forget(self, camera: str) -> None:
        """Nothing more comes of `camera`: end its recording."""
        known = self._cameras.pop(camera, None)
        if known is not None:
            self._end(known)

    def put(self, camera: str, message: bytes, t: int | None, *, entry: bool) -> None:
        """Take a message of the time `t` (microseconds UTC); an entry can begin a recording.

        Raises nothing that a disk or a packet causes: it is told in `reports`.
        """
        one = self._cameras[camera]
        now = self._clock.utc()
        at = now if t is None or abs(t / 1e6 - now) > _TRUSTED else t / 1e6
        hour = int(at) // HOUR * HOUR
        try:
            if one.writer is not None:
                over = one.writer.label.hour != hour
                if over and (entry or at > one.writer.label.hour + HOUR + _OVER):
                    self._end(one)
            if one.writer is None and not (entry and self._begin(camera, one, hour)):
                one.dropped += 1
                return
            assert one.writer is not None  # noqa: S101 - begun above
            before = one.writer.size
            one.writer.put(message, t, entry=entry)
            self._count(one, one.writer.size - before)
        except (OSError, VaultError) as error:
            one.dropped += 1
            self._fail(one, error)

    def turn(self) -> None:
        """Put on disk what is due, and end what may not go on. To be called every second or so."""
        stop = self._late.why() or self._room.why()
        now, utc = self._clock.monotonic(), self._clock.utc()
        for one in self._cameras.values():
            if one.writer is None:
                continue
            if stop or utc > one.writer.label.hour + HOUR + 2 * _OVER:
                self._end(one)
                one.why = stop
            elif now - one.flushed >= FLUSH:
                self._flush(one, now)
        self._close_rings(utc)

    def close(self) -> None:
        """End every recording in order."""
        for one in self._cameras.values():
            self._end(one)
        for ring in self._rings.values():
            ring.close()
        self._rings.clear()

    def reports(self) -> dict[str, CameraReport]:
        """What each camera's recording is like now."""
        return {
            name: CameraReport(one.writer is not None, one.why, one.bytes, one.dropped)
            for name, one in self._cameras.items()
        }

    def _begin(self, camera: str, one: _Camera, hour: int) -> bool:
        """Begin a recording of `hour`, if it may be. Raises OSError, VaultError."""
        now = self._clock.monotonic()
        if now < one.again:
            return False
        one.again = now + _AGAIN  # unless it succeeds
        one.why = self._refusal(one)
        if one.why:
            return False
        ring = self._ring(day_of(hour))
        part = 0
        while (path := self._layout.recording(ring.name, camera, hour, part)).exists():
            part += 1
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, mode=0o700)
            sync_folder(path.parent.parent)
            sync_folder(self._layout.data)
        due = hour + round(one.term)
        label = Label(ring.name, camera, hour, part)
        key = Key(ring.public, label, self._random)
        place = ring.add(camera, hour, part, due, key.wrapped)
        try:
            one.writer = Writer(path, label, key.payload)
            sync_folder(path.parent)
        except OSError:
            ring.destroy([place])
            if one.writer is not None:
                one.writer.abandon()
                one.writer = None
                path.unlink(missing_ok=True)
            raise
        self._late.added(ring.name, due)
        one.ring, one.place = ring, place
        one.flushed, one.again = now, float("-inf")
        return True

    def _refusal(self, one: _Camera) -> str:
        if one.term < SHORTEST:
            return "its permit keeps footage for less than two hours, which hours cannot be kept by"
        return self._late.why() or self._room.why()

    def _ring(self, name: str) -> Ring:
        if name not in self._rings:
            self._rings[name] = Ring(self._layout.keys / name)
        return self._rings[name]

    def _flush(self, one: _Camera, now: float) -> None:
        writer = one.writer
        assert writer is not None  # noqa: S101 - asked by `turn`
        before = writer.size
        try:
            writer.flush()
        except OSError as error:
            self._fail(one, error)
        else:
            one.flushed = now
            self._count(one, writer.size - before)

    def _count(self, one: _Camera, count: int) -> None:
        one.bytes += count
        if count:
            self._room.wrote(count)

    def _end(self, one: _Camera) -> None:
        writer, ring = one.writer, one.ring
        if writer is None or ring is None:
            return
        try:
            writer.close()
        except OSError as error:
            self._fail(one, error)
            return
        one.writer = one.ring = None
        ring.end(one.place)

    def _fail(self, one: _Camera, error: OSError | VaultError) -> None:
        """Leave the recording cut at its last whole chunk, and try again later."""
        if one.writer is not None and one.ring is not None:
            one.writer.abandon()
            one.ring.end(one.place, CUT)
        one.writer = one.ring = None
        one.again = self._clock.monotonic() + _AGAIN
        if isinstance(error, VaultError):
            one.why = error.line()
            return
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            self._room.refused()
        one.why = self._room.full or f"the disk refuses it ({error.strerror})"

    def _close_rings(self, utc: float) -> None:
        used = {one.ring.name for one in self._cameras.values() if one.ring is not None}
        for name in set(self._rings) - used - {day_of(utc)}:
            self._rings.pop(name).close()
