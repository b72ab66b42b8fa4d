"""The demonstration's own assessment: approved by itself, and marked as such wherever shown."""

import datetime as dt
from collections.abc import Mapping

import structlog
from msgspec import structs

from plainview.app.governor import Configured
from plainview.app.view_files import ViewPlates, Wish, admit_plate
from plainview.errors import PermitRefused
from plainview.governance import approving
from plainview.governance.approval import BY_DEMONSTRATION
from plainview.governance.assessment import AssessedCamera
from plainview.governance.cameras import permit_for
from plainview.governance.capability import MEASURING, VIEW
from plainview.governance.draft import demonstration
from plainview.governance.office import Office
from plainview.governance.person import Person, Role
from plainview.redacted import digest

NEEDS = (*MEASURING, "events:density", "events:crowd-movement", VIEW)
"""What the demonstration shows: its jam raises an alert, and each camera has a redacted view."""
_log = structlog.get_logger(__name__)
_CONTROLLER = Person("Demonstration controller", Role.CONTROLLER)
_OFFICER = Person("Demonstration privacy officer", Role.PRIVACY_OFFICER)


def approve(office: Office, configured: Mapping[str, Configured]) -> None:
    """Grant the demonstration's permit, unless one holds that covers its cameras.

    The cameras must have been registered. Raises LedgerError, InputError.
    """
    live = list(office.live_permits(office.now()))
    try:
        for name, camera in configured.items():
            permit_for(office, name, camera.seen, NEEDS, live, {})
    except PermitRefused:
        pass
    else:
        return
    today = dt.datetime.fromtimestamp(office.clock.utc(), tz=dt.UTC).date()
    assessment = demonstration(
        tuple(
            AssessedCamera(id=name, site=camera.seen.site, fingerprint=camera.seen.fingerprint)
            for name, camera in configured.items()
        ),
        today,
    )
    revisions = [
        int(name.rpartition("@")[2])
        for name in office.standing().permits
        if name.rpartition("@")[0] == assessment.id
    ]
    assessment = structs.replace(assessment, revision=max(revisions, default=0) + 1)
    for person in (_CONTROLLER, _OFFICER):
        approving.approve(office, person, assessment, how=BY_DEMONSTRATION)
    permit = approving.publish(office, None, assessment)
    _log.info("the demonstration approved itself: nobody in it exists", permit=permit)


def admit(office: Office, plates: ViewPlates, scenes: Mapping[str, bytes]) -> None:
    """Admit the empty scene of each camera to its view, unless it is: it was drawn without people.

    Raises LedgerError, InputError.
    """
    for camera, plate in scenes.items():
        now = plates.facts(camera).admitted
        if now is not None and now.digest == digest(plate):
            continue
        plates.save(camera, plate)
        admit_plate(office, plates, _OFFICER, Wish(camera, digest(plate), ()))
