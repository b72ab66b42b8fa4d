"""An office in a folder, and an assessment that its rules have nothing against."""

import datetime as dt
from pathlib import Path

from msgspec import structs

from plainview.clock import ManualClock
from plainview.governance import approving, cameras
from plainview.governance.assessment import AssessedCamera, Assessment, Window, load_assessment
from plainview.governance.cameras import Seen
from plainview.governance.office import Office
from plainview.governance.person import Person, Role
from plainview.schedule import DAYS

UTC = dt.datetime(2026, 11, 16, 12, tzinfo=dt.UTC).timestamp()
"""A Monday, at noon."""
EXAMPLE = Path(__file__).parent / "examples" / "uk.toml"
SEEN = {"north": Seen("plaza", "1" * 64), "south": Seen("plaza", "2" * 64)}
CONTROLLER = Person("Ada Example", Role.CONTROLLER)
OFFICER = Person("Ben Sample", Role.PRIVACY_OFFICER)
OPERATOR = Person("Cyd Example", Role.OPERATOR)
SUPERVISOR = Person("Dee Example", Role.SUPERVISOR)


def open_office(state: Path, clock: ManualClock | None = None, software: str = "0.2.0") -> Office:
    """The office of `state`, with the cameras of SEEN registered."""
    office = Office(state, clock or ManualClock(UTC), software=software)
    cameras.register(office, SEEN, configuration="c" * 64)
    return office


def assessment_of(
    seen: dict[str, Seen] | None = None, *, revision: int = 1, always: bool = True
) -> Assessment:
    """The British example, for these cameras; around the clock, or in its own hours."""
    example = load_assessment(EXAMPLE)
    assessed = tuple(
        AssessedCamera(name, one.site, one.fingerprint, sees="The square.", private="none")
        for name, one in (SEEN if seen is None else seen).items()
    )
    capabilities = tuple(structs.replace(one, cameras=()) for one in example.capabilities)
    every_hour = (Window(days=DAYS, since="00:00", until="24:00"),)
    period = structs.replace(example.period, hours=every_hour) if always else example.period
    return structs.replace(
        example, revision=revision, cameras=assessed, capabilities=capabilities, period=period
    )


def grant(office: Office, assessment: Assessment | None = None) -> str:
    """Approve and publish; the permit's id."""
    assessment = assessment or assessment_of()
    approving.approve(office, CONTROLLER, assessment)
    approving.approve(office, OFFICER, assessment)
    return approving.publish(office, CONTROLLER, assessment)
