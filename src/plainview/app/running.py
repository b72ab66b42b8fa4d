"""The parts of a running Plainview, joined: fleet -> bus -> intake -> store -> web."""

import contextlib
import socket
import threading
from pathlib import Path
from typing import Self

import structlog
from msgspec import structs

from plainview.app.keeper import PlateKeeper
from plainview.app.plates import APPROVED, LEARNED, Plates
from plainview.app.specs import live_specs
from plainview.bus import Bus, open_bus
from plainview.clock import Clock
from plainview.config import CityConfig, SiteConfig
from plainview.fleet.local import LocalFleet
from plainview.intake import Intake
from plainview.record import CameraStatus, Reading, Stamped
from plainview.store import Store, open_store
from plainview.web.views import CameraView, SiteView

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_DRAIN = 5.0
"""Seconds that intake may take to store what is on the bus when everything stops."""

_log = structlog.get_logger(__name__)


class Running:
    """Owns the running parts, from store to web; leaving it stops them, last started first."""

    def __init__(self, city: CityConfig, folder: Path, clock: Clock) -> None:
        """Start store, bus, intake, fleet and web of `city`; no camera yet.

        Raises InputError for an address that cannot be listened on, StoreError, LensError.
        """
        self._city = city
        self._plates = Plates(folder)
        self._clock = clock
        self._first: float | None = None
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            url = city.store or f"sqlite:{folder / 'plainview.db'}"
            self.store = store = open_store(url, city.retention)
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
            # Half a second of imports, while the zygote starts.
            from plainview.web.api import create_app  # noqa: PLC0415 - see above
            from plainview.web.server import Served, bind  # noqa: PLC0415 - see above

            listener = bind(city.address, city.port)
            stack.callback(listener.close)
            application = create_app(
                sites=[_site_view(site, simulated=city.simulated) for site in city.sites],
                store=store,
                stats=self._stats,
                clock=clock,
                hosts=_hosts(city),
            )
            self.web = Served(application, listener)
            stack.callback(self.web.stop)
            self.url = self.web.url
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        """The running parts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop them."""
        self._stack.close()

    def start_cameras(self) -> None:
        """Start every camera. One that cannot work is shown so, and stops no other."""
        now = self._clock.monotonic()
        for camera in self._city.cameras():
            tap, lens = live_specs(camera, now=now)
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


def _hosts(city: CityConfig) -> tuple[str, ...]:
    """The names to answer to. A page for others is asked for by the machine's own name as well."""
    address = city.address
    if address in LOOPBACK:
        return city.hosts
    _log.warning("the page is open to everyone who can reach this machine", address=address)
    return (*city.hosts, address, socket.gethostname())
