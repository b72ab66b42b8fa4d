"""`plainview publish`: a day's statistics with differential privacy, recorded before published.

The order is what the privacy account rests on. Under a lock of its own: noise is drawn, the
document kept where only the service reads it, its entry made durable in the ledger, and then the
files are put where the portal serves them. Killed before the entry, nothing was spent and nothing
is ever published of that draw. Killed after it, the next run finishes with the same document.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from plainview.app.draw import ORDINARY, Terms, prepared
from plainview.app.publishing import Permits, timezone_of
from plainview.app.register import in_force
from plainview.app.state import DEFAULT, begun
from plainview.civic.statistics import account as accounts
from plainview.civic.statistics.account import DELTA, MILLION
from plainview.civic.statistics.day import hours_of
from plainview.civic.statistics.occupancy import HOUR_MS
from plainview.civic.statistics.release import Release, decode_release, encode_release
from plainview.civic.statistics.tables import FILES, FOLDER
from plainview.clock import Clock, SystemClock
from plainview.config import CityConfig, load_city
from plainview.durable import folder_beside, sweep
from plainview.errors import InputError, PlainviewError
from plainview.governance.office import Office
from plainview.governance.standing import StatisticsRelease
from plainview.governance.switch import Switch
from plainview.ledger.entry import EntryKind

ENTRY: Final = "entry.json"
_log = structlog.get_logger(__name__)


class Placed(Struct, frozen=True):
    """Where the entry of what is published is found."""

    index: int
    document: str
    ledger: str
    vkey: str


def publish(
    city_file: Path,
    *,
    day: str,
    terms: Terms = ORDINARY,
    state: Path | None = None,
    out: Path | None = None,
    dry_run: bool = False,
    clock: Clock | None = None,
) -> list[str]:
    """Publish the statistics of `day`; lines that say what was done.

    A day that was released stays as it was: what is missing of its files is put back. Raises
    InputError (Overspent among them), PermitRefused where nothing may be published, StoreError,
    LedgerError; then nothing was published.
    """
    city = load_city(city_file)
    folder = begun(state or city.state or DEFAULT)
    with _alone(folder), Office(folder, clock or SystemClock()) as office:
        return publish_with(office, folder, city, day=day, terms=terms, out=out, dry_run=dry_run)


def publish_with(
    office: Office,
    folder: Path,
    city: CityConfig,
    *,
    day: str,
    terms: Terms = ORDINARY,
    out: Path | None = None,
    dry_run: bool = False,
) -> list[str]:
    """The same with the office of the state folder `folder`, which nobody else publishes from."""
    hours = hours_of(day, timezone_of(city))
    _finish(office, folder)
    done = _released(office, hours)
    if done is not None:
        if not (folder / FOLDER / done.day / ENTRY).is_file():
            _put(office, folder, done)
        return [*_written(office, done, out), f"{day} was released before: nothing was drawn"]
    if office.now() < hours[-1] + HOUR_MS:
        raise InputError(f"{day} is not over yet", where="--day", mend="Publish it tomorrow")
    accounts.check(
        office.standing().releases.values(),
        hours[0],
        hours[-1] + HOUR_MS,
        epsilon=terms.epsilon,
        crossing=terms.crossing,
    )
    with contextlib.closing(Switch(office, folder)) as switch:
        permits = Permits(office, in_force(office, switch))
    draw = prepared(city, folder, (day, hours), terms, permits)
    if dry_run:
        return [*draw.words(), "nothing was drawn, recorded or published"]
    release, rho = draw.release(software=office.software, ledger=office.ledger.origin)
    one = _record(office, release, rho)
    place = _put(office, folder, one)
    return [*draw.words(), f"ledger entry {one.index}; {place}", *_written(office, one, out)]


def account(state: Path | None, *, clock: Clock | None = None) -> list[str]:
    """What was released, a line each, and what somebody who was always there has spent."""
    folder = begun(state)
    with Office(folder, clock or SystemClock()) as office:
        releases = sorted(office.standing().releases.values(), key=lambda one: one.begins)
        now = office.now()
    told = [
        f"{one.day}: epsilon {one.epsilon / MILLION:.3f} of {accounts.LIMIT:g} at delta {one.delta}"
        f" for a person-day, {one.crossing / MILLION:.3f} for a crossing; entry {one.index}"
        for one in releases
    ] or ["nothing was released"]
    for days in (7, 30, 365):
        found = accounts.spent(releases, now, days)
        told.append(
            f"the last {days} days: {found.days} released; epsilon {found.epsilon:.2f} at delta "
            f"{DELTA:g} for somebody who was there all the time"
        )
    return told


def _record(office: Office, release: Release, rho: float) -> StatisticsRelease:
    """Keep the document and record it: from here on the day is spent. Raises LedgerError."""
    digest = office.documents.put(encode_release(release))
    place = office.record(
        office.entry(
            EntryKind.STATISTICS_RELEASED,
            "city",
            document=digest,
            day=release.day,
            begins=release.hours[0],
            ends=release.hours[-1] + HOUR_MS,
            rho_millionths=_up(rho),
            epsilon_millionths=_up(release.guarantee.epsilon),
            delta=f"{DELTA:g}",
            crossing_millionths=_up(release.crossing_guarantee.epsilon),
            zones=sum(area.level == "zone" for area in release.areas),
            overlap=release.guarantee.overlap,
            detections_thousandths=round(release.guarantee.detections * 1000),
        )
    )[0]
    return office.standing().releases[place]


def _up(cost: float) -> int:
    """Millionths, rounded up but for what is only the last digit of a double."""
    return -int(-(cost - 1e-9) * MILLION // 1)


def _released(office: Office, hours: Sequence[int]) -> StatisticsRelease | None:
    """The release of just these hours, if there is one."""
    spans = {(one.begins, one.ends): one for one in office.standing().releases.values()}
    return spans.get((hours[0], hours[-1] + HOUR_MS))


def _finish(office: Office, folder: Path) -> None:
    """Put out what was recorded and never published: the run that recorded it was cut short."""
    for one in office.standing().releases.values():
        if one.day and not (folder / FOLDER / one.day / ENTRY).is_file():
            try:
                _put(office, folder, one)
            except PlainviewError as error:
                _log.error("a recorded day is not out", day=one.day, why=error.line())


def _put(office: Office, folder: Path, one: StatisticsRelease) -> Path:
    """The day's files, all of them or none. Raises PlainviewError where they cannot be written."""
    target = folder / FOLDER / one.day
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target.parent)
        with folder_beside(target) as part:
            _write(office, one, part)
            if target.exists():
                shutil.rmtree(target)
    except OSError as error:
        raise PlainviewError(
            f"the release is recorded, but cannot be written ({error.strerror})",
            where=str(target),
            mend="Mend that and publish the same day again: nothing more is spent",
        ) from error
    return target


def _write(office: Office, one: StatisticsRelease, folder: Path) -> None:
    data = office.documents.get(one.document)
    release = decode_release(data)
    placed = Placed(one.index, one.document, office.ledger.origin, office.ledger.vkey)
    for name, make in FILES.items():
        # The document itself byte for byte: its digest is what the ledger holds.
        (folder / name).write_bytes(data if name == "statistics.json" else make(release))
    (folder / ENTRY).write_bytes(msgspec.json.encode(placed))


def _written(office: Office, one: StatisticsRelease, out: Path | None) -> list[str]:
    """The same files in the folder `out`, if one was named."""
    if out is None:
        return []
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write(office, one, out)
    except OSError as error:
        raise PlainviewError(
            f"published, but not written here ({error.strerror})", where=str(out)
        ) from error
    return [f"{out}: {', '.join((*FILES, ENTRY))}"]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No two processes publish on one state folder at once. Raises PlainviewError, InputError."""
    try:
        descriptor = os.open(
            folder / "statistics.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
    except OSError as error:
        raise InputError(
            f"the state folder cannot be written ({error.strerror})", where=str(folder)
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise PlainviewError(
            "somebody is publishing right now", where=str(folder), mend="Wait until that is done"
        ) from error
    finally:
        os.close(descriptor)
