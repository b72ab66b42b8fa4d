"""Cameras in the ledger: registered, changed, started, stopped, suspended."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from plainview.errors import PermitRefused
from plainview.governance.capability import MEASURING, RECORD, VIEW, to_watch, watched
from plainview.governance.office import LivePermit, Office, in_groups
from plainview.governance.permit import CHANGED, UPGRADED, Grant, NotCovered, covers
from plainview.governance.standing import Stop, Suspension, stopped_by
from plainview.ledger.entry import Entry, EntryKind, encode_entry

BY_COVER = (CHANGED, UPGRADED)
MOVED = "moved"
"""The camera itself looks elsewhere (health)."""
SILENT_END = "ended without notice"


class Seen(Struct, frozen=True):
    """A camera as it is configured now."""

    site: str
    fingerprint: str


class Wanted(NamedTuple):
    """A camera that may start, and under what."""

    camera: str
    fingerprint: str
    capabilities: tuple[str, ...]
    live: LivePermit


def register(office: Office, cameras: Mapping[str, Seen], *, configuration: str) -> None:
    """Record what changed since the last time: cameras, configuration, version.

    Raises LedgerError, and then nothing of it may take effect.
    """
    with office.lock:
        office.refresh()
        standing = office.standing()
        entries: list[Entry] = []
        if standing.software != office.software:
            entries.append(
                office.entry(EntryKind.SOFTWARE_CHANGED, "city", software=office.software)
            )
        if standing.configuration != configuration:
            entries.append(
                office.entry(EntryKind.CONFIGURATION_CHANGED, "city", configuration=configuration)
            )
        for camera, seen in cameras.items():
            known = standing.cameras.get(camera)
            if known is None or known.removed:
                kind = EntryKind.CAMERA_REGISTERED
            elif (known.site, known.fingerprint) != (seen.site, seen.fingerprint):
                kind = EntryKind.CAMERA_MOVED
            else:
                continue
            entries.append(
                office.entry(kind, f"camera:{camera}", site=seen.site, fingerprint=seen.fingerprint)
            )
        entries += [
            office.entry(EntryKind.CAMERA_REMOVED, f"camera:{camera}")
            for camera, known in standing.cameras.items()
            if camera not in cameras and not known.removed
        ]
        for group in in_groups(entries):
            office.record(*group)


def permit_for(
    office: Office,
    camera: str,
    seen: Seen,
    needs: Sequence[str],
    live: Sequence[LivePermit],
    stops: Mapping[str, Stop],
) -> Wanted:
    """The permit under which `camera` may do `needs` now.

    Raises PermitRefused, saying why not: stopped, suspended, or no live permit covers it (the
    reason of the one that names the camera).
    """
    standing = office.standing()
    stop = stopped_by(stops, camera, seen.site, needs)
    if stop is not None:
        pressed = "is pressed from the centre" if stop.centre else "is pressed"
        what = "the whole city" if stop.scope == "city" else stop.scope.replace(":", " ", 1)
        raise Stopped(f"the stop switch of {what} {pressed}: {stop.why}", where=camera)
    suspension: Suspension | None = standing.suspensions.get(camera)
    # A suspension for its configuration ends by itself when it is again as it was assessed.
    if suspension is not None and suspension.reason not in BY_COVER:
        raise Suspended(
            f"{suspension.why}; it is suspended until it is assessed again", where=camera
        )
    refusal: NotCovered | None = None
    for one in live:
        if camera not in one.permit.cameras:
            continue
        try:
            covers(
                one.permit,
                camera=camera,
                fingerprint=seen.fingerprint,
                needs=needs,
                now=office.now(),
                software=office.software,
            )
        except NotCovered as error:
            refusal = refusal or error
        else:
            return Wanted(camera, seen.fingerprint, tuple(needs), one)
    if refusal is not None:
        raise refusal
    raise PermitRefused(
        "no approved assessment covers this camera",
        where=camera,
        mend="Write one: see 'plainview assessment new --help'",
    )


def with_events(wanted: Wanted, site: str, stops: Mapping[str, Stop]) -> Wanted:
    """`wanted` with every kind of event that its permit grants and no stop switch takes away."""
    granted = watched(wanted.live.permit.of_camera(wanted.camera))
    kinds = [
        kind for kind in granted if stopped_by(stops, wanted.camera, site, to_watch([kind])) is None
    ]
    return wanted._replace(capabilities=(*wanted.capabilities, *to_watch(kinds)[len(MEASURING) :]))


def with_recording(wanted: Wanted, site: str, stops: Mapping[str, Stop]) -> Wanted:
    """`wanted` with recording, where its permit grants that and no stop switch takes it away."""
    granted = RECORD in wanted.live.permit.of_camera(wanted.camera)
    if not granted or stopped_by(stops, wanted.camera, site, (RECORD,)) is not None:
        return wanted
    return wanted._replace(capabilities=(*wanted.capabilities, RECORD))


def with_view(wanted: Wanted, site: str, stops: Mapping[str, Stop]) -> Wanted:
    """`wanted` with the redacted view, where its permit grants that and no switch takes it away."""
    granted = VIEW in wanted.live.permit.of_camera(wanted.camera)
    if not granted or stopped_by(stops, wanted.camera, site, (VIEW,)) is not None:
        return wanted
    return wanted._replace(capabilities=(*wanted.capabilities, VIEW))


class Stopped(PermitRefused):
    """The stop switch is pressed."""


class Suspended(PermitRefused):
    """Suspended until assessed again."""


def start(office: Office, wanted: Sequence[Wanted]) -> dict[str, Grant]:
    """Record that `wanted` start; their grants. Raises LedgerError: then none may start."""
    grants: dict[str, Grant] = {}
    with office.lock:
        by_camera = {one.camera: one for one in wanted}
        entries = [
            office.entry(
                EntryKind.CAMERA_STARTED,
                f"camera:{one.camera}",
                permit=one.live.record.digest,
                fingerprint=one.fingerprint,
                capabilities=list(one.capabilities),
                software=office.software,
            )
            for one in by_camera.values()
        ]
        for group in in_groups(entries):
            for entry, place in zip(group, office.record(*group), strict=True):
                camera = entry.subject.partition(":")[2]
                grants[camera] = Grant(
                    permit=by_camera[camera].live.note,
                    entry=encode_entry(entry),
                    proof=office.ledger.proof(place),
                )
    return grants


def stopped(office: Office, cameras: Iterable[str], why: str) -> None:
    """Record that `cameras`, as far as they ran, run no more. Raises LedgerError."""
    with office.lock:
        running = office.standing().running
        entries = [
            office.entry(EntryKind.CAMERA_STOPPED, f"camera:{camera}", why=why)
            for camera in cameras
            if camera in running
        ]
        for group in in_groups(entries):
            office.record(*group)


def resume(office: Office, camera: str, permit: str) -> None:
    """Record that `camera`, suspended for its configuration, is again as `permit` assessed it."""
    with office.lock:
        if camera in office.standing().suspensions:
            office.record(office.entry(EntryKind.PERMIT_RESUMED, f"camera:{camera}", permit=permit))


def suspend(office: Office, camera: str, reason: str, why: str) -> None:
    """Record that `camera` may not run until it is assessed again. Raises LedgerError."""
    with office.lock:
        if camera not in office.standing().suspensions:
            office.record(
                office.entry(EntryKind.PERMIT_SUSPENDED, f"camera:{camera}", reason=reason, why=why)
            )
