"""What a city needs before it runs: an assessment that two people approved."""

from pathlib import Path

from tests.governance.offices import assessment_of, grant

from plainview.app.cities import configuration_digest, configured
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.governance import cameras
from plainview.governance.office import Office


def permit(city: Path, state: Path) -> str:
    """Register the cameras of the file `city` in the folder `state` and grant them; the permit."""
    found = load_city(city)
    seen = {name: one.seen for name, one in configured(found).items()}
    state.mkdir(parents=True, exist_ok=True)
    with Office(state, SystemClock()) as office:
        cameras.register(office, seen, configuration=configuration_digest(found))
        revision = 1 + len(office.standing().permits)
        return grant(office, assessment_of(seen, revision=revision))
