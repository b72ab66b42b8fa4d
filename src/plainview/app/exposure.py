"""How much of a walk, of walks in a file or of districts is seen: from a register, for a person."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import msgspec
import numpy as np
from msgspec import Struct
from shapely.geometry import LineString

from plainview.app.output import replaced
from plainview.app.register import register_of
from plainview.civic.exposure.journey import Assumptions, Ground, Journey, straight_journey
from plainview.civic.exposure.measure import (
    DistrictExposure,
    WalkExposure,
    district_exposure,
    walk_exposure,
)
from plainview.civic.exposure.network import (
    MOST_BYTES,
    Network,
    geojson_lines,
    read_districts,
    read_network,
)
from plainview.civic.exposure.picture import as_svg, picture
from plainview.civic.exposure.plane import Points, parse_place, plane_over
from plainview.civic.exposure.views import Sights, polygon_of, sights_of
from plainview.config import load_city
from plainview.errors import UNDECODED, InputError, SourceError
from plainview.governance.places import LonLat
from plainview.governance.register import VERSION, Register
from plainview.plural import counted

_PATIENCE: Final = 30.0


class Asked(Struct, frozen=True):
    """What a person asked for; exactly one of a walk, walks or districts."""

    start: str = ""
    end: str = ""
    walks: Path | None = None
    districts: Path | None = None
    network: Path | None = None
    every: bool = False
    """Count cameras that do not run as well."""
    detour: float = 1.0


class Report(Struct, frozen=True):
    """How much is seen, and what that rests on."""

    register: str
    t: int
    """UTC milliseconds at which the register was made."""
    checkpoint: int
    assumptions: Assumptions
    journey: Journey | None = None
    walks: tuple[WalkExposure, ...] = ()
    districts: tuple[DistrictExposure, ...] = ()
    v: str = "plainview.exposure/v1"


def exposure(
    asked: Asked, *, register: str | None, city: Path | None, out_map: Path | None = None
) -> Report:
    """What `asked` for, from `register`: an address, a file, or a state folder (with `city`).

    A map is written to `out_map`. Raises InputError for what is wrong in any of it, SourceError
    where the address does not answer, LedgerError.
    """
    chosen = (bool(asked.start or asked.end), asked.walks is not None, asked.districts is not None)
    if sum(chosen) != 1 or bool(asked.start) != bool(asked.end):
        raise InputError(
            "exposure is of one walk, of walks in a file, or of districts in a file",
            where="exposure",
            mend="Give --from and --to, or --walks, or --districts",
        )
    places = (
        (parse_place(asked.start, "--from"), parse_place(asked.end, "--to")) if chosen[0] else None
    )
    network = read_network(asked.network) if asked.network else None
    found = read_register(register, city)
    report = Report(found.name, found.t, found.checkpoint, Assumptions())
    if places:
        return _journey(report, found, network, places, asked, out_map)
    if asked.walks:
        return _walks(report, found, asked.walks, out_map)
    assert asked.districts is not None  # noqa: S101 - one of the three was chosen above
    return _districts(report, found, network, asked.districts, out_map)


def read_register(source: str | None, city: Path | None) -> Register:
    """The register at an address, in a file, or of a state folder; the default one for None."""
    if source and source.startswith(("http://", "https://")):
        return _decoded(_fetched(source), source)
    if source and Path(source).is_file():
        path = Path(source)
        if path.stat().st_size > MOST_BYTES:
            raise InputError("too large for a register", where=source, mend="Export it again")
        return _decoded(path.read_bytes(), source)
    return register_of(Path(source) if source else None, load_city(city) if city else None)


def lines_of(report: Report) -> Iterator[str]:
    """`report` for a person, line by line."""
    if report.journey:
        yield from _journey_lines(report.journey)
    for walk in report.walks:
        yield from _walk_lines(walk)
    if report.districts:
        yield from _district_lines(report.districts)
    rests = report.assumptions
    yield (
        f"register of {report.register}, {report.checkpoint} entries of its ledger; walking "
        f"{rests.walking} m/s; a view that is not known is taken as {rests.angle:g} degrees and "
        f"{rests.reach:g} m"
    )


def _fetched(address: str) -> bytes:
    url = address if address.endswith(".json") else f"{address.rstrip('/')}/portal/register.json"
    data = bytearray()
    try:
        with httpx.stream("GET", url, timeout=_PATIENCE) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                data += part
                if len(data) > MOST_BYTES:
                    raise InputError("too large for a register", where=url, mend="Check it")
    except httpx.InvalidURL as error:
        raise InputError(
            f"this is no address ({error})",
            where=address,
            mend="Give it like https://crowd.example",
        ) from error
    except httpx.HTTPError as error:
        raise SourceError(
            f"the register cannot be had ({error})", where=url, mend="Check the address"
        ) from error
    return bytes(data)


def _decoded(data: bytes, where: str) -> Register:
    try:
        found = msgspec.json.decode(data, type=Register)
    except UNDECODED as error:
        raise InputError(
            f"this is no register ({error})",
            where=where,
            mend="Make one with 'plainview register export json'",
        ) from error
    if found.v != VERSION:
        raise InputError(
            f"a register of another version, {found.v[:60]!r}", where=where, mend=f"Give {VERSION}"
        )
    return found


def _journey(
    report: Report,
    register: Register,
    network: Network | None,
    places: tuple[LonLat, LonLat],
    asked: Asked,
    out_map: Path | None,
) -> Report:
    if network is None:
        journey = straight_journey(register, places)
        sights = sights_of(register, plane_over(np.array(places), "the two places"))
    else:
        ground = Ground(register, network, every=asked.every)
        journey, sights = ground.journey(places, detour=asked.detour), ground.sights
    if out_map:
        paths = None if network is None else network.pieces
        kinds = ["between"] * len(journey.ways)
        kinds[-1:] = ["least"] * bool(journey.ways)
        drawn = [
            (kind, sights.plane.metres(way.walk.path))
            for kind, way in zip(kinds, journey.ways, strict=True)
        ]
        drawn = [("shortest", sights.plane.metres(journey.shortest.path)), *drawn]
        svg = as_svg(picture(sights, drawn, paths=paths), title=f"Seen on the way: {register.name}")
        _write(out_map, svg)
    return msgspec.structs.replace(report, journey=journey)


def _walks(report: Report, register: Register, file: Path, out_map: Path | None) -> Report:
    given = [(name, line) for name, line in geojson_lines(file) if len(set(line)) > 1]
    if not given:
        raise InputError("it holds no line", where=str(file), mend="Give walks as LineStrings")
    plane = plane_over(np.array([place for _, line in given for place in line]), str(file))
    sights = sights_of(register, plane)
    walks = [
        walk_exposure(LineString(plane.metres(line)), sights, name=name) for name, line in given
    ]
    if out_map:
        drawn = [("least", plane.metres(line)) for _, line in given]
        _write(out_map, as_svg(picture(sights, drawn), title=f"Seen on walks: {register.name}"))
    return msgspec.structs.replace(report, walks=tuple(walks))


def _districts(
    report: Report, register: Register, network: Network | None, file: Path, out_map: Path | None
) -> Report:
    rings = read_districts(file)
    corners = np.array([place for _, ring in rings for place in ring])
    plane = network.plane if network else plane_over(corners, str(file))
    sights = sights_of(register, plane)
    districts = tuple(
        district_exposure(
            polygon_of(ring, plane, f"{file}, {name}"), sights, name=name, network=network
        )
        for name, ring in rings
    )
    if out_map:
        drawn = [("district", plane.metres(ring)) for _, ring in rings]
        _write(out_map, _district_map(sights, drawn, register.name))
    return msgspec.structs.replace(report, districts=districts)


def _district_map(sights: Sights, drawn: list[tuple[str, Points]], name: str) -> bytes:
    return as_svg(picture(sights, drawn, closed=True), title=f"Seen by district: {name}")


def _write(out: Path, data: bytes) -> None:
    with replaced(out.resolve(), shown=out) as part:
        part.write_bytes(data)


def _journey_lines(journey: Journey) -> Iterator[str]:
    if journey.straight:
        yield "no footpaths were given (--network): this is the straight line"
    yield from _walk_lines(journey.shortest)
    for way in journey.ways:
        yield (
            f"{way.walk.name}: {way.walk.metres:,.0f} m, {way.extra_metres:,.0f} m more, "
            f"{way.less_camera_seconds:,.0f} camera-seconds fewer"
        )
    if journey.ways:
        yield from _walk_lines(journey.ways[-1].walk)
    elif not journey.straight:
        yield "no way that is not too long is less seen than the shortest"


def _one_or(one: str, several: str, number: int) -> str:
    """The words for `number` of something."""
    return one if number == 1 else several


def _walk_lines(walk: WalkExposure) -> Iterator[str]:
    running = walk.running.cameras
    yield (
        f"{walk.name}: {walk.metres:,.0f} m, {walk.seconds:,.0f} s on foot; "
        f"{_one_or('1 running camera sees', f'{running} running cameras see', running)} it for "
        f"{walk.running.seconds_seen:,.0f} s "
        f"({walk.running.camera_seconds:,.0f} camera-seconds)"
    )
    idle = walk.registered.cameras - walk.running.cameras
    if idle:
        some = _one_or("1 more camera stands", f"{idle} more cameras stand", idle)
        yield f"  {some} there and {_one_or('does', 'do', idle)} not run now"
    if walk.registered.assumed:
        yield f"  the view of {walk.registered.assumed} of these cameras is not known and assumed"
    if walk.unplaced:
        some = _one_or("1 camera has", f"{walk.unplaced} cameras have", walk.unplaced)
        yield f"  {some} no place in the register and may see it"
    for seen in walk.cameras:
        state = "" if seen.running else ", does not run"
        assumed = f", view assumed ({seen.assumed})" if seen.assumed else ""
        yield f"  {seen.seconds:6.1f} s  {seen.camera}{state}{assumed}"
    for doing in walk.doing:
        yield f"  {doing.capability}: {counted(doing.cameras, 'camera')}, {doing.seconds:,.0f} s"


def _district_lines(districts: tuple[DistrictExposure, ...]) -> Iterator[str]:
    yield f"{'district':24} {'running':>7} {'there':>7} {'assumed':>7} {'ground':>7} {'paths':>7}"
    for one in districts:
        paths = "-" if one.path_share_seen is None else f"{one.path_share_seen:.1%}"
        yield (
            f"{one.name[:24]:24} {one.running:7d} {one.registered:7d} {one.assumed:7d} "
            f"{one.share_seen:7.1%} {paths:>7}"
        )
