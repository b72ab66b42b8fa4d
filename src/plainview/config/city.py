"""CITY.toml -> CityConfig: sites, their cameras, and where things are kept."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Meta, Struct, defstruct, structs

from plainview.alerts.delivery.route import Route
from plainview.alerts.ground import Zone
from plainview.alerts.patience import ESCALATE, UNSEEN, Patience
from plainview.alerts.thresholds import DEFAULTS, Threshold
from plainview.bus import located_bus
from plainview.civic.exposure.files import ExposureFiles
from plainview.config.access import AccessConfig, AccessTable, access_from
from plainview.config.alerts import (
    PatienceTable,
    ThresholdTable,
    ZoneTable,
    patience_from,
    patiences_from,
    thresholds_from,
    zones_from,
)
from plainview.config.camera import (
    CameraConfig,
    CameraTable,
    Identifier,
    camera_from,
    resolve_source,
)
from plainview.config.duration import seconds
from plainview.config.fleet import fleet_from
from plainview.config.ledger import (
    LedgerConfig,
    LedgerTable,
    OrdersTable,
    ledger_from,
    orders_from,
)
from plainview.config.program import program_from
from plainview.config.recording import RecordingConfig, RecordingTable, recording_from
from plainview.config.routes import MOST_ROUTES, RouteTable, routes_from
from plainview.config.telemetry import TelemetryConfig, TelemetryTable, telemetry_from
from plainview.document.strict import convert
from plainview.document.toml import Document, KeyPath, is_there, read_document
from plainview.errors import ConfigError, InputError
from plainview.geometry import grid_over
from plainview.ledger.note import Verifier
from plainview.store import Retention

GUIDE = "docs/reference/city-toml.md"
DEFAULT_ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8420

_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(MB|GB|TB)\s*$")
_BYTES = {"MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000}
_LEAST_DISK = 10_000_000
_LONGEST = 10 * 366 * 86_400.0


Role = Literal["all", "site", "centre"]


class SiteConfig(Struct, frozen=True):
    """A place with one ground plane, and the cameras that see it."""

    id: str
    name: str
    location: tuple[float, float]
    """Longitude and latitude (WGS 84, degrees) of the ground plane's origin."""
    cameras: tuple[CameraConfig, ...]
    bearing: float = 0.0
    """Compass degrees of the ground plane's y axis, clockwise from north."""
    cell: float = 1.0
    """Side of a ground cell, metres; the same for every camera of the site."""
    zones: tuple[Zone, ...] = ()
    """Parts that are watched by themselves: the site's own, and those of its cameras."""
    thresholds: tuple[Threshold, ...] = DEFAULTS
    """All that is watched, the defaults among them."""
    escalate: float = ESCALATE
    """Seconds after which an alert that nobody acknowledged escalates by itself."""
    unseen: float = UNSEEN
    """Seconds after which an alert that nobody sees any more is cleared by the program."""
    patience: tuple[tuple[str, Patience], ...] = ()
    """Both, for zones that have their own."""
    timezone: str = "UTC"
    """Its name in the IANA database: whose hours are quiet, and what e-mails are written in."""
    actual: bool = False
    """Whether its alerts are told as actual ones; else as an exercise."""
    district: str = ""
    """What its figures are added up into; empty: it is a district by itself."""


class CityConfig(Struct, frozen=True):
    """All that `plainview run` is told."""

    name: str
    sites: tuple[SiteConfig, ...]
    store: str | None = None
    """Store address; None for the default in the state folder."""
    bus: str = "memory:"
    role: Role = "all"
    """What of it runs here: the cameras (site), intake with the store and alerts (centre)."""
    fleet: str = "local"
    """What runs the cameras: this machine, or a Ray cluster."""
    retention: Retention = Retention()
    address: str = DEFAULT_ADDRESS
    port: int = DEFAULT_PORT
    hosts: tuple[str, ...] = ()
    """Names by which browsers may ask for the page, besides this machine's own."""
    state: Path | None = None
    """State folder; None for the default."""
    simulated: bool = False
    """A demonstration: nobody in it exists. No file can say so."""
    access: AccessConfig = AccessConfig()
    ledger: LedgerConfig = LedgerConfig()
    program: str = ""
    """Where everyone gets this program with its source, as it runs here; empty: nobody said."""
    obeys: Verifier | None = None
    """The centre whose stop orders press this site's switches; None: nobody's do."""
    exposure: ExposureFiles = ExposureFiles()
    """Footpaths and districts for the public's page of how much of a walk is seen."""
    routes: tuple[Route, ...] = ()
    """Where alerts are delivered to, besides the console."""
    telemetry: TelemetryConfig = TelemetryConfig()
    recording: RecordingConfig | None = None
    """Where what is permitted to be recorded goes; None: nothing is."""
    files: tuple[Path, ...] = ()
    """The files that this was read from."""

    def cameras(self) -> Iterator[CameraConfig]:
        """Every camera of every site."""
        for site in self.sites:
            yield from site.cameras


_HostName = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9.:*-]+\Z")]


class _ListenTable(Struct, frozen=True, forbid_unknown_fields=True):
    address: Annotated[str, Meta(min_length=1, max_length=255)] = DEFAULT_ADDRESS
    port: Annotated[int, Meta(ge=0, le=65535)] = DEFAULT_PORT
    hosts: Annotated[tuple[_HostName, ...], Meta(max_length=100)] = ()


class _ExposureTable(Struct, frozen=True, forbid_unknown_fields=True):
    network: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    districts: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None


class _RetentionTable(Struct, frozen=True, forbid_unknown_fields=True):
    readings: str | None = None
    minutes: str | None = None
    hours: str | None = None
    events: str | None = None
    disk: str | None = None


_CameraEntry = defstruct(
    "_CameraEntry",
    [(name, Any, None) for name in ("file", *CameraTable.__struct_fields__)],
    forbid_unknown_fields=True,
)
"""Every key that a camera of a site may have, so that a misspelt one finds its nearest."""


class _CameraReference(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera that stands in its own file; what may differ from place to place is said here."""

    file: Annotated[str, Meta(min_length=1, max_length=4096)]
    id: Identifier | None = None
    source: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None


_Longitude = Annotated[float, Meta(ge=-180, le=180)]
_Latitude = Annotated[float, Meta(ge=-85, le=85)]


class _SiteTable(Struct, frozen=True, forbid_unknown_fields=True):
    id: Identifier
    location: tuple[_Longitude, _Latitude]
    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    bearing: Annotated[float, Meta(ge=-360, le=360)] = 0.0
    cell: Annotated[float, Meta(ge=0.1, le=20)] = 1.0
    cameras: Annotated[tuple[Any, ...], Meta(max_length=1000)] = ()
    zones: Annotated[tuple[ZoneTable, ...], Meta(max_length=100)] = ()
    thresholds: Annotated[tuple[ThresholdTable, ...], Meta(max_length=1000)] = ()
    escalate: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    unseen: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    patience: Annotated[tuple[PatienceTable, ...], Meta(max_length=1000)] = ()
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"
    alerts: Literal["exercise", "actual"] = "exercise"
    district: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


_State = Annotated[str, Meta(min_length=1, max_length=4096)] | None


class _StateTable(Struct, frozen=True):
    state: _State = None


class _CityTable(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100)] = "Plainview"
    sites: Annotated[tuple[_SiteTable, ...], Meta(max_length=10_000)] = ()
    store: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    bus: Annotated[str, Meta(min_length=1, max_length=2048)] = "memory:"
    role: Role = "all"
    program: Annotated[str, Meta(min_length=1, max_length=500)] | None = None
    fleet: Annotated[str, Meta(min_length=1, max_length=300)] = "local"
    state: _State = None
    listen: _ListenTable = _ListenTable()
    retention: _RetentionTable = _RetentionTable()
    access: AccessTable = AccessTable()
    ledger: LedgerTable = LedgerTable()
    orders: OrdersTable = OrdersTable()
    recording: RecordingTable | None = None
    exposure: _ExposureTable = _ExposureTable()
    routes: Annotated[tuple[RouteTable, ...], Meta(max_length=MOST_ROUTES)] = ()
    telemetry: TelemetryTable = TelemetryTable()


def load_state(path: Path) -> Path | None:
    """The state folder that the city in the file `path` names, without reading its cameras.

    None where it names none. Raises ConfigError.
    """
    document = read_document(path)
    said = {key: value for key, value in document.data.items() if key == "state"}
    table = convert(document, said, _StateTable, (), guide=GUIDE)
    return None if table.state is None else document.relative(table.state)


def load_city(path: Path | str, *, bus: bool = True) -> CityConfig:
    """The city in the file `path`, with every camera file that it names.

    Without `bus` that is not read: the keys that it names may not have been made yet.
    Raises ConfigError, CalibrationError or BoundaryError: one line with file, line and key.
    """
    document = read_document(Path(path))
    table = convert(document, document.data, _CityTable, (), guide=GUIDE)
    if not table.sites:
        raise ConfigError(
            "no site is configured",
            where=document.where(("sites",) if "sites" in document.data else ()),
            mend=f"Add a [[sites]] table with its cameras: see {GUIDE}",
        )
    sites = tuple(_site(document, ("sites", k), site) for k, site in enumerate(table.sites))
    _check_unique(document, sites)
    return CityConfig(
        name=table.name,
        sites=sites,
        store=_store(document, table.store),
        bus=_bus(document, table.bus) if bus else "memory:",
        role=_role(document, table),
        fleet=fleet_from(document, table.fleet, records=table.recording is not None),
        retention=_retention(document, table.retention),
        address=table.listen.address,
        port=table.listen.port,
        hosts=table.listen.hosts,
        state=None if table.state is None else document.relative(table.state),
        access=access_from(document, table.access),
        ledger=ledger_from(document, table.ledger),
        program=program_from(document, table.program),
        obeys=orders_from(document, table.orders, table.role),
        recording=recording_from(document, table.recording),
        exposure=_exposure(document, table.exposure),
        routes=routes_from(
            document,
            table.routes,
            {site.id for site in sites},
            _zone_names(sites),
        ),
        telemetry=telemetry_from(document, table.telemetry),
        files=(Path(path).absolute(), *_camera_files(document, table)),
    )


def _site(document: Document, at: KeyPath, table: _SiteTable) -> SiteConfig:
    if not table.cameras:
        raise ConfigError(
            f"site {table.id!r} has no camera",
            where=document.where(at),
            mend="Add a [[sites.cameras]] table below it",
        )
    cameras = tuple(
        _camera(document, (*at, "cameras", k), data, table.cell)
        for k, data in enumerate(table.cameras)
    )
    for k, camera in enumerate(cameras):
        if camera.view.cell != table.cell:
            raise ConfigError(
                f"camera {camera.id!r} has cells of {camera.view.cell:g} m, its site of "
                f"{table.cell:g} m: one ground plane has one grid",
                where=document.where((*at, "cameras", k)),
                mend="Give the site's cell and the camera's area.cell the same value",
            )
    try:
        grid_over(tuple(p for camera in cameras for p in camera.view.polygon), table.cell)
    except InputError as error:
        raise ConfigError(error.what, where=document.where(at), mend=error.mend) from error
    zones = zones_from(document, at, table.zones, cameras)
    patience = patience_from(document, at, table.escalate, table.unseen)
    names = {z.name for z in zones} | {z.name for c in cameras for z in c.view.zones}
    return SiteConfig(
        id=table.id,
        name=table.name or table.id,
        cameras=cameras,
        location=table.location,
        bearing=table.bearing % 360.0,
        cell=table.cell,
        zones=zones,
        thresholds=thresholds_from(document, at, table.thresholds, zones),
        escalate=patience.escalate,
        unseen=patience.unseen,
        patience=patiences_from(document, at, table.patience, names, patience),
        timezone=_timezone(document, at, table.timezone),
        actual=table.alerts == "actual",
        district=table.district or "",
    )


def _exposure(document: Document, table: _ExposureTable) -> ExposureFiles:
    files = {}
    for key, ends in (
        ("network", (".osm", ".geojson", ".json")),
        ("districts", (".geojson", ".json")),
    ):
        name = getattr(table, key)
        if name is None:
            continue
        files[key] = document.relative(name)
        if not files[key].is_file() or files[key].suffix.lower() not in ends:
            raise ConfigError(
                f"{name!r} is no file that ends in {' or '.join(ends)}",
                where=document.where(("exposure", key)),
                mend="Paths are relative to this file's folder",
            )
    return ExposureFiles(**files)


def _zone_names(sites: tuple[SiteConfig, ...]) -> set[str]:
    """Of sites and cameras: an alert may be about any of them."""
    own = {zone.name for site in sites for zone in site.zones}
    cameras = (camera for site in sites for camera in site.cameras)
    return own | {zone.name for camera in cameras for zone in camera.view.zones}


def _timezone(document: Document, at: KeyPath, name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            f"there is no time zone {name!r}",
            where=document.where((*at, "timezone")),
            mend='Write its name in the IANA database, as "Europe/Paris"',
        ) from error
    return name


def _camera(document: Document, at: KeyPath, data: object, cell: float) -> CameraConfig:
    if not (isinstance(data, dict) and "file" in data):
        convert(document, data, _CameraEntry, at, guide=GUIDE)
        camera = camera_from(document, data, at, default_cell=cell)
    else:
        beside = sorted(set(data) & (set(CameraTable.__struct_fields__) - {"id", "source"}))
        if beside:
            raise ConfigError(
                f"a camera with a file of its own cannot have {beside[0]!r} here too",
                where=document.where((*at, beside[0])),
                mend="Move it into the camera's file",
            )
        named = convert(document, data, _CameraReference, at, guide=GUIDE)
        path = document.relative(named.file)
        if not is_there(path):
            raise ConfigError(
                f"there is no camera file {named.file!r}",
                where=document.where((*at, "file")),
                mend="Paths are relative to this file's folder",
            )
        its = read_document(path)
        camera = camera_from(its, its.data, (), default_cell=cell)
        if named.id is not None:
            camera = structs.replace(camera, id=named.id)
        if named.source is not None:
            source = resolve_source(document, named.source, (*at, "source"))
            camera = structs.replace(camera, source=source)
    if camera.source is None:
        raise ConfigError(
            f"camera {camera.id!r} has no source",
            where=document.where(at),
            mend="Add source = a file, an rtsp:// or http:// address, or a device",
        )
    return camera


def _camera_files(document: Document, table: _CityTable) -> Iterator[Path]:
    for site in table.sites:
        for camera in site.cameras:
            if isinstance(camera, dict) and "file" in camera:
                yield document.relative(camera["file"])


def _check_unique(document: Document, sites: tuple[SiteConfig, ...]) -> None:
    """Ids name files in the state folder, so case does not tell them apart."""
    places: dict[str, KeyPath] = {}
    for k, site in enumerate(sites):
        _claim(document, places, f"site {site.id}", ("sites", k))
        for n, camera in enumerate(site.cameras):
            _claim(document, places, f"camera {camera.id}", ("sites", k, "cameras", n))


def _claim(document: Document, places: dict[str, KeyPath], name: str, at: KeyPath) -> None:
    first = places.setdefault(name.lower(), at)
    if first != at:
        raise ConfigError(
            f"{name!r} is there twice: also at {document.where(first)}",
            where=document.where(at),
            mend="Give each its own id",
        )


def _bus(document: Document, bus: str) -> str:
    try:
        return located_bus(bus, document.relative)
    except ConfigError as error:
        raise ConfigError(error.what, where=document.where(("bus",)), mend=error.mend) from error


def _role(document: Document, table: _CityTable) -> Role:
    if table.role != "all" and table.bus.startswith("memory:"):
        raise ConfigError(
            f"a {table.role} alone needs a bus between machines",
            where=document.where(("role",)),
            mend='Write bus = "nats://...": see docs/guide/nats.md',
        )
    return table.role


def _store(document: Document, store: str | None) -> str | None:
    scheme, colon, rest = (store or "").partition(":")
    if store is None:
        return None
    if scheme in {"postgresql", "postgres"} and rest.startswith("//"):
        return store
    if scheme != "sqlite" or not colon or not rest:
        # The address may hold a password, so it is not repeated.
        raise ConfigError(
            "no store speaks this address",
            where=document.where(("store",)),
            mend="Write sqlite:PATH or postgresql://USER@HOST:PORT/DATABASE",
        )
    return f"sqlite:{document.relative(rest)}"


def _retention(document: Document, table: _RetentionTable) -> Retention:
    default = Retention()
    kept = {
        key: _duration(document, key, getattr(table, key), getattr(default, key))
        for key in ("readings", "minutes", "hours", "events")
    }
    if not kept["readings"] <= kept["minutes"] <= kept["hours"]:
        raise ConfigError(
            "what is coarser must be kept at least as long as what it is made from",
            where=document.where(("retention",)),
            mend="Make readings <= minutes <= hours",
        )
    disk = default.disk_bytes
    if table.disk is not None:
        found = _SIZE.match(table.disk)
        disk = round(float(found[1]) * _BYTES[found[2]]) if found else 0
        if disk < _LEAST_DISK:
            raise ConfigError(
                f"{table.disk!r} is not a usable size",
                where=document.where(("retention", "disk")),
                mend='Write it as "500 MB", "2 GB" or "1 TB", at least 10 MB',
            )
    return Retention(**kept, disk_bytes=disk)


def _duration(document: Document, key: str, text: str | None, default: float) -> float:
    if text is None:
        return default
    kept = seconds(text)
    if kept is None or not 60.0 <= kept <= _LONGEST:
        raise ConfigError(
            f"{text!r} is not a usable time to keep",
            where=document.where(("retention", key)),
            mend='Write it as "90 min", "24 h" or "30 d", from 1 min to 10 years',
        )
    return kept
