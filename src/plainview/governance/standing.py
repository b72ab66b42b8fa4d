"""What is permitted, suspended, stopped and running: a fold over the ledger's entries, and no more.

Whoever has the ledger's public files can work out the same. `Standing` is changed only by `apply`;
its values are frozen, so that a copy of the dictionaries is a snapshot.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Self

from msgspec import Struct, structs

from plainview.governance import release_standing
from plainview.ledger.entry import Entry, EntryKind, number_in, text_in, texts_in

CITY: Final = "city"
"""The scope of a stop switch that stops everything."""


class CameraRecord(Struct, frozen=True):
    """One camera as the ledger knows it."""

    site: str
    fingerprint: str
    since: int
    """UTC milliseconds of its registration."""
    changed: int
    """UTC milliseconds of the last entry about it."""
    removed: bool = False


class PermitRecord(Struct, frozen=True):
    """One permit as the ledger knows it; what it says stands in the document `digest`."""

    id: str
    """`ASSESSMENT@REVISION`."""
    digest: str
    assessment: str
    """Digest of the assessment."""
    granted: int
    begins: int
    ends: int
    index: int
    """Of its entry."""
    over: str = ""
    """Why it holds no more: `revoked` or `superseded`; empty while it holds."""
    over_since: int = 0
    """UTC milliseconds from which it holds no more."""

    def holds(self, now: int) -> bool:
        """Whether it is live at `now` (UTC milliseconds)."""
        until = min(self.ends, self.over_since) if self.over else self.ends
        return self.begins <= now < until

    def granted_still(self, now: int) -> bool:
        """Whether it is live at `now`, or will be."""
        return self.holds(max(now, self.begins))


class Approval(Struct, frozen=True):
    """One person's approval of one document."""

    role: str
    who: str
    """Commitment to the name."""
    t: int
    document: str
    """Digest of the signed approval."""
    index: int
    """Of its entry."""


class Suspension(Struct, frozen=True):
    """Why a camera may not run until it is assessed again."""

    reason: str
    why: str
    since: int
    index: int
    """Of its entry."""


class Ordered(Struct, frozen=True):
    """The centre's order by which a site's stop switch was pressed."""

    centre: str
    """Name of the centre's ledger."""
    number: int
    """Place of the stop's entry there."""
    digest: str
    """Of the signed order."""


class Stop(Struct, frozen=True):
    """A stop switch that is pressed."""

    scope: str
    why: str
    since: int
    role: str
    agreed: tuple[tuple[str, str], ...] = ()
    """(role, commitment) of those who agreed that it may start again."""
    who: str = ""
    """Commitment to the name of who pressed it; the centre's own where the centre ordered it."""
    index: int = -1
    """Of its entry; -1 while it waits for the ledger."""
    ordered: Ordered | None = None
    """By which order of the centre; None where somebody here pressed it."""

    @property
    def centre(self) -> bool:
        """Whether it was pressed from the centre."""
        return self.ordered is not None


class Started(Struct, frozen=True):
    """A camera that was started and not stopped."""

    permit: str
    """Digest."""
    fingerprint: str
    capabilities: tuple[str, ...]
    software: str
    since: int
    index: int
    """Of its entry."""


class Officer(Struct, frozen=True):
    """Somebody who may sign decisions with a key of their own."""

    key: str
    """Verifier key."""
    role: str
    who: str
    since: int


class StatisticsRelease(Struct, frozen=True):
    """Public statistics of one day, as the ledger knows them."""

    day: str
    begins: int
    """UTC milliseconds of its first hour."""
    ends: int
    rho: int
    """What a person-day cost, in millionths of zero-concentrated differential privacy."""
    epsilon: int
    """The same as epsilon at `delta`, in millionths."""
    delta: str
    crossing: int
    """Epsilon of one crossing of one line, in millionths."""
    document: str
    """Digest of what was published."""
    t: int
    index: int
    """Of its entry."""


class Standing:
    """The fold. Not thread-safe: whoever shares one shares a `copy`."""

    def __init__(self) -> None:
        """Of an empty ledger."""
        self.size = 0
        """Entries folded so far."""
        self.cameras: dict[str, CameraRecord] = {}
        self.permits: dict[str, PermitRecord] = {}
        """By id; the last one of each."""
        self.approvals: dict[str, tuple[Approval, ...]] = {}
        """By digest of the assessment."""
        self.suspensions: dict[str, Suspension] = {}
        """By camera."""
        self.stops: dict[str, Stop] = {}
        """By scope."""
        self.orders: dict[str, Ordered] = {}
        """By scope: the centre's last order that was obeyed, also once two people lifted it."""
        self.running: dict[str, Started] = {}
        """By camera."""
        self.officers: dict[str, Officer] = {}
        """By the name of their key."""
        self.authorities: dict[str, int] = {}
        """Verifier keys that permits may be signed with, and the place where each was told."""
        self.state_keys: dict[str, int] = {}
        """Verifier keys that the attested state may be signed with."""
        self.releases: dict[int, StatisticsRelease] = {}
        """Public statistics, by the place of their entry."""
        self.footage: release_standing.Releases = {}
        """Releases of footage, by id."""
        self.software = ""
        self.configuration = ""

    def copy(self) -> Self:
        """A snapshot that later entries do not change."""
        other = type(self)()
        for name, value in vars(self).items():
            setattr(other, name, dict(value) if isinstance(value, dict) else value)
        return other

    def apply(self, index: int, entry: Entry) -> None:
        """Fold one more entry; `index` is its place, which must be the next one.

        Raises ValueError for a gap. An entry that makes no sense where it stands (a permit revoked
        that was never granted) changes nothing: `contradictions` of governance.attest names it.
        """
        if index != self.size:
            message = f"entry {index} folded where {self.size} was due"
            raise ValueError(message)
        self.size += 1
        change = _CHANGES.get(entry.kind)
        if change is not None:
            change(self, index, entry)


def stopped_by(
    stops: Mapping[str, Stop], camera: str, site: str, capabilities: Iterable[str]
) -> Stop | None:
    """The stop switch that keeps `camera` from `capabilities`, the widest first."""
    scopes = (CITY, f"site:{site}", *(f"capability:{name}" for name in capabilities))
    for scope in (*scopes, f"camera:{camera}"):
        if scope in stops:
            return stops[scope]
    return None


def fold(entries: Iterable[tuple[int, Entry]]) -> Standing:
    """The standing after `entries`, from the first on."""
    standing = Standing()
    for index, entry in entries:
        standing.apply(index, entry)
    return standing


def _named(entry: Entry) -> str:
    return entry.subject.partition(":")[2]


def _camera(standing: Standing, _index: int, entry: Entry) -> None:
    camera = _named(entry)
    known = standing.cameras.get(camera)
    standing.cameras[camera] = CameraRecord(
        site=text_in(entry, "site") or (known.site if known else ""),
        fingerprint=text_in(entry, "fingerprint"),
        since=known.since if known and not known.removed else entry.t,
        changed=entry.t,
    )


def _camera_removed(standing: Standing, _index: int, entry: Entry) -> None:
    known = standing.cameras.get(_named(entry))
    if known is not None:
        standing.cameras[_named(entry)] = structs.replace(known, removed=True, changed=entry.t)


def _started(standing: Standing, index: int, entry: Entry) -> None:
    standing.running[_named(entry)] = Started(
        permit=text_in(entry, "permit"),
        fingerprint=text_in(entry, "fingerprint"),
        capabilities=texts_in(entry, "capabilities"),
        software=text_in(entry, "software"),
        since=entry.t,
        index=index,
    )


def _stopped(standing: Standing, _index: int, entry: Entry) -> None:
    standing.running.pop(_named(entry), None)


def _approved(standing: Standing, index: int, entry: Entry) -> None:
    digest = text_in(entry, "assessment")
    approval = Approval(entry.role, entry.who, entry.t, text_in(entry, "approval"), index)
    others = tuple(a for a in standing.approvals.get(digest, ()) if a.role != entry.role)
    standing.approvals[digest] = (*others, approval)


def _withdrawn(standing: Standing, _index: int, entry: Entry) -> None:
    standing.approvals.pop(text_in(entry, "assessment"), None)


def _granted(standing: Standing, index: int, entry: Entry) -> None:
    name = _named(entry)
    assessment = name.rpartition("@")[0]
    since = max(entry.t, number_in(entry, "begins"))
    for other, record in standing.permits.items():
        until = min(record.ends, record.over_since) if record.over else record.ends
        if other.rpartition("@")[0] == assessment and until > since:
            # Until the new one begins, the old one holds: a renewal leaves no gap. One that has not
            # begun by then never does.
            standing.permits[other] = structs.replace(record, over="superseded", over_since=since)
    standing.permits[name] = PermitRecord(
        id=name,
        digest=text_in(entry, "permit"),
        assessment=text_in(entry, "assessment"),
        granted=entry.t,
        begins=number_in(entry, "begins"),
        ends=number_in(entry, "ends"),
        index=index,
    )


def _revoked(standing: Standing, _index: int, entry: Entry) -> None:
    record = standing.permits.get(_named(entry))
    if record is not None and record.over != "revoked":
        since = min(entry.t, record.over_since) if record.over else entry.t
        standing.permits[record.id] = structs.replace(record, over="revoked", over_since=since)
        # What is taken back needs both people again.
        standing.approvals.pop(record.assessment, None)


def _suspended(standing: Standing, index: int, entry: Entry) -> None:
    standing.suspensions[_named(entry)] = Suspension(
        text_in(entry, "reason"), text_in(entry, "why"), entry.t, index
    )


def _resumed(standing: Standing, _index: int, entry: Entry) -> None:
    standing.suspensions.pop(_named(entry), None)


def _pressed(standing: Standing, index: int, entry: Entry) -> None:
    ordered = None
    if centre := text_in(entry, "centre"):
        ordered = Ordered(centre, number_in(entry, "order"), text_in(entry, "digest"))
        standing.orders[entry.subject] = ordered
    standing.stops[entry.subject] = Stop(
        entry.subject,
        text_in(entry, "why"),
        entry.t,
        entry.role,
        who=entry.who,
        index=index,
        ordered=ordered,
    )


def _lifted(standing: Standing, _index: int, entry: Entry) -> None:
    stop = standing.stops.get(entry.subject)
    if stop is None:
        return
    # The first agreement must be to the stop that stands now, not to one before it.
    if number_in(entry, "complete") and stop.agreed:
        del standing.stops[entry.subject]
    else:
        agreed = (*stop.agreed, (entry.role, entry.who))
        standing.stops[entry.subject] = structs.replace(stop, agreed=agreed)


def _enrolled(standing: Standing, _index: int, entry: Entry) -> None:
    key = text_in(entry, "key")
    standing.officers[_named(entry)] = Officer(key, entry.role, entry.who, entry.t)


def _dismissed(standing: Standing, _index: int, entry: Entry) -> None:
    standing.officers.pop(_named(entry), None)


def _keys(standing: Standing, index: int, entry: Entry) -> None:
    if authority := text_in(entry, "authority"):
        standing.authorities.setdefault(authority, index)
    if state := text_in(entry, "state"):
        standing.state_keys.setdefault(state, index)


def _software(standing: Standing, _index: int, entry: Entry) -> None:
    standing.software = text_in(entry, "software")


def _statistics(standing: Standing, index: int, entry: Entry) -> None:
    standing.releases[index] = StatisticsRelease(
        day=text_in(entry, "day"),
        begins=number_in(entry, "begins"),
        ends=number_in(entry, "ends"),
        rho=number_in(entry, "rho_millionths"),
        epsilon=number_in(entry, "epsilon_millionths"),
        delta=text_in(entry, "delta"),
        crossing=number_in(entry, "crossing_millionths"),
        document=text_in(entry, "document"),
        t=entry.t,
        index=index,
    )


def _configuration(standing: Standing, _index: int, entry: Entry) -> None:
    standing.configuration = text_in(entry, "configuration")


def _footage(
    change: Callable[[release_standing.Releases, int, Entry], None],
) -> Callable[[Standing, int, Entry], None]:
    return lambda standing, index, entry: change(standing.footage, index, entry)


_CHANGES: dict[EntryKind, Callable[[Standing, int, Entry], None]] = {
    EntryKind.LEDGER_OPENED: _keys,
    EntryKind.OFFICER_ENROLLED: _enrolled,
    EntryKind.OFFICER_REMOVED: _dismissed,
    EntryKind.ASSESSMENT_APPROVED: _approved,
    EntryKind.ASSESSMENT_WITHDRAWN: _withdrawn,
    EntryKind.PERMIT_GRANTED: _granted,
    EntryKind.PERMIT_SUSPENDED: _suspended,
    EntryKind.PERMIT_RESUMED: _resumed,
    EntryKind.PERMIT_REVOKED: _revoked,
    EntryKind.CAMERA_REGISTERED: _camera,
    EntryKind.CAMERA_MOVED: _camera,
    EntryKind.CAMERA_REMOVED: _camera_removed,
    EntryKind.CAMERA_STARTED: _started,
    EntryKind.CAMERA_STOPPED: _stopped,
    EntryKind.CONFIGURATION_CHANGED: _configuration,
    EntryKind.SOFTWARE_CHANGED: _software,
    EntryKind.STATISTICS_RELEASED: _statistics,
    EntryKind.RELEASE_REQUESTED: _footage(release_standing.requested),
    EntryKind.RELEASE_APPROVED: _footage(release_standing.approved),
    EntryKind.RELEASE_GRANTED: _footage(release_standing.granted),
    EntryKind.RELEASE_OPENED: _footage(release_standing.opened),
    EntryKind.RELEASE_EXPORTED: _footage(release_standing.exported),
    EntryKind.RELEASE_ENDED: _footage(release_standing.ended),
    EntryKind.STOP_PRESSED: _pressed,
    EntryKind.STOP_LIFTED: _lifted,
}
