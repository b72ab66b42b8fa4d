"""Plates of views from the command line: who may admit one, what counts, and that it is shown."""

import json
import os
from pathlib import Path

import pytest
from msgspec import structs

from plainview import redacted
from plainview.app import demonstration, view_plates
from plainview.app.keeper import PlateKeeper
from plainview.app.plates import Plates as KeptPlates
from plainview.app.view_files import ADMITTED, ViewPlates
from plainview.app.views import LOOK, RunningViews
from plainview.clock import ManualClock, SystemClock
from plainview.errors import AccessRefused, InputError
from plainview.governance.office import Office
from plainview.governance.person import Role
from plainview.ledger.entry import EntryKind
from plainview.redacted import (
    LEAST_SPAN,
    NEEDED_LOOKS,
    OLDEST_LOOK,
    RULES,
    ViewLooks,
    ViewPlate,
    digest,
)

CAMERA = "plaza-north"
PLATE = ViewPlate(RULES, 320, 180, 0, LEAST_SPAN, 9, 0.98, b"\x89PNG empty")
MASKS = ["0.1,0.1 0.3,0.1 0.3,0.4"]


def keys(folder: Path, *roles: Role) -> list[Path]:
    """The signing key of an officer in each role."""
    found = []
    with Office(folder, SystemClock()) as office:
        for role in roles:
            path = folder / f"{role}.key"
            path.write_text(office.enrol(f"Kim {role}", role).text())
            found.append(path)
    return found


def test_a_plate_is_admitted_by_who_may_and_a_running_plainview_shows_it(tmp_path: Path) -> None:
    """Not by an operator, not unseen, not another one; withdrawn elsewhere, it is plain."""
    plates, learned = ViewPlates(tmp_path), redacted.encode(PLATE)
    plates.keep(CAMERA, learned)
    operator, officer = keys(tmp_path, Role.OPERATOR, Role.PRIVACY_OFFICER)
    shown: list[tuple[str, bytes | None]] = []
    clock = ManualClock(utc=1_000.0)
    with Office(tmp_path, clock) as office:
        views = RunningViews(
            office, plates, clock, states=dict, show=lambda *told: shown.append(told)
        )

    def admit(key: Path, name: str = digest(learned), *, nobody: bool = True) -> str:
        return view_plates.admit(CAMERA, name, MASKS, key=key, nobody=nobody, state=tmp_path)

    with pytest.raises(AccessRefused, match="operator"):
        admit(operator)
    with pytest.raises(InputError, match="looked at it"):
        admit(officer, nobody=False)
    with pytest.raises(InputError, match="another plate"):
        admit(officer, "0" * 64)
    with pytest.raises(InputError, match="no plate's digest"):
        admit(officer, digest(learned)[:8])
    assert plates.admitted(CAMERA) is None
    assert "with 1 mask." in admit(officer)
    assert "1 masked" in view_plates.listing(tmp_path, as_json=False)[0]
    told = json.loads(view_plates.listing(tmp_path, as_json=True)[0])
    assert told[CAMERA]["admitted"]["digest"] == digest(learned)
    views.look()
    assert shown == []
    clock.advance(LOOK)
    views.look()
    assert shown == [(CAMERA, plates.admitted(CAMERA))]
    with pytest.raises(InputError, match="a reason is needed"):
        view_plates.withdraw(CAMERA, " ", key=officer, state=tmp_path)
    view_plates.withdraw(CAMERA, "A poster was missed", key=officer, state=tmp_path)
    clock.advance(LOOK)
    views.look()
    assert shown[-1] == (CAMERA, None)
    with Office(tmp_path, SystemClock()) as office:
        kinds = [entry.kind for _, entry in office.ledger.entries()]
    assert kinds[-2:] == [EntryKind.PLATE_ADMITTED, EntryKind.PLATE_WITHDRAWN]
    with pytest.raises(InputError, match="nothing to withdraw"):
        view_plates.withdraw(CAMERA, "again", key=officer, state=tmp_path)


def test_what_is_by_older_rules_or_no_plate_is_as_if_not_there(tmp_path: Path) -> None:
    """Neither shown nor offered to be admitted; the list says so."""
    plates = ViewPlates(tmp_path)
    plates.save(CAMERA, redacted.encode(structs.replace(PLATE, rules=RULES + 1)))
    plates.save(CAMERA, b"\xc1", ADMITTED)
    assert plates.learned(CAMERA) is None
    assert plates.admitted(CAMERA) is None
    assert "older rules" in view_plates.listing(tmp_path, as_json=False)[0]
    with pytest.raises(InputError, match="has learned no plate"):
        view_plates.show(CAMERA, tmp_path / "x.png", tmp_path)
    view_plates.forget(CAMERA, tmp_path)
    with pytest.raises(InputError, match="is not a camera's id"):
        plates.save("../keys/authority", b"")


def test_a_longer_look_is_not_given_up_for_a_shorter_one_within_a_day(tmp_path: Path) -> None:
    """A lens that was started anew may begin with no look; what took longer stays until then."""
    plates, hour, day = ViewPlates(tmp_path), 3_600_000, 86_400_000
    long = structs.replace(PLATE, until=LEAST_SPAN + hour)
    plates.keep(CAMERA, redacted.encode(long))
    shorter = structs.replace(PLATE, since=2 * hour, until=LEAST_SPAN + 2 * hour)
    plates.keep(CAMERA, redacted.encode(shorter))
    kept = plates.learned(CAMERA)
    assert kept is not None
    assert kept[1] == long
    late = structs.replace(PLATE, since=2 * day, until=2 * day + LEAST_SPAN)
    plates.keep(CAMERA, redacted.encode(late))
    kept = plates.learned(CAMERA)
    assert kept is not None
    assert kept[1] == late


def test_looks_are_kept_for_the_lens_and_shown_to_nobody(tmp_path: Path) -> None:
    """How far it is is told; a lens that is started anew is given them; forgetting deletes them."""
    plates = ViewPlates(tmp_path)
    keeper = PlateKeeper(KeptPlates(tmp_path), plates)
    looks = redacted.encode(ViewLooks(RULES, 320, 180, 0, 7_900_000, 2, b"of a day"))
    keeper.put(CAMERA, redacted.LOOKS_TAG + looks)
    keeper.put(CAMERA, redacted.LOOKS_TAG + b"no looks")
    keeper.put("other", redacted.LOOKS_TAG + looks)
    keeper.put(CAMERA, redacted.LOOKS_TAG + looks)
    keeper.close()
    assert plates.looks(CAMERA) == plates.looks("other") == looks
    assert plates.facts(CAMERA).learned is None
    assert plates.learned(CAMERA) is None
    assert f"2 of {NEEDED_LOOKS} looks" in view_plates.listing(tmp_path, as_json=False)[0]
    with pytest.raises(InputError, match="has learned no plate"):
        view_plates.show(CAMERA, tmp_path / "x.png", tmp_path)
    view_plates.forget(CAMERA, tmp_path)
    assert plates.looks(CAMERA) is None


def test_looks_of_a_lens_that_runs_no_more_are_deleted(tmp_path: Path) -> None:
    """A running Plainview does it, 36 hours after they were written; those of a later hour stay."""
    plates, clock = ViewPlates(tmp_path), ManualClock(utc=1_000_000.0)
    looks = redacted.encode(ViewLooks(RULES, 320, 180, 0, 7_900_000, 2, b"of a day"))
    for camera, written in ((CAMERA, 1_000_000), ("other", 1_003_600)):
        plates.keep_looks(camera, looks)
        os.utime(tmp_path / "plates" / f"{camera}.view-looks", (written, written))
    with Office(tmp_path, clock) as office:
        views = RunningViews(office, plates, clock, states=dict, show=lambda *_told: None)
        clock.advance(OLDEST_LOOK / 1000)
        views.look()
        assert plates.looks(CAMERA) is not None
        clock.advance(LOOK)
        views.look()
    assert plates.looks(CAMERA) is None
    assert plates.looks("other") == looks


def test_masks_are_read_strictly() -> None:
    """Three corners or more, in the picture."""
    assert view_plates.read_mask("0,0 1,0 1,1") == ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    for bad in ("", "0,0 1,0", "0,0 1,0 2,1", "a,b c,d e,f", "0 1 2"):
        with pytest.raises(InputError, match="is no mask"):
            view_plates.read_mask(bad)


def test_a_demonstration_admits_the_scenes_that_were_drawn_without_people(tmp_path: Path) -> None:
    """Once, in the ledger, by its own privacy officer; its next start decides nothing anew."""
    plates, plate = ViewPlates(tmp_path), redacted.encode(PLATE)
    with Office(tmp_path, ManualClock(utc=1_000.0)) as office:
        for _ in range(2):
            demonstration.admit(office, plates, {CAMERA: plate})
        kinds = [entry.kind for _, entry in office.ledger.entries()]
    assert kinds.count(EntryKind.PLATE_ADMITTED) == 1
    admitted = plates.facts(CAMERA).admitted
    assert admitted is not None
    assert admitted.digest == digest(plate)
