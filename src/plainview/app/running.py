"""The parts of a running Plainview, joined: fleet -> bus -> intake -> store -> web.

Governance stands over them: the governor alone starts cameras, from permits in the office. It is
long because all parts meet here and nowhere else.
"""

import contextlib
import random
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import structlog
from msgspec import structs

from plainview.alerts.deletion import DeletionAlert
from plainview.app import cities, demonstration, enrolling
from plainview.app.access import open_access
from plainview.app.adding import Adding
from plainview.app.address import announce
from plainview.app.admission import Admission
from plainview.app.called import called
from plainview.app.desk import RunningDesk
from plainview.app.governor import Governor
from plainview.app.keeper import PlateKeeper
from plainview.app.orders import open_orders
from plainview.app.permission import Permission
from plainview.app.plates import APPROVED, LEARNED, Plates
from plainview.app.recording import Recordings
from plainview.app.registry import Registry
from plainview.app.release_desk import RunningReleases
from plainview.app.retention import Keeping
from plainview.app.scorecards import Scorecards
from plainview.app.speaking import Speakers
from plainview.app.trouble import troubles
from plainview.app.view_files import ViewPlates
from plainview.app.views import RunningViews
from plainview.app.witnessing import WitnessAsker
from plainview.bus import Bus, open_bus
from plainview.clock import Clock
from plainview.config import CityConfig, SiteConfig
from plainview.errors import PlainviewError, not_installed
from plainview.fleet import Callbacks, Fleet, Placing, open_fleet
from plainview.geometry import Zone
from plainview.governance.office import Office
from plainview.governance.switch import Switch
from plainview.intake import Intake
from plainview.intake.gate import ANY, Rules
from plainview.ledger.note import Verifier
from plainview.readings import Readings
from plainview.record import CameraStatus, LensState, Stamped
from plainview.store import Store, open_store
from plainview.vision.task import Trust
from plainview.web.edge import Trouble
from plainview.web.views import CameraView, SiteView

if TYPE_CHECKING:
    from plainview.app.telemetry import Traces

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
        self.scorecards = Scorecards(self._now_configured)
        self._clock = clock
        self._first: float | None = None
        self._lock = threading.Lock()
        self._stack = contextlib.ExitStack()
        with contextlib.ExitStack() as stack:
            self.office = office = _opened(folder, clock, city, stack)
            self._asker = WitnessAsker(
                office.ledger,
                Verifier.from_vkey(office.ledger.vkey),
                city.ledger.policy,
                clock=clock,
            )
            stack.enter_context(self._asker)
            self._switch = switch = Switch(office, folder, orders=city.role == "centre")
            stack.callback(switch.close)
            url = f"sqlite:{folder / 'plainview.db'}"
            self.store = store = open_store(city.store or url, city.retention, clock)
            stack.callback(store.close)
            self._bus, rules = self._open_bus(city)
            self._traces = _traces(city, clock, stack)
            self._permission = Permission(office, switch, self._now_configured)
            self._adding = Adding(self._traces.stored if self._traces else _nobody)
            self.intake = _IntakeThread(
                self._bus,
                store,
                clock,
                Keeping(office, store, city.retention),
                Admission(
                    self._permission.refusal,
                    self._now_configured,
                    clock,
                    self.scorecards.standing_of,
                ),
                self._adding,
                rules,
            )
            if city.role != "site":
                self.intake.start()
            stack.callback(self.intake.finish)
            self._fleet = self._start_fleet(city, folder, office, stack)
            self.governor = Governor(
                office,
                switch,
                self._fleet,
                plate=self._plates.read,
                clock=clock,
                records=self.recordings is not None,
                admitted=self._view_plates.admitted,
                looks=self._view_plates.looks,
                elsewhere=city.role == "centre",
            )
            stack.callback(self.governor.close)
            self._configure(city)
            if city.simulated:
                demonstration.approve(office, cities.configured(city))
            self._file = cities.CityFile(city, clock)
            now, governor = self._now_configured, self.governor
            self.orders = stack.enter_context(
                contextlib.closing(open_orders(office, switch, governor, now, folder, clock))
            )
            self.desk = RunningDesk(
                office,
                switch,
                governor,
                now,
                self.scorecards,
                self.orders.told,
                statuses=self._told,
            )
            self.registry = Registry(
                office,
                switch,
                self.governor,
                store,
                self._now_configured,
                self.scorecards,
                self._told,
            )
            self.access = open_access(city.access, folder, clock)
            views = [_site_view(site, simulated=city.simulated) for site in city.sites]
            self._prepare_alerts(city, views, stack)
            # Half a second of imports, while the zygote starts.
            from plainview.web.api import create_app  # noqa: PLC0415 - see above
            from plainview.web.server import Served, bind  # noqa: PLC0415 - see above

            listener = bind(city.address, city.port)
            stack.callback(listener.close)
            application = create_app(
                sites=views,
                store=store,
                stats=self._stats,
                troubles=self._troubles,
                role=city.role,
                clock=clock,
                hosts=_hosts(city),
                access=self.access,
                desk=self.desk,
                alerts=self.watching,
                deliveries=self.delivering,
                views=self.views,
                city=self._adding.begin(city, self.watching.plans, clock),
                more=_more_handlers(self.registry, self.desk, RunningReleases(office), city),
            )
            self.web = Served(application, listener)
            stack.callback(self.web.stop)
            self.url = self.web.url
            announce(folder, city.access.url or self.url)
            self._start_telling(city)
            self._stack = stack.pop_all()

    def _open_bus(self, city: CityConfig) -> tuple[Bus, Rules]:
        """The bus, and what must hold of a message on it: of whose key, between machines."""
        if city.bus.startswith("memory:"):
            return open_bus(city.bus), ANY
        speakers = Speakers(self._now_configured)
        keeps = city.retention.readings
        rules = Rules(speakers.site, self.store.fences(), lambda: keeps)
        return open_bus(city.bus, speakers.sender), rules

    def _start_telling(self, city: CityConfig) -> None:
        """What must be told is told from here on: alerts, and deletion that is late."""
        self.delivering.start(self.watching.book)
        if self.recordings is not None and city.sites:
            late = DeletionAlert(self.watching.book, self._clock, city.sites[0].id)
            self.recordings.when_late(late.look)
        if city.role != "site":  # Its measurements are at the centre, and so is who watches them.
            self.watching.start()

    def _start_fleet(
        self, city: CityConfig, folder: Path, office: Office, stack: contextlib.ExitStack
    ) -> Fleet:
        """The fleet, what it learns and shows, and the recorder where the city has one."""
        self._statuses: dict[str, CameraStatus] = {}
        self._view_plates = ViewPlates(folder)
        self._keeper = PlateKeeper(self._plates, self._view_plates)
        stack.callback(self._keeper.close)
        self.views = RunningViews(
            office, self._view_plates, self._clock, states=self._states, show=self._show
        )
        self.recordings: Recordings | None = None
        if city.recording is not None:
            self.recordings = Recordings(city.recording, folder, office, self._clock)
            stack.callback(self.recordings.close)
        fleet = open_fleet(
            city.fleet,
            Callbacks(self._on_reading, self._on_status, self._keeper.put, self.views.put),
            placing=Placing(self.store.next_fence, self._near),
            trust=Trust(authority=office.authority.vkey, ledger=office.ledger.vkey),
            clock=self._clock,
            recording=None if self.recordings is None else self.recordings.recorder,
        )
        stack.callback(fleet.close)
        return fleet

    def _prepare_alerts(
        self, city: CityConfig, views: Sequence[SiteView], stack: contextlib.ExitStack
    ) -> None:
        """What watches and what delivers, joined; neither has begun."""
        # A second of imports, while the zygote starts.
        from plainview.alerts.delivery import senders  # noqa: PLC0415 - see above
        from plainview.app.delivering import Delivering  # noqa: PLC0415 - see above
        from plainview.app.watching import Watching  # noqa: PLC0415 - see above

        traces, chance = self._traces, random.SystemRandom()
        self.delivering = Delivering(
            city,
            self.store,
            self._clock,
            chance=chance,
            open_sender=senders.open_sender
            if traces is None
            else traces.opening(senders.open_sender),
        )
        stack.callback(self.delivering.close)
        outbox = self.delivering.outbox
        self.watching = Watching(
            {view.id: (view, site) for view, site in zip(views, city.sites, strict=True)},
            self.store,
            self._clock,
            self._permission.refusal,
            outgoing=outbox if traces is None else traces.outgoing(outbox),
            here=city.role != "site",
        )
        stack.callback(self.watching.close)

    def __enter__(self) -> Self:
        """The running parts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop them."""
        self._stack.close()

    def admit_scenes(self, scenes: Mapping[str, bytes]) -> None:
        """Have the views of a demonstration drawn over its empty `scenes`."""
        demonstration.admit(self.office, self._view_plates, scenes)

    def start_cameras(self) -> None:
        """Let every camera start that is permitted; of the others it is shown why they do not."""
        self.governor.enable()

    def look(self) -> None:
        """Take up what changed in files: the city's, admitted plates. Called every second or so."""
        self.views.look()
        city = self._file.changed()
        if city is None:
            return
        city = structs.replace(city, address=self._city.address, port=self._city.port)
        try:
            self._configure(city)
        except PlainviewError as error:
            _log.error("the changed city is not in force", why=error.line())
        else:
            _log.info("the city's files changed", cameras=sum(1 for _ in city.cameras()))

    def _configure(self, city: CityConfig) -> None:
        self.governor.configure(cities.configured(city), cities.configuration_digest(city))
        self._city = city

    def _now_configured(self) -> CityConfig:
        return self._city

    def _states(self) -> dict[str, tuple[str, str, tuple[str, ...]]]:
        """What each camera does, why not, and what it may do."""
        told = self._told()
        return {
            name: ("ended", told[name].note, one.capabilities)
            if one.state == "running" and name in told and told[name].state is LensState.ENDED
            else (one.state, one.why, one.capabilities)
            for name, one in self.governor.states().items()
        }

    def _told(self) -> dict[str, CameraStatus]:
        """What the fleet said last of each pipeline of this machine."""
        return dict(self._statuses)

    def _show(self, camera: str, plate: bytes | None) -> None:
        """Have a camera's view drawn over another plate."""
        self._fleet.admit(camera, plate)

    @property
    def idle(self) -> str:
        """Why no camera may run, by the first of them; empty while one may or it is not known.

        A centre runs none.
        """
        states = list(self.governor.states().values())
        if self._city.role == "centre" or any(one.permit for one in states):
            return ""
        first = next(iter(states), None)
        if first is None:
            return ""
        lift = (
            f"; two people lift it: {called('resume', '--help')}"
            if first.state == "stopped"
            else ""
        )
        return first.said + lift

    @property
    def measured(self) -> bool:
        """Whether any camera has measured yet."""
        return self._first is not None

    def _near(self, camera: str) -> tuple[str, ...]:
        """Labels of nodes near a camera's data: of its site, else of its district."""
        for site in self._city.sites:
            if any(one.id == camera for one in site.cameras):
                return (f"site={site.id}", f"district={site.district or site.id}")
        return ()

    def _on_reading(self, stamped: Stamped) -> None:
        if self._first is None and stamped.reading.frames:
            self._first = self._clock.monotonic()
        self.governor.heard(stamped.camera, stamped.reading)
        self._bus.publish(stamped.camera, stamped)

    def _on_status(self, camera: str, status: CameraStatus, fence: int) -> None:
        # The fleet knows that the lens has a plate, not whether a person has approved it.
        if status.plate in {LEARNED, APPROVED}:
            status = structs.replace(status, plate=self._keeper.state(camera))
        self._statuses[camera] = status
        self._bus.publish(camera, status, fence)

    def _stats(self) -> dict[str, float]:
        intake = self.intake.stats()
        return {
            **({} if self.recordings is None else self.recordings.stats()),
            **intake.numbers(),
            "readings_refused": float(intake.refused),
            "intake_failed": float(intake.failed),
            **self._fleet.stats(),
            "plates_not_saved": float(self._keeper.failed),
            "governance_failed": float(self.governor.turns_failed),
            **self._asker.stats(),
            **self.watching.stats(),
            **self.delivering.stats(),
            **self.views.stats(),
            **self.orders.stats(),
            "ledger_entries": float(self.office.ledger.size),
        }

    def _troubles(self) -> tuple[Trouble, ...]:
        recordings = self.recordings
        return troubles(
            self.intake.stats(),
            stores=self._city.role != "site",
            others=(
                ("permits", self.governor.trouble or self._switch.trouble),
                ("alerts", self.watching.trouble),
                ("recordings", "" if recordings is None else recordings.trouble),
                ("files", self._file.trouble),
                ("orders", self.orders.trouble),
            ),
        )


def _nobody(_readings: Readings, _events: int, _taken: float) -> None:
    """Nobody is told what intake has written."""


def _opened(folder: Path, clock: Clock, city: CityConfig, stack: contextlib.ExitStack) -> Office:
    """The office, in which no enrolment is left half done; `stack` closes it."""
    office = Office(folder, clock, origin=city.ledger.origin)
    stack.callback(office.close)
    if said := enrolling.settled(office.keys, office):
        _log.warning("an enrolment was cut off", why=said)
    return office


def _traces(city: CityConfig, clock: Clock, stack: contextlib.ExitStack) -> "Traces | None":
    """What sends traces until `stack` ends, where `city` wants any.

    Raises ConfigError where the package is missing, DeliveryFailed where the secret is.
    """
    if not city.telemetry.traces:
        return None
    try:
        from plainview.app.telemetry import Traces  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise not_installed(
            error, use="sending traces", where="[telemetry]", extra="telemetry"
        ) from error
    cameras = {site.id: [camera.id for camera in site.cameras] for site in city.sites}
    traces = Traces(city.telemetry, clock, cameras)
    stack.callback(traces.close)
    return traces


class _IntakeThread:
    """Owns the one thread that writes to the store."""

    def __init__(
        self,
        bus: Bus,
        store: Store,
        clock: Clock,
        keeping: Keeping,
        admission: Admission,
        adding: Adding,
        rules: Rules,
    ) -> None:
        self._bus = bus
        self._stop = threading.Event()
        self._intake = Intake(
            bus,
            store,
            clock,
            keeping.before_deletion,
            admit=admission.admit,
            written=adding.written,
            said=adding.said,
            rules=rules,
        )
        self._thread = threading.Thread(
            target=self._intake.run, args=(self._stop,), name="intake", daemon=True
        )
        self._started = False
        self.stats = self._intake.stats

    def start(self) -> None:
        """Begin to store. A site alone never does: the centre has the store."""
        self._started = True
        self._thread.start()

    @property
    def alive(self) -> bool:
        return not self._started or self._thread.is_alive()

    def finish(self) -> None:
        """Store what is on the bus, and say so if that cannot be done."""
        self._bus.close()
        if self._started:
            self._thread.join(_DRAIN)
            self._stop.set()
            self._thread.join(_DRAIN)
        bus = self._bus.stats()
        # What was taken and not stored is still at a broker, where there is one.
        waiting = bus.unsent if bus.durable else bus.waiting
        if waiting:
            trouble = self.stats().trouble or "it took too long"
            _log.error("messages could not be stored before the end", lost=waiting, why=trouble)


def _more_handlers(
    registry: Registry, desk: RunningDesk, releases: RunningReleases, city: CityConfig
) -> list[Any]:
    """The public's pages, the ledger's files, and what desk and releases answer."""
    from plainview.civic.exposure.service import Exposures  # noqa: PLC0415 - with the rest of web
    from plainview.web.desk_api import desk_handlers  # noqa: PLC0415 - with the rest of web
    from plainview.web.portal.handlers import portal_handlers  # noqa: PLC0415 - with the rest of web
    from plainview.web.releases import release_handlers  # noqa: PLC0415 - with the rest of web

    exposures = Exposures(city.exposure)
    portal = portal_handlers(
        registry, url=city.access.url, exposures=exposures, program=city.program
    )
    return [*portal, *desk_handlers(desk), *release_handlers(releases)]


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
        zones=_own_zones(site),
        simulated=simulated,
        timezone=site.timezone,
    )


def _own_zones(site: SiteConfig) -> tuple[Zone, ...]:
    """The zones of `[[sites.zones]]`: those of cameras are told with their cameras."""
    of_cameras = {zone.name for camera in site.cameras for zone in camera.view.zones}
    return tuple(
        Zone(zone.name, " and ".join(sorted(kind.value for kind in zone.kinds)), zone.polygon)
        for zone in site.zones
        if zone.name not in of_cameras
    )


def _hosts(city: CityConfig) -> tuple[str, ...]:
    """The names to answer to. A page for others is asked for by the machine's own name as well."""
    address = city.address
    if address in LOOPBACK:
        return city.hosts
    _log.warning("the page is open to everyone who can reach this machine", address=address)
    return (*city.hosts, address, socket.gethostname())
