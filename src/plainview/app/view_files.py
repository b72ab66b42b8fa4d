"""The plates of redacted views on disk: what was learned, what was admitted, and who decided.

Below the state folder, `plates/CAMERA.view-learned` is the newest plate that a lens learned for its
view and `plates/CAMERA.view` the one that a person looked at and admitted, with their masks.
"""

import contextlib
import datetime as dt
from pathlib import Path
from typing import NamedTuple

from plainview import redacted
from plainview.app.plate_folder import PlateFolder
from plainview.errors import InputError
from plainview.governance.office import Office
from plainview.governance.person import Person
from plainview.ledger.entry import EntryKind
from plainview.redacted import (
    RULES,
    AdmittedPlate,
    Masks,
    ViewPlate,
    check_masks,
    digest,
    read_admitted,
    read_view_plate,
)
from plainview.vision.task import MAX_ADMITTED
from plainview.web.view import PlateFacts, Plates

LEARNED, ADMITTED = "view-learned", "view"
DAY = 86_400_000
"""Milliseconds for which a plate that was learned over long is not given up for a shorter one."""


class ViewPlates:
    """Owns the plates of views on disk. What is not by the present rules is as if not there."""

    def __init__(self, state: Path) -> None:
        """Keep plates under the state folder `state`."""
        self._folder = PlateFolder(state, MAX_ADMITTED)

    def learned(self, camera: str) -> tuple[bytes, ViewPlate] | None:
        """The newest learned plate of `camera`."""
        data = self._folder.read(camera, LEARNED)
        if data is None:
            return None
        try:
            return data, read_view_plate(data)
        except InputError:
            return None

    def admitted(self, camera: str) -> bytes | None:
        """The admitted plate of `camera`, as its lens is given it."""
        data = self._folder.read(camera, ADMITTED)
        if data is None:
            return None
        try:
            read_admitted(data)
        except InputError:
            return None
        return data

    def save(self, camera: str, data: bytes, kind: str = LEARNED) -> None:
        """Keep `data`; durable when this returns. Raises PlainviewError where it cannot be."""
        self._folder.save(camera, data, kind)

    def keep(self, camera: str, data: bytes) -> None:
        """Keep what a lens learned, unless one of the last day was learned over longer.

        A lens that was started anew begins with short looks. Raises InputError for no plate.
        """
        new, old = read_view_plate(data), self.learned(camera)
        if old is not None:
            before = old[1]
            fresh = 0 <= new.until - before.until < DAY
            longer = before.until - before.since > new.until - new.since
            if fresh and longer and (before.width, before.height) == (new.width, new.height):
                return
        self.save(camera, data)

    def withdraw(self, camera: str) -> bool:
        """Delete the admitted plate; whether there was any."""
        return self._folder.delete(camera, ADMITTED)

    def forget(self, camera: str) -> bool:
        """Delete the learned plate; whether there was any."""
        return self._folder.delete(camera, LEARNED)

    def stamps(self) -> dict[str, int]:
        """When the admitted plate of each camera was written, nanoseconds."""
        found = {}
        for path in self._folder.folder.glob(f"*.{ADMITTED}"):
            with contextlib.suppress(OSError):
                found[path.name.removesuffix(f".{ADMITTED}")] = path.stat().st_mtime_ns
        return found

    def facts(self, camera: str) -> Plates:
        """What there is of `camera`."""
        learned = self.learned(camera)
        admitted = self.admitted(camera)
        return Plates(
            None if learned is None else _facts(*learned),
            None if admitted is None else _admitted_facts(admitted),
        )

    def names(self) -> list[str]:
        """Cameras with a plate of either kind, by name."""
        return self._folder.names((LEARNED, ADMITTED))


def _facts(data: bytes, plate: ViewPlate) -> PlateFacts:
    return PlateFacts(
        digest(data),
        plate.width,
        plate.height,
        plate.since / 1000,
        plate.until / 1000,
        plate.votes,
        plate.settled,
    )


def _admitted_facts(data: bytes) -> PlateFacts:
    admitted, plate = read_admitted(data)
    return _facts(admitted.plate, plate)._replace(masks=admitted.masks, admitted=admitted.at / 1000)


class Wish(NamedTuple):
    """A plate that a person wants to be shown."""

    camera: str
    digest: str
    masks: Masks


def admit_plate(office: Office, plates: ViewPlates, person: Person, wish: Wish) -> bytes:
    """Admit a learned plate: what its lens is to be given. In the ledger first, then on disk.

    Raises InputError where the learned plate is not the one that was looked at, or there is none;
    LedgerError, and then nothing is admitted.
    """
    check_masks(wish.masks)
    learned = plates.learned(wish.camera)
    if learned is None:
        raise missing(wish.camera, plates)
    data, plate = learned
    if digest(data) != wish.digest:
        raise InputError(
            "the camera has learned another plate since this one was looked at",
            where=f"camera {wish.camera}",
            mend="Look at the new one",
        )
    office.record(
        office.entry(
            EntryKind.PLATE_ADMITTED,
            f"camera:{wish.camera}",
            person,
            plate=wish.digest,
            masks=len(wish.masks),
            since=plate.since,
            until=plate.until,
        )
    )
    admitted = redacted.encode(AdmittedPlate(RULES, office.now(), data, wish.masks))
    plates.save(wish.camera, admitted, ADMITTED)
    return admitted


def withdraw_plate(
    office: Office, plates: ViewPlates, person: Person, camera: str, why: str
) -> None:
    """Show no view of `camera` any more: on disk at once, then in the ledger.

    Raises InputError where none was admitted, LedgerError.
    """
    if not plates.withdraw(camera):
        raise InputError(
            f"no plate was admitted to the view of camera {camera!r}",
            where="plates",
            mend="There is nothing to withdraw",
        )
    office.record(office.entry(EntryKind.PLATE_WITHDRAWN, f"camera:{camera}", person, why=why))


def missing(camera: str, plates: ViewPlates) -> InputError:
    """The error that nothing was learned for the view of `camera`, naming what there is."""
    known = ", ".join(plates.names()) or "none yet"
    return InputError(
        f"camera {camera!r} has learned no plate for its view",
        where="plates",
        mend=f"It takes eleven minutes, with a permit for 'view'. There are plates of: {known}",
    )


def listed(plates: ViewPlates) -> list[str]:
    """One line for each camera with a plate for its view, for a person."""
    lines = []
    for camera in plates.names():
        found = plates.facts(camera)
        told = []
        if found.admitted is not None and found.admitted.admitted is not None:
            when = dt.datetime.fromtimestamp(found.admitted.admitted, tz=dt.UTC)
            masks = len(found.admitted.masks)
            told.append(f"admitted {when:%Y-%m-%d %H:%M} UTC, {masks} masked")
        if found.learned is not None:
            one = found.learned
            minutes = (one.until - one.since) / 60
            same = found.admitted is not None and found.admitted.digest == one.digest
            waits = "" if same else ", waits to be looked at"
            told.append(
                f"learned over {minutes:.0f} min, {one.settled:.0%} settled{waits}: {one.digest}"
            )
        lines.append(f"{camera}: {'; '.join(told) or 'by older rules: it is not shown'}")
    return lines
