"""`plainview camera view`: plates of views from the command line, beside a running Plainview."""

import json
from collections.abc import Sequence
from pathlib import Path

from plainview.app.officers import office_of, read_key
from plainview.app.output import replaced
from plainview.app.state import existing
from plainview.app.view_files import (
    ViewPlates,
    Wish,
    admit_plate,
    listed,
    missing,
    withdraw_plate,
)
from plainview.errors import AccessRefused, InputError
from plainview.governance.office import Office
from plainview.governance.person import Person, Role
from plainview.plural import counted
from plainview.redacted import Mask, digest

MAY_ADMIT = (Role.SUPERVISOR, Role.PRIVACY_OFFICER)
"""As the policies of the pages say (web/access/policies)."""


def listing(state: Path | None, *, as_json: bool) -> list[str]:
    """What there is, a line for each camera."""
    plates = ViewPlates(existing(state))
    if not as_json:
        return listed(plates) or ["no camera has learned a plate for its view yet"]
    found = {camera: plates.facts(camera) for camera in plates.names()}
    return [
        json.dumps(
            {
                camera: {
                    "learned": None if facts.learned is None else facts.learned._asdict(),
                    "admitted": None if facts.admitted is None else facts.admitted._asdict(),
                    "looks": None if facts.looks is None else facts.looks._asdict(),
                }
                for camera, facts in found.items()
            },
            indent=1,
        )
    ]


def show(camera: str, out: Path, state: Path | None) -> list[str]:
    """Write the learned plate of `camera` to `out`; what to do with it. Raises InputError."""
    if out.suffix.lower() != ".png":
        raise InputError(
            "the picture is written as PNG", where=str(out), mend="Give a name that ends in .png"
        )
    plates = ViewPlates(existing(state))
    learned = plates.learned(camera)
    if learned is None:
        raise missing(camera, plates)
    with replaced(out) as part:
        part.write_bytes(learned[1].png)
    return [
        f"{out}: what {camera} learned; black is not shown. Look for people, lying ones too",
        f"digest {digest(learned[0])}",
    ]


def admit(
    camera: str,
    digest: str,
    masks: Sequence[str],
    *,
    key: Path,
    nobody: bool,
    state: Path | None,
) -> str:
    """Admit the plate `digest`; one line that says so. Raises InputError, AccessRefused."""
    if not nobody:
        raise InputError(
            "a plate is admitted only by somebody who looked at it and saw nobody",
            where="--nobody",
            mend="Look at it with 'plainview camera view show', then give --nobody",
        )
    wish = Wish(camera, digest, tuple(map(read_mask, masks)))
    folder = existing(state)
    with office_of(folder) as office:
        admit_plate(office, ViewPlates(folder), _person(office, key), wish)
    masked = counted(len(wish.masks), "mask")
    return f"{camera}: admitted, with {masked}. A running Plainview shows it soon"


def withdraw(camera: str, why: str, *, key: Path, state: Path | None) -> str:
    """Withdraw the view of `camera`; one line that says so. Raises InputError, AccessRefused."""
    folder = existing(state)
    with office_of(folder) as office:
        withdraw_plate(office, ViewPlates(folder), _person(office, key), camera, why)
    return f"{camera}: withdrawn. Its view is drawn over plain ground within seconds"


def forget(camera: str, state: Path | None) -> str:
    """Forget what was learned, not what was admitted. Raises InputError."""
    plates = ViewPlates(existing(state))
    if not plates.forget(camera):
        raise missing(camera, plates)
    return f"{camera}: forgotten; what was admitted is still shown"


def read_mask(text: str) -> Mask:
    """The polygon 'X,Y X,Y X,Y ...', in parts of the picture. Raises InputError."""
    try:
        corners = tuple((float(x), float(y)) for x, y in (at.split(",") for at in text.split()))
    except ValueError:
        corners = ()
    if len(corners) < 3 or not all(0 <= value <= 1 for corner in corners for value in corner):
        raise InputError(
            f"{text!r} is no mask",
            where="--mask",
            mend="Give three corners or more: '0.1,0.1 0.3,0.1 0.3,0.4'",
        )
    return corners


def _person(office: Office, key: Path) -> Person:
    person = office.person_of(read_key(key))
    if person.role not in MAY_ADMIT:
        raise AccessRefused(
            f"the role {person.role.value!r} may not decide what a view is drawn over",
            mend="Ask a supervisor or a privacy officer",
        )
    return person
