"""From assessment to permit: two people, no finding, and every step in the ledger first."""

from pathlib import Path

import pytest
from msgspec import structs
from tests.governance.offices import (
    CONTROLLER,
    OFFICER,
    OPERATOR,
    SEEN,
    UTC,
    assessment_of,
    grant,
    open_office,
)

from plainview.clock import ManualClock
from plainview.errors import AccessRefused, InputError, LedgerLie
from plainview.governance import approving, cameras
from plainview.governance.cameras import Seen, permit_for
from plainview.governance.capability import MEASURING
from plainview.governance.documents import digest_of
from plainview.governance.office import Office
from plainview.governance.permit import NotCovered
from plainview.governance.person import Person, Role
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import open_note

OTHER = {"en": "Something else is measured here than what was approved before."}


def test_two_people_make_a_permit(tmp_path: Path) -> None:
    """It covers what was assessed, and its entries stand before and around it."""
    with open_office(tmp_path) as office:
        assert grant(office) == "market-square-uk@1"
        (live,) = office.live_permits(office.now())
        wanted = permit_for(office, "north", SEEN["north"], MEASURING, [live], {})
        assert wanted.live.permit.assessment == assessment_of().digest()
        kinds = [entry.kind for _, entry in office.ledger.entries()]
        assert kinds[-3:] == [
            EntryKind.ASSESSMENT_APPROVED,
            EntryKind.ASSESSMENT_APPROVED,
            EntryKind.PERMIT_GRANTED,
        ]


def test_what_was_approved_is_kept_and_signed(tmp_path: Path) -> None:
    """Each approval names a note that the approver's own key signed."""
    with open_office(tmp_path) as office:
        key = office.enrol("Ada Example", Role.CONTROLLER)
        person = office.person_of(key)
        (approval,) = approving.approve(office, person, assessment_of(), signer=key)
        note = office.documents.get(approval.document).decode()
        assert open_note(note, [key.verifier]).verified == (key.name,)
        assert assessment_of().digest() in note
        assert "Ada" not in note


def test_one_approval_grants_nothing(tmp_path: Path) -> None:
    """The message names the role that is missing."""
    with open_office(tmp_path) as office:
        approving.approve(office, CONTROLLER, assessment_of())
        with pytest.raises(InputError, match="privacy-officer is missing"):
            approving.publish(office, CONTROLLER, assessment_of())
        assert not office.standing().permits


@pytest.mark.parametrize(
    "person",
    [
        Person("Ben Lau", Role.PRIVACY_OFFICER),
        Person("ADA example", Role.PRIVACY_OFFICER),
        Person("Ben Sample", Role.CONTROLLER),
    ],
)
def test_only_who_is_named_approves(tmp_path: Path, person: Person) -> None:
    """Not another of that role, nor who is named for the other; it says who may and who asks."""
    with open_office(tmp_path) as office:
        whom = "Ben Sample" if person.role == Role.PRIVACY_OFFICER else "Ada Example"
        with pytest.raises(AccessRefused, match=f"it is {whom} who approves it") as refused:
            approving.approve(office, person, assessment_of())
        assert repr(person.name) in refused.value.line()
        assert not office.standing().approvals


def test_an_account_is_whom_the_sign_in_service_knows(tmp_path: Path) -> None:
    """Where it is given it alone counts: two people may have one name."""
    controller, officer = assessment_of().approvers
    numbered = structs.replace(
        assessment_of(), approvers=(controller, structs.replace(officer, account="248289761001"))
    )
    with open_office(tmp_path) as office:
        approving.approve(office, CONTROLLER, numbered)
        with pytest.raises(AccessRefused, match=r"Ben Sample \(account 248289761001\)"):
            approving.approve(office, OFFICER, numbered)
        approving.approve(office, Person("248289761001", Role.PRIVACY_OFFICER), numbered)
        assert approving.publish(office, CONTROLLER, numbered) == "market-square-uk@1"


def test_what_was_approved_before_accounts_keeps_its_digest() -> None:
    """An answer that came later and is not given is no part of what was approved."""
    assert b'"account":' not in assessment_of().encoded()


def test_a_changed_text_has_no_approval(tmp_path: Path) -> None:
    """One letter more, and both must read it again."""
    with open_office(tmp_path) as office:
        approving.approve(office, CONTROLLER, assessment_of())
        approving.approve(office, OFFICER, assessment_of())
        changed = structs.replace(assessment_of(), summary=OTHER)
        with pytest.raises(InputError, match="approval of the controller and the privacy-officer"):
            approving.publish(office, CONTROLLER, changed)


def test_other_roles_approve_nothing(tmp_path: Path) -> None:
    """Not operators, and not the commissioner."""
    with open_office(tmp_path) as office:
        for role in set(Role) - {Role.CONTROLLER, Role.PRIVACY_OFFICER}:
            with pytest.raises(AccessRefused):
                approving.approve(office, Person("Eve", role), assessment_of())
        assert not office.standing().approvals


def test_findings_grant_nothing(tmp_path: Path) -> None:
    """Neither approval nor permit, and the message has field and clause."""
    with open_office(tmp_path) as office:
        empty = structs.replace(assessment_of(), review_date=None)
        with pytest.raises(InputError, match=r"review_date: .* \["):
            approving.approve(office, CONTROLLER, empty)
        assert not office.standing().approvals


def test_a_view_that_is_not_the_configured_one_is_a_finding(tmp_path: Path) -> None:
    """What was assessed must be what hangs there."""
    with open_office(tmp_path) as office:
        other = assessment_of({**SEEN, "north": Seen("plaza", "9" * 64)})
        assert any("fingerprint" in f.field for f in approving.findings(office, other))


def test_publishing_twice_is_once(tmp_path: Path) -> None:
    """A double click leaves one permit and one entry."""
    with open_office(tmp_path) as office:
        grant(office)
        size = office.standing().size
        assert approving.publish(office, OFFICER, assessment_of()) == "market-square-uk@1"
        assert office.standing().size == size


def test_what_was_granted_cannot_be_rewritten(tmp_path: Path) -> None:
    """Another text under a granted revision is refused; the next revision is not."""
    with open_office(tmp_path) as office:
        grant(office)
        other = structs.replace(assessment_of(), summary=OTHER)
        assert any(finding.field == "revision" for finding in approving.findings(office, other))
        assert grant(office, structs.replace(other, revision=2)) == "market-square-uk@2"
        (live,) = office.live_permits(office.now())
        assert live.permit.id == "market-square-uk@2"


def test_a_revoked_permit_covers_nothing(tmp_path: Path) -> None:
    """From its entry on; and it cannot be revoked twice."""
    with open_office(tmp_path) as office:
        grant(office)
        approving.revoke(office, OFFICER, "market-square-uk@1", "ordered by the court")
        assert not list(office.live_permits(office.now()))
        # As whoever was interrupted the first time reads it.
        with pytest.raises(InputError, match=r"in force: it is revoked\. In force: none"):
            approving.revoke(office, OFFICER, "market-square-uk@1", "again, to be sure")
        with pytest.raises(InputError, match=r"in force\. In force: none"):
            approving.revoke(office, OFFICER, "market-square-uk@7", "it never was")
        with pytest.raises(AccessRefused):
            approving.revoke(office, OPERATOR, "market-square-uk@1", "because I may not")


def test_hours_and_period_are_those_assessed(tmp_path: Path) -> None:
    """Friday and Saturday from 17:00 to 02:00 in London, from October to the next September."""
    clock = ManualClock(UTC)
    with open_office(tmp_path, clock) as office:
        grant(office, assessment_of(always=False))
        (live,) = office.live_permits(office.now())
        day = 86_400
        hours = {
            4 * day + 4.9 * 3600: False,
            4 * day + 5 * 3600: True,
            4 * day + 13.9 * 3600: True,
            4 * day + 14 * 3600: False,
            6 * day + 13.9 * 3600: False,
        }
        for seconds, open_ in hours.items():
            clock.step(UTC + seconds - clock.utc())
            if open_:
                permit_for(office, "north", SEEN["north"], MEASURING, [live], {})
                continue
            with pytest.raises(
                NotCovered,
                match="outside the hours that were assessed: fri, sat 17:00 to 02:00",
            ):
                permit_for(office, "north", SEEN["north"], MEASURING, [live], {})


def test_names_stand_nowhere_in_public(tmp_path: Path) -> None:
    """Who approved is a commitment in the ledger, opened only from the private file."""
    with open_office(tmp_path) as office:
        grant(office)
        who = office.standing().approvals[assessment_of().digest()][0].who
        opening = office.ledger.open(who)
        assert opening is not None
        assert opening.value == "Ada Example"
        public = b"".join(p.read_bytes() for p in (tmp_path / "ledger").rglob("*") if p.is_file())
        assert b"Ada" not in public
        assert b"Ben" not in public


def test_a_permit_that_was_changed_on_disk_is_a_lie(tmp_path: Path) -> None:
    """Another camera written into its document grants nothing."""
    with open_office(tmp_path) as office:
        grant(office)
        digest = office.standing().permits["market-square-uk@1"].digest
    path = tmp_path / "governance" / "documents" / digest
    path.write_bytes(path.read_bytes().replace(b"north", b"porch"))
    assert digest_of(path.read_bytes()) != digest
    with open_office(tmp_path) as office, pytest.raises(LedgerLie, match="changed after"):
        list(office.live_permits(office.now()))


def test_another_process_sees_what_was_granted(tmp_path: Path) -> None:
    """The command line grants while a Plainview runs: its next look finds it."""
    with open_office(tmp_path) as running, open_office(tmp_path) as command:
        grant(command)
        assert not running.standing().permits
        assert running.refresh()
        assert "market-square-uk@1" in running.standing().permits


@pytest.mark.parametrize(
    "name", ["Ben  Sample", " ben sample ", "\uff22en Sample", "B\u200ben Sample"]
)
def test_spaces_and_wide_letters_make_no_other_person(tmp_path: Path, name: str) -> None:
    """What reads as the same name is the same name (Unicode NFKC, nothing invisible)."""
    with open_office(tmp_path) as office:
        approving.approve(office, Person(name, Role.PRIVACY_OFFICER), assessment_of())
        assert len(approving.approve(office, OFFICER, assessment_of())) == 1


def test_approvals_are_spent_when_the_permit_is_revoked(tmp_path: Path) -> None:
    """One person alone cannot undo what was taken back: both approve again."""
    with open_office(tmp_path) as office:
        grant(office)
        approving.revoke(office, OFFICER, "market-square-uk@1", "ordered by the court")
        with pytest.raises(InputError, match="is missing"):
            approving.publish(office, CONTROLLER, assessment_of())
        assert not list(office.live_permits(office.now()))
        grant(office)
        assert list(office.live_permits(office.now()))


def recorded(office: Office, person: Person) -> None:
    """An approval as it was recorded before it was asked whom the assessment names."""
    office.record(
        office.entry(
            EntryKind.ASSESSMENT_APPROVED,
            "assessment:market-square-uk@1",
            person,
            assessment=office.documents.put(assessment_of().encoded()),
            approval="",
        )
    )


def test_an_approval_of_somebody_else_publishes_nothing(tmp_path: Path) -> None:
    """Neither one from before that was asked, nor one person's in both roles; who is named can."""
    with open_office(tmp_path) as office:
        approving.approve(office, CONTROLLER, assessment_of())
        for other in ("Ben Lau", CONTROLLER.name):
            recorded(office, Person(other, Role.PRIVACY_OFFICER))
            with pytest.raises(
                InputError, match=r"privacy-officer is missing.*Ben Sample"
            ) as error:
                approving.publish(office, CONTROLLER, assessment_of())
            assert not office.standing().permits, error.value.line()
        approving.approve(office, OFFICER, assessment_of())
        assert approving.publish(office, CONTROLLER, assessment_of()) == "market-square-uk@1"


def test_what_was_granted_before_stays_granted(tmp_path: Path) -> None:
    """Whoever approved it then: the permit holds, and publishing it again changes nothing."""
    with open_office(tmp_path) as office:
        grant(office)
        recorded(office, Person("Ben Lau", Role.PRIVACY_OFFICER))
        size = office.standing().size
        assert approving.publish(office, OFFICER, assessment_of()) == "market-square-uk@1"
        assert office.standing().size == size
        assert list(office.live_permits(office.now()))


def test_whose_name_was_erased_has_not_approved(tmp_path: Path) -> None:
    """It can no longer be told whether the assessment names them."""
    with open_office(tmp_path) as office:
        approving.approve(office, CONTROLLER, assessment_of())
        (given,) = approving.approvals(office, assessment_of())
        office.ledger.erase(given.who)
        assert approving.approvals(office, assessment_of()) == ()


def test_approvals_from_before_a_camera_moved_do_not_resume_it(tmp_path: Path) -> None:
    """They assessed the view that it had; publishing them later is no new assessment."""
    with open_office(tmp_path) as office:
        grant(office)
        second = assessment_of(revision=2)
        approving.approve(office, CONTROLLER, second)
        approving.approve(office, OFFICER, second)
        cameras.suspend(office, "north", cameras.MOVED, "its picture shows another view")
        approving.publish(office, CONTROLLER, second)
        assert set(office.standing().suspensions) == {"north"}
        grant(office, assessment_of(revision=3))
        assert not office.standing().suspensions
