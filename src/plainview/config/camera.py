"""CAMERA.toml -> CameraConfig: one registered view, checked once."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import numpy as np
from msgspec import Meta, Struct

from plainview.config.detectors import DetectorTable, network_from
from plainview.config.standing import EventRules, EventsTable, event_rules
from plainview.config.zones import ZoneTable, check_timezone, zone_from
from plainview.document.strict import convert
from plainview.document.toml import Document, KeyPath, nearest, read_document
from plainview.errors import CalibrationError, ConfigError, InputError
from plainview.geometry import MAX_NETWORKS, Calibration, Line, Point, View, check_view

GUIDE = "docs/reference/camera-toml.md"

MAX_COORDINATE = 1e6
"""Metres from the site's origin: further away is a mistake in units."""
MAX_COEFFICIENT = 1e15
SLOWEST = 0.002
"""Frames per second: more than ten minutes between two frames is taken for a broken clock."""
MAX_LINES, MAX_ZONES, MAX_CORNERS = 32, 254, 1000

Identifier = Annotated[
    str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*\Z")
]
"""A camera's or site's id: it names files and addresses, so its signs are few."""
Decode = Literal["all", "reference-frames"]
Transport = Literal["tcp", "udp"]

_SCHEMES = ("rtsp", "rtsps", "http", "https")


class CameraConfig(Struct, frozen=True):
    """One camera, ready to be measured: every part of it was checked."""

    id: str
    view: View
    source: str | None = None
    """An absolute path, a device or an address; it may hold credentials: never shown as it is."""
    frame_rate: float | None = None
    """Frames per second, only where the container's clock is wrong."""
    transport: Transport = "tcp"
    loop: bool = False
    """`run` only: play the file that is the source over and over."""
    every: float = 1.0
    """Seconds of one interval."""
    rate: float = 5.0
    """Frames analysed per second, at most."""
    decode: Decode = "all"
    events: EventRules = EventRules()


class Area(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[area]` table as written."""

    polygon: Annotated[tuple[Point, ...], Meta(max_length=MAX_CORNERS)]
    cell: float | None = None


class CameraTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera as written, in its own file or inside a CITY.toml."""

    id: Identifier
    calibration: Calibration
    area: Area
    source: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None
    frame_rate: Annotated[float, Meta(ge=SLOWEST, le=1000)] | None = None
    transport: Transport = "tcp"
    loop: bool = False
    every: Annotated[float, Meta(ge=0.1, le=3600)] = 1.0
    rate: Annotated[float, Meta(gt=0, le=60)] = 5.0
    decode: Decode = "all"
    lines: Annotated[tuple[Line, ...], Meta(max_length=MAX_LINES)] = ()
    zones: Annotated[tuple[ZoneTable, ...], Meta(max_length=MAX_ZONES)] = ()
    timezone: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    events: EventsTable = EventsTable()
    detectors: Annotated[tuple[DetectorTable, ...], Meta(max_length=MAX_NETWORKS)] = ()


def load_camera(path: Path | str) -> CameraConfig:
    """The camera in the file `path`.

    Raises ConfigError, CalibrationError or BoundaryError: one line with file, line and key.
    """
    document = read_document(Path(path))
    return camera_from(document, document.data, (), default_cell=1.0)


def camera_from(
    document: Document, data: object, at: KeyPath, *, default_cell: float
) -> CameraConfig:
    """The camera whose table `data` stands at `at` in `document`. Raises as `load_camera`."""
    table = convert(document, data, CameraTable, at, guide=GUIDE)
    _check_names(document, at, "lines", [line.name for line in table.lines])
    _check_names(document, at, "zones", [zone.name for zone in table.zones])
    _check_magnitudes(document, at, table)
    timezone = table.timezone
    if timezone is not None:
        check_timezone(document, (*at, "timezone"), timezone)
    zones = tuple(
        zone_from(document, (*at, "zones", k), zone, timezone) for k, zone in enumerate(table.zones)
    )
    cell = default_cell if table.area.cell is None else table.area.cell
    view = View(
        calibration=table.calibration,
        polygon=table.area.polygon,
        cell=cell,
        lines=table.lines,
        zones=zones,
        networks=tuple(
            network_from(document, one, (*at, "detectors", k))
            for k, one in enumerate(table.detectors)
        ),
    )
    _check_geometry(document, at, view)
    source = None
    if table.source is not None:
        source = resolve_source(document, table.source, (*at, "source"))
    if table.loop and (source is None or "://" in source or source.startswith("/dev/")):
        raise ConfigError(
            "only a file can be played over and over",
            where=document.where((*at, "loop")),
            mend="Take it out, or make source a file",
        )
    return CameraConfig(
        id=table.id,
        view=view,
        source=source,
        frame_rate=table.frame_rate,
        transport=table.transport,
        loop=table.loop,
        every=table.every,
        rate=table.rate,
        decode=table.decode,
        events=event_rules(document, (*at, "events"), table.events),
    )


def resolve_source(document: Document, source: str, at: KeyPath) -> str:
    """`source` as the tap takes it: an address as it is, a path made absolute.

    Raises ConfigError for an address that no tap can open. Never shows a source: it may hold a
    password.
    """
    if "\0" in source or "\n" in source:
        raise ConfigError(
            "holds signs that no address or path has", where=document.where(at), mend=f"See {GUIDE}"
        )
    found = re.match(r"^([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)", source)
    if found is None:
        return str(document.relative(source))
    scheme = found[1].lower()
    if scheme not in _SCHEMES:
        guess = nearest(scheme, _SCHEMES)
        raise ConfigError(
            f"no camera speaks {scheme}://",
            where=document.where(at),
            mend=f"Did you mean {guess}://?"
            if guess
            else "Use a file, a device such as /dev/video0, or rtsp://, rtsps://, http://, https://",
        )
    if not found[2].rpartition("@")[2].partition(":")[0]:
        raise ConfigError(
            f"the {scheme}:// address names no host",
            where=document.where(at),
            mend=f"Write {scheme}://HOST/PATH",
        )
    return source


def _check_names(document: Document, at: KeyPath, key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for k, name in enumerate(names):
        if name in seen or not name.isprintable():
            what = "is there twice" if name in seen else "has signs that cannot be shown"
            raise ConfigError(
                f"the name {name!r} {what}",
                where=document.where((*at, key, k, "name")),
                mend="Give each its own plain name",
            )
        seen.add(name)


def _check_magnitudes(document: Document, at: KeyPath, table: CameraTable) -> None:
    """Refuse numbers so large that arithmetic on them would fail or mean nothing."""
    places: list[tuple[KeyPath, Iterable[Point]]] = [(("area", "polygon"), table.area.polygon)]
    for k, line in enumerate(table.lines):
        places += [(("lines", k, "from"), [line.start]), (("lines", k, "to"), [line.end])]
    for k, zone in enumerate(table.zones):
        places.append((("zones", k, "polygon"), zone.polygon))
        for key, way in (("direction", zone.direction), ("crossing", zone.crossing)):
            if way is not None:
                places.append((("zones", k, key), [way]))
    for path, points in places:
        for point in points:
            if max(map(abs, point)) > MAX_COORDINATE:
                raise ConfigError(
                    f"[{point[0]:g}, {point[1]:g}] is more than {MAX_COORDINATE:g} m away",
                    where=document.where((*at, *path)),
                    mend="Use metres from the site's origin",
                )
    if any(abs(value) > MAX_COEFFICIENT for row in table.calibration.projection for value in row):
        raise CalibrationError(
            f"the projection has numbers beyond {MAX_COEFFICIENT:g}",
            where=document.where((*at, "calibration", "projection")),
            mend="Run 'plainview calibrate' to make one",
        )


def _check_geometry(document: Document, at: KeyPath, view: View) -> None:
    """Check `view` as geometry does, and say where in the file the fault is."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            check_view(view)
    except InputError as error:
        _reraise(document, at, error)
    except (ArithmeticError, np.linalg.LinAlgError) as error:
        raise CalibrationError(
            "the projection cannot be computed with",
            where=document.where((*at, "calibration", "projection")),
            mend="Run 'plainview calibrate' to make one",
        ) from error


def _reraise(document: Document, at: KeyPath, error: InputError) -> NoReturn:
    path: KeyPath = tuple(
        int(index) if index else name
        for name, index in re.findall(r"([A-Za-z_]+)|\[(\d+)\]", error.where)
    )
    kind = CalibrationError if isinstance(error, CalibrationError) else ConfigError
    raise kind(error.what, where=document.where(at + path), mend=error.mend) from error
