"""A city as its public would find it: a real ledger, real assessments, cameras in every state."""

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from litestar.testing import TestClient
from msgspec import structs
from tests.web.conftest import NORTH, QUAY, SITES, SOUTH

from plainview.clock import ManualClock
from plainview.errors import InputError, LedgerError
from plainview.governance.assessment import Assessment, load_assessment
from plainview.governance.attest import RunningCamera, State, sign_state
from plainview.governance.permit import Permit
from plainview.governance.places import Place
from plainview.governance.register import About, Observed, Register
from plainview.governance.registering import build_register
from plainview.governance.release_standing import FootageRelease, ReleaseApproval
from plainview.governance.standing import fold
from plainview.ledger.checkpoint import parse_checkpoint
from plainview.ledger.entry import Entry, EntryKind, encode_entry
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signer, Verifier, open_note
from plainview.schedule import Hours
from plainview.store import open_store
from plainview.web.api import Application, create_app
from plainview.web.portal import portal_handlers

HERE = "http://127.0.0.1:8765"
MINUTE = 60_000
DAY = 86_400_000
NOW = round(dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC).timestamp() * 1000)
EXAMPLE = Path(__file__).parents[2] / "governance" / "examples" / "hk.toml"
HOSTILE = "\"'><script>alert(1)</script>{{ 1234*8 }}&amp;"
PLACES = (
    Place("square-north", "market-square", "Square north", NORTH, "Harbour square", 114.17, 22.28),
    Place("square-south", "market-square", "Square south", SOUTH, "Harbour square", 114.17, 22.28),
    Place("quay-east", "quay", "Quay east", QUAY, "Old quay", 114.182, 22.289, 30.0),
    Place("quay-west", "quay", "Quay west", QUAY, "Old quay", 114.182, 22.289, 110.0),
    Place("hostile", "hostile", HOSTILE, QUAY, f"Place {HOSTILE}", 114.16, 22.295, 200.0),
)
OPENED = FootageRelease(
    id="0123456789",
    state="granted",
    request="a" * 64,
    role="operator",
    who="b" * 64,
    cameras=("square-north", "gone"),
    since=NOW - 2 * DAY,
    until=NOW - 2 * DAY + MINUTE,
    purpose="How the fall at the kerb came about",
    basis="Sampleton Act, section 15",
    unredacted=False,
    visible=25,
    t=NOW - DAY,
    index=3,
    approvals=tuple(
        ReleaseApproval(role, "c" * 64, "d" * 64, 4) for role in ("controller", "privacy-officer")
    ),
    granted=5,
    opened=(6, 7),
    exported=(2,),
)
FOOTAGE = (
    structs.replace(
        OPENED,
        id="abcdef0123",
        state="asked",
        purpose=HOSTILE,
        unredacted=True,
        approvals=(),
        granted=-1,
        opened=(),
        exported=(),
    ),
    OPENED,
)
"""One that somebody hostile only asked for, and one that was opened twice."""


class PublicCity:
    """A PortalSource over a ledger on the disk. Its register is made once, as an app caches it."""

    def __init__(self, state: Path) -> None:
        """Found it: approve, permit, start, suspend, stop."""
        self.ledger = Ledger(state, clock=ManualClock(), origin="sampleton.example/ledger")
        self.state_key = Signer.generate("sampleton.example/state")
        self.known = load_assessment(EXAMPLE)
        self.old = structs.replace(self.known, revision=1)
        self.new = structs.replace(
            self.known,
            revision=2,
            measures=(*self.known.measures, *self.known.measures[:1]),
            aims=(*self.known.aims[:1], structs.replace(self.known.aims[1], text={"en": HOSTILE})),
        )
        self.documents: dict[str, Assessment | Permit] = {}
        self._write()
        self.made = self._made()
        self.broken = False

    def _write(self) -> None:
        clock = [NOW - 40 * DAY]

        def tell(kind: EntryKind, subject: str, role: str = "system", **detail: object) -> None:
            clock[0] += 17 * MINUTE
            entry = Entry(clock[0], kind, subject, role, "", detail)  # type: ignore[arg-type]
            self.ledger.append([entry])

        tell(EntryKind.SOFTWARE_CHANGED, "city", software="0.2.0")
        for place in (*PLACES, PLACES[0]):
            fingerprint = _fingerprint(place.camera)
            detail = {"site": place.site, "fingerprint": fingerprint}
            tell(EntryKind.CAMERA_REGISTERED, f"camera:{place.camera}", **detail)
        tell(EntryKind.CAMERA_REGISTERED, "camera:gone", site="quay", fingerprint="e" * 64)
        for assessment in (self.old, self.new):
            self._grant(assessment, tell)
        for camera in ("square-north", "square-south", "hostile"):
            tell(
                EntryKind.CAMERA_STARTED,
                f"camera:{camera}",
                permit=_digest(2),
                fingerprint=_fingerprint(camera),
                capabilities=["count", "flow"],
                software="0.2.0",
            )
        tell(
            EntryKind.PERMIT_SUSPENDED,
            "camera:quay-east",
            reason="moved",
            why="The camera looks elsewhere than before",
        )
        tell(EntryKind.CAMERA_STOPPED, "camera:square-south", why="stop switch")
        tell(
            EntryKind.STOP_PRESSED, "camera:square-south", "operator", why="A wedding in the square"
        )

    def _grant(self, assessment: Assessment, tell: object) -> None:
        permit = Permit(
            id=assessment.name,
            assessment=assessment.digest(),
            aims=("crush", "plan"),
            capabilities={
                "count": ("square-north", "square-south", "hostile", "quay-east"),
                "flow": ("square-north", "square-south", "hostile", "quay-east"),
                "events:density": ("square-north", "quay-east"),
                "record": ("square-north",),
            },
            cameras={
                camera: _fingerprint(camera)
                for camera in ("square-north", "square-south", "hostile", "quay-east")
            },
            begins=NOW - 30 * DAY,
            ends=NOW + 300 * DAY,
            software="0.2",
            hours=(Hours(("fri", "sat"), 1020, 1440), Hours(("sun",), 480, 1320)),
            timezone="Asia/Hong_Kong",
            retention={
                "readings": 86_400.0,
                "minutes": 31 * 86_400.0,
                "hours": 365 * 86_400.0,
                "footage": 0.0,
                "something-new": 5400.0,
            },
        )
        digest = _digest(assessment.revision)
        self.documents |= {digest: permit, assessment.digest(): assessment}
        for role in ("controller", "privacy-officer"):
            tell(  # type: ignore[operator]
                EntryKind.ASSESSMENT_APPROVED,
                f"assessment:{assessment.name}",
                role,
                assessment=assessment.digest(),
            )
        tell(  # type: ignore[operator]
            EntryKind.PERMIT_GRANTED,
            f"permit:{assessment.name}",
            permit=digest,
            assessment=assessment.digest(),
            begins=permit.begins,
            ends=permit.ends,
        )

    def _made(self) -> Register:
        entries = list(self.ledger.entries())
        seen: Mapping[str, Observed] = {
            "square-north": Observed(True, True, (), 0.97),  # noqa: FBT003 - sealed, connected
            "hostile": Observed(False, True, ("blurred",), 0.4),  # noqa: FBT003 - the same
        }
        register = build_register(
            fold(entries),
            self.documents,
            PLACES,
            seen,
            NOW,
            about=About("Sampleton", self.ledger.origin),
            entries=entries,
        )
        return structs.replace(register, footage=FOOTAGE)

    @property
    def ledger_folder(self) -> Path:
        """Public files."""
        return self.ledger.folder

    @property
    def ledger_vkey(self) -> str:
        """The log's key."""
        return self.ledger.vkey

    @property
    def statistics_folder(self) -> Path:
        """Nothing unless a test puts it there."""
        return self.ledger.state / "statistics"

    def register(self) -> Register:
        """The register, unless the ledger cannot be read."""
        if self.broken:
            raise LedgerError("cannot be read", where="ledger")
        return self.made

    def assessment(self, name: str, revision: int) -> Assessment:
        """One of two revisions."""
        return next(a for a in (self.old, self.new) if (a.id, a.revision) == (name, revision))

    def attest(self, nonce: str) -> str:
        """One camera runs."""
        note = open_note(self.ledger.checkpoint(), [Verifier.from_vkey(self.ledger.vkey)])
        checkpoint = parse_checkpoint(note.text)
        running = {"square-north": RunningCamera(("count", "flow"), _digest(2), "a" * 64, 9)}
        state = State(
            NOW,
            nonce,
            checkpoint.origin,
            checkpoint.size,
            checkpoint.root.hex(),
            "0.2.0",
            "",
            running,
        )
        return sign_state(state, self.state_key)

    def proof(self, index: int) -> str:
        """Of the real log."""
        self._check(index)
        return self.ledger.proof(index)

    def entry(self, index: int) -> bytes:
        """Of the real log."""
        self._check(index)
        ((_, entry),) = self.ledger.entries(index, index + 1)
        return encode_entry(entry)

    def _check(self, index: int) -> None:
        if index >= self.ledger.size:
            raise InputError(f"there is no entry {index}", where="ledger")


def _digest(revision: int) -> str:
    return f"{revision:064x}"


def _fingerprint(camera: str) -> str:
    return camera.encode().hex().ljust(64, "0")[:64]


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicCity]:
    """One city for all tests: nothing here changes it."""
    city = PublicCity(tmp_path_factory.mktemp("city"))
    yield city
    city.ledger.close()


@pytest.fixture(scope="session")
def app(founded: PublicCity, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The whole application, guarded as it runs, with the portal."""
    folder = tmp_path_factory.mktemp("store")
    store = open_store(f"sqlite:{folder / 'readings.db'}")
    yield create_app(sites=SITES, store=store, static=folder, more=portal_handlers(founded))
    store.close()


@pytest.fixture
def client(app: Application) -> Iterator[TestClient[Application]]:
    """A reader on this machine."""
    with TestClient(app, base_url=HERE) as opened:
        yield opened
