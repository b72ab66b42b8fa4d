"""`plainview run`: joins fleet, bus, intake, store and web, and takes them apart in order."""

import contextlib
import os
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Self

import structlog
from msgspec import structs

from plainview import __version__
from plainview.app.demo import DemoSite
from plainview.app.keeper import PlateKeeper
from plainview.app.plates import APPROVED, LEARNED, Plates
from plainview.app.specs import live_specs
from plainview.app.state import DEFAULT, held
from plainview.bus import Bus, open_bus
from plainview.clock import Clock, SystemClock
from plainview.config import CityConfig, SiteConfig, load_city
from plainview.errors import PlainviewError
from plainview.fleet.local import LocalFleet
from plainview.intake import Intake
from plainview.logs import start_logging
from plainview.record import CameraStatus, Reading, Stamped
from plainview.store import Store, open_store
from plainview.web.api import create_app
from plainview.web.server import Served, bind
from plainview.web.views import CameraView, SiteView

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TICK = 0.25
_DRAIN = 5.0
"""Seconds that intake may take to store what is on the bus when everything stops."""

_log = structlog.get_logger(__name__)


def run(
    city_file: Path | None,
    *,
    seconds: float | None = None,
    port: int | None = None,
    host: str | None = None,
    state: Path | None = None,
    open_page: bool = False,
) -> None:
    """Run the city of `city_file`, or a demonstration, until a signal or for `seconds`.

    Everything that can be wrong with the input is found before anything starts. Raises InputError
    for it, PlainviewError when a part cannot be started or stops by itself.
    """
    clock = SystemClock()
    city = None if city_file is None else load_city(city_file)
    with _stopped_by_signals() as stop, contextlib.ExitStack() as stack:
        address = host or (city.address if city else LOOPBACK[0])
        chosen = port if port is not None else (city.port if city else None)
        listener = bind(address) if chosen is None else bind(address, chosen)
        stack.callback(listener.close)
        folder = stack.enter_context(held(_folder(state, city)))
        start_logging(folder, clock=clock)
        demo = None
        if city is None:
            demo = stack.enter_context(DemoSite(folder))
            city = demo.city
        running = stack.enter_context(_Running(city, folder, listener, clock, address))
        _say(f"Plainview {__version__}: {running.url}")
        _open(running.url, wanted=open_page)
        until = None if seconds is None else clock.monotonic() + seconds
        if demo is not None and not demo.wait(stop, until, clock):
            return
        running.start_cameras()
        _watch(running, stop, until, clock)


class _Running:
    """Owns the running parts, from store to web; leaving it stops them, last started first."""

    def __init__(
        self, city: CityConfig, folder: Path, listener: socket.socket, clock: Clock, address: str
    ) -> None:
        self._city = city
        self._plates = Plates(folder)
        self._clock = clock
        self._first: float | None = None
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            url = city.store or f"sqlite:{folder / 'plainview.db'}"
            store = open_store(url, city.retention)
            stack.callback(store.close)
            self._bus = open_bus(city.bus)
            self.intake = _IntakeThread(self._bus, store, clock)
            stack.callback(self.intake.finish)
            self._keeper = PlateKeeper(self._plates)
            stack.callback(self._keeper.close)
            self._fleet = LocalFleet(
                on_reading=self._on_reading,
                on_status=self._on_status,
                on_plate=self._keeper.put,
                clock=clock,
            )
            stack.callback(self._fleet.close)
            application = create_app(
                sites=[_site_view(site, simulated=city.simulated) for site in city.sites],
                store=store,
                stats=self._stats,
                clock=clock,
                hosts=_hosts(address, city),
            )
            self.web = Served(application, listener)
            stack.callback(self.web.stop)
            self.url = self.web.url
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_cameras(self) -> None:
        """Start every camera. One that cannot work is shown so, and stops no other."""
        for camera in self._city.cameras():
            tap, lens = live_specs(camera)
            self._fleet.start(camera.id, tap, lens, plate=self._plates.read(camera.id))

    @property
    def measured(self) -> bool:
        """Whether any camera has measured yet."""
        return self._first is not None

    def _on_reading(self, camera: str, reading: Reading) -> None:
        if self._first is None and reading.frames:
            self._first = self._clock.monotonic()
        self._bus.publish(camera, Stamped(camera, reading))

    def _on_status(self, camera: str, status: CameraStatus) -> None:
        # The fleet knows that the lens has a plate, not whether a person has approved it.
        if status.plate in {LEARNED, APPROVED}:
            status = structs.replace(status, plate=self._keeper.state(camera))
        self._bus.publish(camera, status)

    def _stats(self) -> dict[str, float]:
        intake = self.intake.stats()
        return {
            "readings_per_second": intake.rate,
            "readings_stored": float(intake.stored),
            "readings_refused": float(intake.refused),
            "intake_failed": float(intake.failed),
            "clock_steps": float(intake.clock_steps),
            "bus_waiting": float(intake.bus.waiting),
            "bus_refused": float(intake.bus.refused),
            "zygote_restarts": float(self._fleet.zygote_restarts),
            "fleet_failed_callbacks": float(self._fleet.failed_callbacks),
            "plates_not_saved": float(self._keeper.failed),
        }


class _IntakeThread:
    """Owns the one thread that writes to the store."""

    def __init__(self, bus: Bus, store: Store, clock: Clock) -> None:
        self._bus = bus
        self._stop = threading.Event()
        self._intake = Intake(bus, store, clock)
        self._thread = threading.Thread(
            target=self._intake.run, args=(self._stop,), name="intake", daemon=True
        )
        self._thread.start()
        self.stats = self._intake.stats

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def finish(self) -> None:
        """Store what is on the bus, and say so if that cannot be done."""
        self._bus.close()
        self._thread.join(_DRAIN)
        self._stop.set()
        self._thread.join(_DRAIN)
        waiting = self._bus.stats().waiting
        if waiting:
            trouble = self.stats().trouble or "it took too long"
            _log.error("messages could not be stored before the end", lost=waiting, why=trouble)


def _watch(running: _Running, stop: threading.Event, until: float | None, clock: Clock) -> None:
    """Wait for the end. Raises PlainviewError when a part ends by itself."""
    began = clock.monotonic()
    told = False
    while not stop.wait(_TICK):
        now = clock.monotonic()
        if until is not None and now >= until:
            return
        if running.measured and not told:
            told = True
            _say(f"first measurement after {now - began:.1f} s")
        if not running.intake.alive:
            raise PlainviewError("intake ended by itself", mend="See the log in the state folder")
        if not running.web.alive:
            raise PlainviewError("the page's server ended", mend="See the log in the state folder")


def _folder(state: Path | None, city: CityConfig | None) -> Path:
    if state is not None:
        return state.expanduser()
    if city is None:
        return DEFAULT / "demo"
    return city.state or DEFAULT


def _site_view(site: SiteConfig, *, simulated: bool) -> SiteView:
    return SiteView(
        id=site.id,
        name=site.name,
        longitude=site.location[0],
        latitude=site.location[1],
        cameras=tuple(
            CameraView(id=camera.id, view=camera.view, every=camera.every)
            for camera in site.cameras
        ),
        bearing=site.bearing,
        cell=site.cell,
        simulated=simulated,
    )


def _hosts(address: str, city: CityConfig) -> tuple[str, ...]:
    """The names to answer to. A page for others is asked for by the machine's own name as well."""
    if address in LOOPBACK:
        return city.hosts
    _log.warning("the page is open to everyone who can reach this machine", address=address)
    return (*city.hosts, address, socket.gethostname())


def _open(url: str, *, wanted: bool) -> None:
    """Show the page, where there is a desktop to show it on and a person who started this."""
    desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if wanted and desktop and sys.stdout is not None and sys.stdout.isatty():
        webbrowser.open(url)


def _say(line: str) -> None:
    if sys.stdout is not None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


@contextlib.contextmanager
def _stopped_by_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second one acts as it did before."""
    stop = threading.Event()
    before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        restore()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        restore()
