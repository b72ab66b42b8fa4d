"""The public register from the ledger of a state folder: as a file, or as notices to put up."""

import contextlib
import datetime as dt
import urllib.parse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from plainview.app import cities
from plainview.app.address import address
from plainview.app.officers import office_of
from plainview.app.output import replaced
from plainview.app.state import existing
from plainview.config import CityConfig, load_city
from plainview.errors import InputError, LedgerError, PermitRefused
from plainview.governance.assessment import Assessment
from plainview.governance.exports import EXPORTS
from plainview.governance.office import Office
from plainview.governance.permit import Permit
from plainview.governance.register import About, Observed, Register
from plainview.governance.registering import build_register
from plainview.governance.render import notice as notices
from plainview.governance.standing import Standing
from plainview.governance.switch import Switch

CHANGES: Final = 500
"""Latest entries that a register tells as changes."""
FORMATS: Final = ("json", *EXPORTS)
"""`json` is the register itself."""

_log = structlog.get_logger(__name__)


def documents(
    office: Office, standing: Standing, read: dict[str, Assessment | Permit]
) -> dict[str, Assessment | Permit]:
    """Every permit and assessment that the ledger names, as far as they can be read.

    They are added to `read`, what was read before, which is returned.
    """
    for record in standing.permits.values():
        try:
            if record.digest not in read:
                read[record.digest] = office.permit(record.digest)[0]
            if record.assessment not in read:
                read[record.assessment] = office.assessment(record.assessment)
        except (LedgerError, PermitRefused) as error:
            _log.error("a permit's document cannot be shown", why=error.line())
    return read


def register_of(
    state: Path | None, city: CityConfig | None = None, *, on: str | None = None
) -> Register:
    """The register of the state folder `state` now, beside a running Plainview or without one.

    `city` gives the places; without it cameras are listed, but on no map. What only a running
    Plainview knows (health, seal, uptime) stays unknown. `on` a day that is to come it is as by
    what is published now. Raises InputError, LedgerError.
    """
    folder = existing(state)
    with office_of(folder) as office, contextlib.closing(Switch(office, folder)) as switch:
        now = office.now() if on is None else _noon(on, office.now())
        return build(office, in_force(office, switch), city, {}, {}, now=now)


def _noon(day: str, now: int) -> int:
    """UTC milliseconds of the noon of `day`, which is a part of it in nearly every place on Earth.

    `now` where that is today. Raises InputError for what is no day, or is over.
    """
    try:
        noon = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(12), dt.UTC)
    except ValueError as error:
        raise InputError(f"{day!r} is no day", where="--on", mend="Write 2026-12-24") from error
    today = dt.datetime.fromtimestamp(now / 1000, dt.UTC).date()
    if noon.date() < today:
        raise InputError(f"{day} is over", where="--on", mend="Give a day that is to come")
    return now if noon.date() == today else round(noon.timestamp() * 1000)


def in_force(office: Office, switch: Switch) -> Standing:
    """The ledger's standing, with the stops that are in force and not recorded yet."""
    standing = office.standing().copy()
    standing.stops.update(switch.stops())
    return standing


def build(
    office: Office,
    standing: Standing,
    city: CityConfig | None,
    observed: Mapping[str, Observed],
    read: dict[str, Assessment | Permit],
    *,
    now: int | None = None,
) -> Register:
    """The register of `standing` (see `in_force`) at `now`; `read` keeps documents (`documents`).

    `now` is in UTC milliseconds; the office's where none is given.
    """
    origin = office.ledger.origin
    return build_register(
        standing,
        documents(office, standing, read),
        cities.places(city) if city else (),
        observed,
        office.now() if now is None else now,
        about=About(city.name, origin, city.simulated) if city else About(origin=origin),
        entries=office.ledger.entries(max(standing.size - CHANGES, 0), standing.size),
    )


def export(
    form: str, *, state: Path | None, city: Path | None, url: str | None, out: Path | None
) -> bytes:
    """The register in `form`, one of FORMATS; also written to `out`, whole or not at all.

    Addresses in it begin with `url`; without one with the address that the city's file names, or
    at which the Plainview of this state folder was last. Raises InputError, LedgerError.
    """
    if form not in FORMATS:
        raise InputError(
            f"there is no format {form!r}",
            where="FORMAT",
            mend=f"The formats are {', '.join(FORMATS)}",
        )
    found = load_city(city) if city else None
    folder = existing(state)
    base = checked(url) if url else (found and found.access.url) or address(folder)
    register = register_of(folder, found)
    if form == "json":
        data = msgspec.json.format(msgspec.json.encode(register), indent=2) + b"\n"
    else:
        data = EXPORTS[form].write(register, base)
    if out is not None:
        _write(out, data)
    return data


def notice(  # noqa: PLR0913 - one for each option
    camera: str | None,
    *,
    zone: str | None,
    languages: Sequence[str],
    paper: notices.Paper,
    url: str,
    out: Path,
    state: Path | None,
    city: Path | None = None,
    on: str | None = None,
) -> str:
    """Write the notice of `camera`, or of all cameras of the site `zone`; one line that says so.

    PDF or SVG by the suffix of `out`. `on` is a day that is to come, YYYY-MM-DD: what begins then
    has to be told before. Raises InputError, LedgerError.
    """
    if (camera is None) == (zone is None):
        raise InputError(
            "a notice is for one camera or for one zone",
            where="notice",
            mend="Give the camera's id, or --zone with a site's id",
        )
    form = out.suffix.lower()
    if form not in {".pdf", ".svg"}:
        raise InputError(
            "a notice is a PDF or an SVG", where=str(out), mend="Give a name that ends so"
        )
    base = checked(url)
    register = register_of(state, load_city(city) if city else None, on=on)
    name = camera if camera is not None else zone or ""
    as_pdf, as_svg = (
        (notices.notice_pdf, notices.notice_svg)
        if camera is not None
        else (notices.zone_notice_pdf, notices.zone_notice_svg)
    )
    try:
        if form == ".pdf":
            data = as_pdf(register, name, base, languages, paper=paper)
        else:
            data = as_svg(register, name, base, languages, paper=paper).encode()
    except notices.NotPermitted as error:
        raise InputError(
            error.what,
            where=error.where,
            mend="Publish an assessment of it; where that begins later, give a day with --on",
        ) from error
    _write(out, data)
    return f"{out}: the notice of {name}, {paper.upper()}, in {' and '.join(languages)}"


def checked(url: str) -> str:
    """`url` as an address to which a path can be added. Raises InputError where it is none."""
    try:
        parts = urllib.parse.urlsplit(url)
        fine = parts.hostname and parts.port != 0 and not (parts.username or parts.password)
    except ValueError:
        parts, fine = urllib.parse.urlsplit(""), None
    plain = url.isascii() and url.isprintable() and not {" ", '"', "<", ">", "\\"} & set(url)
    if not (fine and plain and parts.scheme in {"http", "https"}) or parts.query or parts.fragment:
        raise InputError(
            "this is not the address of a portal",
            where="--url",
            mend="Give it like https://crowd.example/",
        )
    # People know it as the portal's address, to which the pages' paths add /portal themselves.
    return url.rstrip("/").removesuffix("/portal")


def _write(out: Path, data: bytes) -> None:
    with replaced(out.resolve(), shown=out) as part:
        part.write_bytes(data)
