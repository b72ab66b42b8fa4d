"""The city's side of a simulation: every camera's Readings, in its own moment, onto the bus."""

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby

from plainview.app.simulation.lines import Spoken
from plainview.bus import Bus, Sender, SenderOf
from plainview.clock import Clock
from plainview.record import CameraStatus, Stamped
from plainview.synth.city.pace import Mouth, Speaker
from plainview.synth.city.shape import City
from plainview.synth.city.voice import Voice

LEAF_SITES = 2
"""Sites behind a leaf, where there is one: the last ones."""


class Speaking:
    """Owns the thread that speaks; the buses are somebody else's."""

    def __init__(
        self, city: City, bus: Bus, clock: Clock, *, leaf: Bus | None = None, encoded: bool
    ) -> None:
        """Onto `bus`, and for the sites behind a leaf onto `leaf`."""
        self._city, self._clock, self._encoded = city, clock, encoded
        self._buses = (bus,) if leaf is None else (bus, leaf)
        self._leaf = frozenset(behind_leaf(city)) if leaf is not None else frozenset()
        self._voice = Voice(city, 0)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._speaker: Speaker | None = None
        self._over = False

    def begin(self, base: int, seconds: int) -> None:
        """Speak from `base` (UTC milliseconds) on."""
        self._voice.base = base
        speaker = Speaker(self._voice, self._mouth(), self._clock, encoded=self._encoded)
        self._speaker = speaker
        self._thread = threading.Thread(
            target=speaker.run, args=(seconds, self._stop), name="city", daemon=True
        )
        self._thread.start()

    @property
    def thread(self) -> int:
        """The identifier of the thread that speaks."""
        return 0 if self._thread is None else self._thread.ident or 0

    def _mouth(self) -> Mouth:
        return _Mouths(*self._buses, self._leaf) if len(self._buses) > 1 else self._buses[0]

    def line(self) -> Spoken:
        """How far it is."""
        speaker, stats = self._speaker, [bus.stats() for bus in self._buses]
        if speaker is None:
            return Spoken()
        said = self._thread is not None and not self._thread.is_alive()
        waiting = sum(one.waiting for one in stats)
        return Spoken(
            offered=speaker.offered,
            offered_bytes=speaker.offered_bytes,
            statuses=speaker.statuses,
            held_back=speaker.held_back,
            seconds=speaker.seconds,
            late=round(speaker.late, 3),
            wire_bytes=sum(one.sent_bytes for one in stats),
            waiting=waiting,
            dropped=sum(one.dropped for one in stats),
            over=said and not waiting and not any(one.backlog for one in stats),
        )

    def stop(self) -> None:
        """Finish the second that has begun."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the thread."""
        if self._thread is not None:
            self._thread.join()


class _Mouths:
    """Sites at the centre speak to it, those behind the leaf to the leaf."""

    def __init__(self, centre: Bus, leaf: Bus, far: frozenset[str]) -> None:
        """`far` are the cameras behind the leaf."""
        self._centre, self._leaf, self._far = centre, leaf, far

    def _of(self, camera: str) -> Bus:
        return self._leaf if camera in self._far else self._centre

    def publish(self, camera: str, message: Stamped | CameraStatus) -> None:
        """As a bus does."""
        self._of(camera).publish(camera, message)

    def publish_many(self, cameras: Sequence[str], data: Sequence[bytes]) -> int:
        """As a bus does: those of one bus after the other, up to the first that is full."""
        taken = 0
        for bus, part in groupby(range(len(cameras)), lambda k: self._of(cameras[k])):
            places = [*part]
            took = bus.publish_many([cameras[k] for k in places], [data[k] for k in places])
            taken += took
            if took < len(places):
                break
        return taken


def behind_leaf(city: City) -> list[str]:
    """Cameras whose sites are behind a leaf."""
    first = max(city.sites - LEAF_SITES, 0) * city.per_site
    return [city.name(camera) for camera in range(first, city.cameras)]


def sender_of(city: City) -> SenderOf:
    """In whose name each camera's messages go."""
    senders = {site: Sender(district, site) for site, district in city.districts()}
    named = {camera: senders[site] for camera, site in city.site_of().items()}
    return named.__getitem__


def closing(stack: ExitStack, bus: Bus) -> Bus:
    """`bus`, closed with `stack`."""
    stack.callback(bus.close)
    return bus
