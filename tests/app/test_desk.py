"""The desk of a running Plainview: drafts, approvals, permits, purposes and the stop switch."""

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import structs
from tests.app.test_governor import World
from tests.governance.offices import (
    CONTROLLER,
    OFFICER,
    OPERATOR,
    SUPERVISOR,
    assessment_of,
    grant,
)

from plainview.app import desk as desk_module
from plainview.app.desk import LISTED, RunningDesk
from plainview.errors import AccessRefused, InputError
from plainview.governance.assessment import Assessment, parse_assessment
from plainview.governance.draft import written
from plainview.ledger.entry import EntryKind


class Office(World):
    """The world of the governor, with a desk."""

    def __init__(self, state: Path) -> None:
        """Nothing is permitted yet."""
        super().__init__(state)
        self.desk = RunningDesk(self.office, self.switch, self.governor, lambda: self.city)

    def text(self, revision: int = 1) -> str:
        """A complete assessment of the cameras as they are."""
        return written(assessment_of(self.seen(), revision=revision))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Office]:
    """A city of two cameras."""
    world = Office(tmp_path)
    yield world
    world.close()


def test_from_nothing_to_a_permit(world: Office) -> None:
    """A new draft is full of findings; a complete one is approved by two and starts the cameras."""
    desk = world.desk
    fresh = desk.new_draft(("uk",))
    assert len(desk.check(fresh)) > 20
    assert all(world.seen()[name].fingerprint in fresh for name in ("north", "south"))
    saved = desk.write_draft(OPERATOR, world.text())
    assert not saved.findings
    with pytest.raises(InputError, match="was changed since"):
        desk.approve(CONTROLLER, saved.id, "0" * 64)
    assert len(desk.approve(CONTROLLER, saved.id, saved.digest).approvals) == 1
    with pytest.raises(InputError, match="missing"):
        desk.publish(CONTROLLER, saved.id)
    assert len(desk.approve(OFFICER, saved.id, saved.digest).approvals) == 2
    assert desk.publish(OFFICER, saved.id) == f"{saved.id}@1"
    assert world.turn() == {"north", "south"}
    assert {camera.state for camera in desk.cameras()} == {"running"}
    assert all("events:density" in camera.capabilities for camera in desk.cameras())
    # A threshold on a density calls without a card: nothing says that it is experimental.
    assert all(not camera.events for camera in desk.cameras())
    (listed,) = desk.drafts().found
    assert listed.published


def test_a_saved_change_needs_both_again(world: Office) -> None:
    """Approvals are of a text, not of a name."""
    saved = world.desk.write_draft(OPERATOR, world.text())
    world.desk.approve(CONTROLLER, saved.id, saved.digest)
    changed = world.desk.write_draft(
        OPERATOR, world.text().replace("the city counts", "the city now counts")
    )
    assert changed.digest != saved.digest
    assert not changed.approvals


def test_a_draft_stands_beside_what_is_in_force(world: Office) -> None:
    """So that what it would change can be seen; once published it takes its place."""
    world.grant()
    draft = world.desk.write_draft(OPERATOR, world.text(revision=2))
    both = world.desk.drafts().found
    assert [(one.revision, one.published) for one in both] == [(1, True), (2, False)]
    assert world.desk.draft(draft.id) == (both[1], both[0])
    assert world.desk.draft("another") == (None, None)
    for person in (CONTROLLER, OFFICER):
        world.desk.approve(person, draft.id, draft.digest)
    world.desk.publish(OFFICER, draft.id)
    assert [(one.revision, one.published) for one in world.desk.drafts().found] == [(2, True)]


def test_what_is_granted_for_later_is_granted(world: Office) -> None:
    """It cannot be published twice, and what is in force until then is shown as such."""
    world.grant()
    later = assessment_of(world.seen(), revision=2)
    begins = later.period.begins.replace(year=2027, month=6) if later.period.begins else None
    later = structs.replace(later, period=structs.replace(later.period, begins=begins))
    draft = world.desk.write_draft(OPERATOR, written(later))
    assert not draft.findings
    for person in (CONTROLLER, OFFICER):
        world.desk.approve(person, draft.id, draft.digest)
    for _ in range(2):
        world.desk.publish(OFFICER, draft.id)
    granted = ["permit:market-square-uk@1", "permit:market-square-uk@2"]
    assert world.told(EntryKind.PERMIT_GRANTED) == granted
    (shown,) = (one for one in world.desk.drafts().found if one.published)
    assert shown.revision == 1
    assert world.turn() == {"north", "south"}


@pytest.mark.parametrize("name", ["../secrets", "", "a/b", "x" * 65, ".hidden"])
def test_an_id_cannot_leave_the_folder(world: Office, name: str) -> None:
    """It names a file."""
    with pytest.raises(InputError):
        world.desk.approve(CONTROLLER, name, "0" * 64)


def test_purposes_are_aims_of_what_is_live(world: Office) -> None:
    """None before the permit, each aim with its sites after it."""
    assert world.desk.purposes() == []
    world.grant()
    purposes = {one.id: one.sites for one in world.desk.purposes()}
    assert purposes == {
        "market-square-uk@1/crush": ("plaza",),
        "market-square-uk@1/plan": ("plaza",),
    }


def test_an_access_is_an_entry_without_a_name(world: Office) -> None:
    """What, why and in which role; who only as a commitment."""
    world.desk.record_access(OPERATOR, "market-square-uk@1/crush", "read-now", "site:plaza")
    *_, (_, entry) = world.office.ledger.entries()
    assert entry.kind is EntryKind.DATA_ACCESSED
    assert entry.subject == "site:plaza"
    assert entry.role == "operator"
    assert entry.detail["purpose"] == "market-square-uk@1/crush"
    opening = world.office.ledger.open(entry.who)
    assert opening is not None
    assert opening.value == OPERATOR.name


def test_the_stop_switch_over_the_desk(world: Office) -> None:
    """Pressed by one, lifted by two, seen by all."""
    world.grant()
    world.turn()
    world.desk.press_stop(OPERATOR, "site:plaza", "by court order")
    assert world.turn() == set()
    (stop,) = world.desk.stops()
    assert (stop.scope, stop.agreed) == ("site:plaza", ())
    with pytest.raises(AccessRefused):
        world.desk.lift_stop(OPERATOR, "site:plaza", "it is over")
    assert not world.desk.lift_stop(SUPERVISOR, "site:plaza", "it is over")
    assert world.desk.stops()[0].agreed == (SUPERVISOR.role,)
    assert world.desk.lift_stop(OFFICER, "site:plaza", "it is over")
    assert world.turn() == {"north", "south"}


def test_a_draft_is_deleted_as_it_was_read_and_only_then(world: Office) -> None:
    """Its approval is taken back in the ledger: the same text, written again, needs both anew."""
    desk = world.desk
    saved = desk.write_draft(OPERATOR, world.text())
    before = world.office.ledger.size
    desk.discard_draft(OPERATOR, saved.id, saved.digest)
    assert world.office.ledger.size == before, "nobody had decided anything"
    desk.write_draft(OPERATOR, world.text())
    desk.approve(CONTROLLER, saved.id, saved.digest)
    before = world.office.ledger.size
    with pytest.raises(InputError, match="was changed since"):
        desk.discard_draft(OFFICER, saved.id, "0" * 64)
    assert desk.drafts().found
    desk.discard_draft(OFFICER, saved.id, saved.digest)
    assert desk.drafts().found == []
    ((_, entry),) = world.office.ledger.entries(before, world.office.ledger.size)
    assert (entry.kind, entry.subject) == ("assessment-withdrawn", f"assessment:{saved.id}@1")
    assert (entry.role, entry.detail) == (OFFICER.role, {"assessment": saved.digest})
    with pytest.raises(InputError, match="no draft"):
        desk.discard_draft(OFFICER, saved.id, saved.digest)
    again = desk.write_draft(OPERATOR, world.text())
    assert again.approvals == ()
    desk.approve(OFFICER, saved.id, saved.digest)
    with pytest.raises(InputError, match="controller is missing"):
        desk.publish(OFFICER, saved.id)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("torn", b'id = "torn"\ntitle = ', "governance/drafts/torn.toml"),
        ("empty", b"", "id"),
        ("latin", b'id = "latin"\nlanguage = "\xe9"\n', "UTF-8"),
        ("copy", b'id = "original"\n', "'original'"),
        ("beyond", b'id = "beyond"\n[[capabilities]]\nname = "face-recognition"\n', "section 1"),
    ],
)
def test_a_draft_that_cannot_be_read_is_listed_with_why(
    world: Office, name: str, data: bytes, said: str
) -> None:
    """It was left out, and one that is no text failed the whole list; it can be deleted."""
    saved = world.desk.write_draft(OPERATOR, world.text())
    path = world.office.drafts / f"{name}.toml"
    path.write_bytes(data)
    found = {one.id: one for one in world.desk.drafts().found}
    assert set(found) == {saved.id, name}
    assert said in found[name].fault
    with pytest.raises(InputError, match=re.escape(f"drafts/{name}.toml")):
        world.desk.approve(OFFICER, name, found[name].digest)
    path.write_bytes(data + b"# mended meanwhile")
    with pytest.raises(InputError, match="was changed since"):
        world.desk.discard_draft(OPERATOR, name, found[name].digest)
    path.write_bytes(data)
    world.desk.discard_draft(OPERATOR, name, found[name].digest)
    assert [one.id for one in world.desk.drafts().found] == [saved.id]


def test_a_file_that_no_page_can_reach_is_listed_too(world: Office) -> None:
    """Its name is no assessment's id, or it is a folder: only by hand can it be removed."""
    world.office.drafts.mkdir()
    (world.office.drafts / "my draft (2).toml").write_text('id = "draft"\n')
    (world.office.drafts / "folder.toml").mkdir()
    found = {one.id: one for one in world.desk.drafts().found}
    assert "Rename or remove the file" in found["my draft (2)"].fault
    assert "cannot be read" in found["folder"].fault
    assert [one.digest for one in found.values()] == ["", ""]
    with pytest.raises(InputError, match="was changed since"):
        world.desk.discard_draft(OPERATOR, "folder", "")


def test_the_list_reads_the_newest_drafts_and_says_how_many_it_left(world: Office) -> None:
    """It was read whole at each look, however long; what it leaves out can be opened by its id."""
    assessment = assessment_of(world.seen())
    for k in range(LISTED + 3):
        name = f"draft-{k}"
        world.desk.write_draft(OPERATOR, written(structs.replace(assessment, id=name)))
        os.utime(world.office.drafts / f"{name}.toml", (k, k))
    told = world.desk.drafts()
    assert [one.id for one in told.found] == [f"draft-{k}" for k in range(LISTED + 2, 2, -1)]
    assert (told.unread, told.folder) == (3, "governance/drafts")
    kept, _ = world.desk.draft("draft-0")
    assert kept is not None
    assert kept.id == "draft-0"


def test_the_list_has_those_in_force_that_end_first_and_says_how_many_it_left(
    world: Office,
) -> None:
    """What must be renewed soonest is not left out, however many there are."""
    assessment = assessment_of(world.seen())
    assert assessment.period.ends is not None
    for k in range(LISTED + 2):
        ends = assessment.period.ends - dt.timedelta(days=k)
        period = structs.replace(assessment.period, ends=ends)
        grant(world.office, structs.replace(assessment, id=f"live-{k:03d}", period=period))
    told = world.desk.drafts()
    assert [one.id for one in told.found] == [f"live-{k:03d}" for k in range(2, LISTED + 2)]
    assert (told.later, told.unread) == (2, 0)
    assert all(one.published for one in told.found)


def test_a_draft_is_read_once_for_each_look(world: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading is what a list of drafts costs."""
    saved = world.desk.write_draft(OPERATOR, world.text())
    read = []

    def parse(text: str, name: str) -> Assessment:
        read.append(name)
        return parse_assessment(text, name)

    monkeypatch.setattr(desk_module, "parse_assessment", parse)
    assert [one.id for one in world.desk.drafts().found] == [saved.id]
    assert read == [f"governance/drafts/{saved.id}.toml"]


def test_what_is_in_force_stays_when_its_draft_goes(world: Office) -> None:
    """The permit rests on the document that was approved, not on the file that was written."""
    saved = world.desk.write_draft(OPERATOR, world.text())
    for person in (CONTROLLER, OFFICER):
        world.desk.approve(person, saved.id, saved.digest)
    world.desk.publish(OFFICER, saved.id)
    with pytest.raises(InputError, match="is in force"):
        world.desk.discard_draft(OFFICER, saved.id, saved.digest)
    assert [one.published for one in world.desk.drafts().found] == [True]
