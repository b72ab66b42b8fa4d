"""The plates of redacted views on disk: what was learned, what was admitted, and who decided.

Below the state folder, `plates/CAMERA.view-learned` is the newest plate that a lens learned for its
view and `plates/CAMERA.view` the one that a person looked at and admitted, with their masks.
`plates/CAMERA.view-looks` is what its lens saw for the next one in the last day: the lens goes on
from it when it is started anew, and nobody is shown it.
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
from plainview.governance.switch import reason
from plainview.ledger.entry import EntryKind
from plainview.plural import counted
from plainview.redacted import (
    NEEDED_LOOKS,
    OLDEST_LOOK,
    RULES,
    AdmittedPlate,
    Masks,
    ViewLooks,
    ViewPlate,
    check_masks,
    digest,
    read_admitted,
    read_view_looks,
    read_view_plate,
)
from plainview.vision.task import MAX_ADMITTED
from plainview.web.view import LooksFacts, PlateFacts, Plates

LEARNED, ADMITTED, LOOKS = "view-learned", "view", "view-looks"
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

    def keep_looks(self, camera: str, data: bytes) -> None:
        """Keep what a lens saw for its view's next plate. Raises InputError for no looks."""
        read_view_looks(data)
        self.save(camera, data, LOOKS)

    def looks(self, camera: str) -> bytes | None:
        """What was seen for the next plate of `camera`, as its lens is given it."""
        found = self._looks(camera)
        return None if found is None else found[0]

    def _looks(self, camera: str) -> tuple[bytes, ViewLooks] | None:
        data = self._folder.read(camera, LOOKS)
        if data is None:
            return None
        try:
            return data, read_view_looks(data)
        except InputError:
            return None

    def withdraw(self, camera: str) -> bool:
        """Delete the admitted plate; whether there was any."""
        return self._folder.delete(camera, ADMITTED)

    def forget(self, camera: str) -> bool:
        """Delete the learned plate, and what was seen for the next; whether there was any."""
        deleted = [self._folder.delete(camera, kind) for kind in (LEARNED, LOOKS)]
        return any(deleted)

    def stamps(self) -> dict[str, int]:
        """When the admitted plate of each camera was written, nanoseconds."""
        found = {}
        for path in self._folder.folder.glob(f"*.{ADMITTED}"):
            with contextlib.suppress(OSError):
                found[path.name.removesuffix(f".{ADMITTED}")] = path.stat().st_mtime_ns
        return found

    def drop_old_looks(self, now: float) -> list[str]:
        """Delete looks that were written too long before `now` (UTC seconds) to count; whose.

        A lens that runs writes them anew every two hours. Those of one that does not would stay.
        """
        dropped = []
        for path in self._folder.folder.glob(f"*.{LOOKS}"):
            with contextlib.suppress(OSError):
                if now - path.stat().st_mtime > OLDEST_LOOK / 1000:
                    path.unlink()
                    dropped.append(path.name.removesuffix(f".{LOOKS}"))
        return sorted(dropped)

    def facts(self, camera: str) -> Plates:
        """What there is of `camera`."""
        learned = self.learned(camera)
        admitted = self.admitted(camera)
        looks = self._looks(camera)
        return Plates(
            None if learned is None else _facts(*learned),
            None if admitted is None else _admitted_facts(admitted),
            None if looks is None else LooksFacts(looks[1].looks, looks[1].since / 1000),
        )

    def names(self) -> list[str]:
        """Cameras with a plate of either kind, by name."""
        return self._folder.names((LEARNED, ADMITTED, LOOKS))


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
    if len(wish.digest) != len(digest(data)):
        raise InputError(
            f"{wish.digest[:80]!r} is no plate's digest",
            where=f"camera {wish.camera}",
            mend="Give all of it, as 'plainview camera view list' tells it",
        )
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

    Raises InputError where none was admitted or no reason is given, LedgerError.
    """
    why = reason(why)
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
        mend=f"It takes sixteen hours, with a permit for 'view'. There are plates of: {known}",
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
            hours = (one.until - one.since) / 3600
            same = found.admitted is not None and found.admitted.digest == one.digest
            waits = "" if same else ", waits to be looked at"
            told.append(
                f"learned over {hours:.0f} h by {counted(one.votes, 'look')}, "
                f"{one.settled:.0%} settled{waits}: {one.digest}"
            )
        elif found.looks is not None:
            told.append(
                f"being learned: {found.looks.taken} of {NEEDED_LOOKS} looks, one every two hours"
            )
        lines.append(f"{camera}: {'; '.join(told) or 'by older rules: it is not shown'}")
    return lines
