"""Speaking for a whole city as time goes by: each camera in its own moment, onto a bus."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from plainview.clock import Clock
from plainview.errors import BusFull
from plainview.record import CameraStatus, LensState, Stamped
from plainview.synth.city.voice import Voice

SLOTS = 50
"""Moments in a second at which whoever is due speaks."""
STATUS_EVERY = 60
"""Seconds between two statuses of a camera."""
_HELD = 0.01
"""Seconds until a Reading that the bus had no room for is offered again."""


class Mouth(Protocol):
    """What is spoken into: a bus is one."""

    def publish(self, camera: str, message: Stamped | CameraStatus) -> None:
        """Take `message`. Raises BusFull."""
        ...

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes]) -> int:
        """Take Readings by their encodings; how many, from the first on."""
        ...


class Stop(Protocol):
    """What tells the speaker to end; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether to end."""
        ...


class Speaker:
    """Owns the count of what was said. One thread runs `run`; any may read the counts."""

    def __init__(
        self, voice: Voice, mouth: Mouth, clock: Clock, *, encoded: bool, statuses: bool = True
    ) -> None:
        """Into `mouth`. `encoded`: by the encoding, many at once, as a site sends them."""
        self._voice, self._mouth, self._clock = voice, mouth, clock
        self._encoded, self._statuses = encoded, statuses
        slots: list[list[int]] = [[] for _ in range(SLOTS)]
        for camera, phase in enumerate(voice.phases):
            slots[phase * SLOTS // 1000].append(camera)
        self._slots = [_Slot(due, tuple(voice.names[k] for k in due), _turns(due)) for due in slots]
        self.offered = self.offered_bytes = self.held_back = self.statuses = 0
        self.seconds = 0
        """Whole seconds for which every camera has spoken."""
        self.late = 0.0
        """The most seconds by which a moment came too late."""

    def run(self, seconds: int, stop: Stop) -> None:
        """Speak for `seconds` from the voice's beginning on, as real time goes; less when stopped.

        Where the bus is full, everybody waits: nobody's Reading is dropped here.
        """
        for second in range(seconds):
            for slot, due in enumerate(self._slots):
                at = self._voice.base / 1000 + second + (slot + 1) / SLOTS
                wait = at - self._clock.utc()
                if wait > 0:
                    self._clock.sleep(wait)
                self.late = max(self.late, -wait)
                self._speak(due, second)
            self.seconds = second + 1
            if stop.is_set():
                return

    def _speak(self, slot: "_Slot", second: int) -> None:
        cameras, names = slot.cameras, slot.names
        if self._encoded:
            data = self._voice.speak_many(cameras, second)
            self._say_many(names, data)
            size = sum(map(len, data))
        else:
            size = self._say_each(cameras, names, second)
        if self._statuses:
            for camera in slot.turns[-second % STATUS_EVERY]:
                self._say(self._voice.names[camera], _status(self._voice.t(camera, second)))
                self.statuses += 1
        self.offered += len(cameras)
        self.offered_bytes += size

    def _say_each(self, cameras: Sequence[int], names: Sequence[str], second: int) -> int:
        size = 0
        for camera, name in zip(cameras, names, strict=True):
            reading, data = self._voice.speak(camera, second)
            self._say(name, Stamped(name, reading))
            size += len(data)
        return size

    def _say_many(self, names: Sequence[str], data: Sequence[bytes]) -> None:
        while (taken := self._mouth.publish_many(names, data)) < len(data):
            names, data = names[taken:], data[taken:]
            self.held_back += 1
            self._clock.sleep(_HELD)

    def _say(self, name: str, message: Stamped | CameraStatus) -> None:
        while True:
            try:
                self._mouth.publish(name, message)
            except BusFull:
                self.held_back += 1
                self._clock.sleep(_HELD)
            else:
                return


class _Slot(NamedTuple):
    """Who speaks in one moment of a second."""

    cameras: list[int]
    names: tuple[str, ...]
    turns: list[list[int]]
    """Of each remainder by `STATUS_EVERY` the cameras with it."""


def _turns(cameras: Sequence[int]) -> list[list[int]]:
    turns: list[list[int]] = [[] for _ in range(STATUS_EVERY)]
    for camera in cameras:
        turns[camera % STATUS_EVERY].append(camera)
    return turns


def _status(t: int) -> CameraStatus:
    return CameraStatus(
        t, LensState.RUNNING, sealed=True, connected=True, restarts=0, reconnects=0, late=0,
        refused=0, plate="approved",
    )  # fmt: skip
