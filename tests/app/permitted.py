"""What a city needs before it runs: an assessment that two people approved."""

import datetime as dt
from pathlib import Path

from msgspec import structs
from tests.governance.offices import assessment_of, grant

from plainview.app.cities import configuration_digest, configured
from plainview.clock import SystemClock
from plainview.config import load_city
from plainview.governance import cameras
from plainview.governance.office import Office


def permit(city: Path, state: Path, *, begins: dt.date | None = None) -> str:
    """Register the cameras of the file `city` in the folder `state` and grant them; the permit.

    It begins on the day `begins`, or has begun.
    """
    found = load_city(city)
    seen = {name: one.seen for name, one in configured(found).items()}
    state.mkdir(parents=True, exist_ok=True)
    with Office(state, SystemClock()) as office:
        cameras.register(office, seen, configuration=configuration_digest(found))
        revision = 1 + len(office.standing().permits)
        assessment = assessment_of(seen, revision=revision)
        if begins is not None:
            period = structs.replace(assessment.period, begins=begins)
            assessment = structs.replace(assessment, period=period)
        return grant(office, assessment)
