"""`plainview assessment`: from an empty form to a permit, and what is in force."""

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from plainview import durable
from plainview.app.called import called
from plainview.app.cities import configured
from plainview.app.officers import office_of, read_key
from plainview.app.output import replaced
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.errors import InputError, PlainviewError
from plainview.governance import approving, draft
from plainview.governance.assessment import AssessedCamera, load_assessment
from plainview.governance.check import check as find
from plainview.governance.diff import diff as changes
from plainview.governance.jsonschema import schema_text
from plainview.governance.standing import PermitRecord
from plainview.governance.words import LANGUAGES

_FORMATS: Final = (".html", ".pdf")


def new(
    city: Path | None,
    packs: Sequence[str],
    out: Path,
    *,
    language: str,
    name: str,
) -> list[str]:
    """Write a new assessment to `out`; what is left to do. Raises InputError; replaces no file."""
    cameras = [] if city is None else _cameras(city)
    text = draft.new(packs, cameras, today=_today(), language=language, name=name)
    _write(out, text.encode())
    written = load_assessment(out)
    left = len(find(written, today=_today(), views=None))
    seen = "1 camera" if len(cameras) == 1 else f"{len(cameras)} cameras"
    return [
        f"{out}: {seen}, {left} answers to write",
        f"Write them, then see what is left: {called('assessment', 'check', out)}",
    ]


def check(path: Path, city: Path | None, *, as_json: bool) -> tuple[list[str], bool]:
    """What is wrong with an assessment, a line each; and whether nothing is."""
    assessment = load_assessment(path)
    found = find(assessment, today=_today(), views=None if city is None else _views(city))
    if as_json:
        return [msgspec.json.format(msgspec.json.encode(found)).decode()], not found
    if found:
        return [finding.line() for finding in found], False
    return [
        f"{assessment.name}: no finding, it may be approved. SHA-256 {assessment.digest()}"
    ], True


def diff(old: Path, new: Path) -> list[str]:
    """What changed from one file to another, a line each."""
    found = changes(load_assessment(old), load_assessment(new))
    return [change.line() for change in found] or ["nothing changed"]


def schema() -> str:
    """The JSON Schema of an assessment."""
    return schema_text().rstrip("\n")


def approve(path: Path, key: Path, state: Path | None) -> str:
    """Approve an assessment with an officer's key; one line on what is still missing."""
    assessment = load_assessment(path)
    signer = read_key(key)
    with office_of(state) as office:
        person = office.person_of(signer)
        given = approving.approve(office, person, assessment, signer=signer)
    roles = sorted({approval.role for approval in given})
    return f"{assessment.name}: approved by the {' and the '.join(roles)}"


def publish(path: Path, key: Path | None, state: Path | None) -> str:
    """Grant the permit of an assessment that both have approved; one line that names it."""
    assessment = load_assessment(path)
    with office_of(state) as office:
        person = None if key is None else office.person_of(read_key(key))
        permit = approving.publish(office, person, assessment)
    return f"{permit}: granted. A running Plainview starts what it covers within 60 s"


def revoke(permit: str, why: str, key: Path, state: Path | None) -> str:
    """Take a permit back; one line that says so."""
    with office_of(state) as office:
        approving.revoke(office, office.person_of(read_key(key)), permit, why)
    return f"{permit}: revoked. What ran under it stops"


def listing(state: Path | None) -> list[str]:
    """Every permit that was ever granted and what became of it, a line each.

    Its days are those of its own timezone, the last one included, as the assessment says them.
    """
    with office_of(state) as office:
        now = office.now()
        lines = []
        for name, record in sorted(office.standing().permits.items()):
            zone = ZoneInfo(office.permit(record.digest)[0].timezone)
            first, last = _day(record.begins, zone), _day(record.ends - 1, zone)
            lines.append(f"{name}: {_became(record, now)}, {first} to {last}")
        return lines or ["no permit was granted yet: see 'plainview assessment new --help'"]


def _became(record: PermitRecord, now: int) -> str:
    if record.holds(now):
        return "in force"
    if record.over and record.over_since <= now:
        return record.over
    return "not begun" if now < record.begins else "over"


def render(path: Path, out: Path, language: str) -> str:
    """Write an assessment as HTML or PDF; one line that says so."""
    assessment = load_assessment(path)
    now = round(SystemClock().utc() * 1000)
    suffix = out.suffix.lower()
    if suffix not in _FORMATS:
        raise InputError(
            f"it can be written as {' or '.join(_FORMATS)}, not as {out.name!r}",
            where="--out",
            mend="Give it a name such as assessment.html",
        )
    try:
        if suffix == ".html":
            from plainview.governance.render.html import assessment_html  # noqa: PLC0415 - slow

            data = assessment_html(assessment, language, t=now).encode()
        else:
            from plainview.governance.render.pdf import assessment_pdf  # noqa: PLC0415 - slow

            data = assessment_pdf(assessment, language, t=now)
    except KeyError as error:
        raise InputError(
            f"pages are not written in {language!r}",
            where="--language",
            mend=f"The languages are {', '.join(LANGUAGES)}",
        ) from error
    with replaced(out.resolve(), shown=out) as part:
        part.write_bytes(data)
    return f"{out}: {assessment.name}, {len(data)} bytes"


def _cameras(city: Path) -> list[AssessedCamera]:
    return [
        AssessedCamera(name, camera.seen.site, camera.seen.fingerprint)
        for name, camera in configured(load_city(city)).items()
    ]


def _views(city: Path) -> Mapping[str, str]:
    return {camera.id: camera.fingerprint for camera in _cameras(city)}


def _today() -> dt.date:
    return dt.datetime.fromtimestamp(SystemClock().utc(), tz=dt.UTC).date()


def _day(milliseconds: int, zone: ZoneInfo) -> str:
    return f"{dt.datetime.fromtimestamp(milliseconds / 1000, tz=zone):%Y-%m-%d}"


def _write(path: Path, data: bytes) -> None:
    """Write a file that a person asked for, whole or not at all; none that is there."""
    try:
        durable.put(path, data, mode=0o666, over=False)
    except FileExistsError as error:
        raise InputError(
            "there is a file already", where=str(path), mend="Give another with --out"
        ) from error
    except OSError as error:
        raise PlainviewError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            mend="Check the folder, its rights and its free space, or give another with --out",
        ) from error
