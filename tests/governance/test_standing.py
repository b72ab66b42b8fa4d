"""Standing: what the entries of the ledger add up to, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.governance.standing import CITY, Standing, fold, stopped_by
from plainview.ledger.entry import Detail, Entry, EntryKind

K = EntryKind


def entry(
    kind: EntryKind, subject: str, t: int = 1, role: str = "system", **detail: Detail
) -> Entry:
    """An entry with what the fold looks at."""
    return Entry(t, kind, subject, role, "", dict(detail))


def granted(name: str, digest: str, t: int, begins: int, ends: int) -> Entry:
    """A permit's entry."""
    return entry(
        K.PERMIT_GRANTED,
        f"permit:{name}",
        t,
        permit=digest,
        assessment=f"of {digest}",
        begins=begins,
        ends=ends,
    )


def standing_of(*entries: Entry) -> Standing:
    """The fold of `entries`."""
    return fold(enumerate(entries))


def test_a_gap_is_refused() -> None:
    """A standing that missed an entry could permit what was revoked."""
    standing = Standing()
    with pytest.raises(ValueError, match="where 0 was due"):
        standing.apply(1, entry(K.STOP_PRESSED, CITY))


def test_a_renewal_leaves_no_gap_and_no_overlap() -> None:
    """The old permit holds until the new one begins, and not a millisecond longer."""
    standing = standing_of(granted("a@1", "1", 0, 0, 1000), granted("a@2", "2", 10, 500, 2000))
    first, second = standing.permits["a@1"], standing.permits["a@2"]
    for now in (0, 10, 499, 500, 999, 1000, 1999, 2000):
        assert (first.holds(now), second.holds(now)) == (now < 500, 500 <= now < 2000)


def test_a_revoked_permit_never_holds_again() -> None:
    """Not by being superseded, not by time."""
    standing = standing_of(
        granted("a@1", "1", 0, 0, 1000),
        entry(K.PERMIT_REVOKED, "permit:a@1", 20),
        granted("a@2", "2", 30, 500, 2000),
    )
    assert standing.permits["a@1"].holds(19)
    assert not any(standing.permits["a@1"].holds(now) for now in (20, 30, 499, 999))


def test_permits_of_other_assessments_are_left_alone() -> None:
    """Only a newer revision of the same assessment takes a permit's place."""
    standing = standing_of(granted("a@1", "1", 0, 0, 1000), granted("b@1", "2", 10, 0, 1000))
    assert standing.permits["a@1"].holds(500)
    assert standing.permits["b@1"].holds(500)


def test_a_stop_is_lifted_by_the_second_agreement_only() -> None:
    """One agreement is kept, and changes nothing."""
    pressed = entry(K.STOP_PRESSED, "camera:a", why="aimed at a window")
    once = entry(K.STOP_LIFTED, "camera:a", role="supervisor", complete=0)
    twice = entry(K.STOP_LIFTED, "camera:a", role="privacy-officer", complete=1)
    assert "camera:a" in standing_of(pressed, once).stops
    assert standing_of(pressed, once).stops["camera:a"].agreed[0][0] == "supervisor"
    assert not standing_of(pressed, once, twice).stops
    assert not standing_of(once, twice).stops


@pytest.mark.parametrize("scope", ["city", "site:plaza", "capability:count", "camera:a"])
def test_every_scope_stops_the_camera(scope: str) -> None:
    """The widest and the narrowest alike; another camera's stop does not."""
    stops = standing_of(entry(K.STOP_PRESSED, scope)).stops
    found = stopped_by(stops, "a", "plaza", ("count", "flow"))
    assert found is not None
    assert found.scope == scope
    other = standing_of(entry(K.STOP_PRESSED, f"{scope}-other")).stops
    assert stopped_by(other, "a", "plaza", ("count", "flow")) is None


def test_a_snapshot_stays_as_it_was() -> None:
    """Who decides by a snapshot decides by one moment."""
    standing = standing_of(entry(K.CAMERA_REGISTERED, "camera:a", site="s", fingerprint="f"))
    snapshot = standing.copy()
    standing.apply(1, entry(K.CAMERA_REMOVED, "camera:a"))
    assert not snapshot.cameras["a"].removed
    assert standing.cameras["a"].removed


KINDS = st.sampled_from(list(EntryKind))
SUBJECTS = st.sampled_from(["camera:a", "camera:b", "permit:x@1", "permit:x@2", "city", "odd"])


@given(st.lists(st.tuples(KINDS, SUBJECTS), max_size=40))
def test_no_sequence_of_entries_breaks_the_fold(drawn: list[tuple[EntryKind, str]]) -> None:
    """Entries that make no sense where they stand change nothing, and are read over."""
    entries = [entry(kind, subject, t) for t, (kind, subject) in enumerate(drawn)]
    standing = standing_of(*entries)
    assert standing.size == len(entries)
    half = standing_of(*entries[: len(entries) // 2])
    for index in range(half.size, len(entries)):
        half.apply(index, entries[index])
    assert vars(half) == vars(standing)


@given(st.lists(st.tuples(st.sampled_from([K.CAMERA_STARTED, K.CAMERA_STOPPED]), st.booleans())))
def test_what_runs_is_what_was_started_and_not_stopped(
    drawn: list[tuple[EntryKind, bool]],
) -> None:
    """For every order of starts and stops of two cameras."""
    running: set[str] = set()
    entries = []
    for kind, first in drawn:
        name = "a" if first else "b"
        entries.append(entry(kind, f"camera:{name}", capabilities=["count"]))
        (running.add if kind is K.CAMERA_STARTED else running.discard)(name)
    assert set(standing_of(*entries).running) == running


def test_a_revision_takes_the_place_of_one_that_has_not_begun() -> None:
    """An older revision, granted for later, does not come to life beside its successor."""
    standing = standing_of(
        granted("a@1", "1", 0, 0, 3000),
        granted("a@2", "2", 10, 2000, 3000),
        granted("a@3", "3", 20, 20, 3000),
    )
    live = [name for name, record in standing.permits.items() if record.holds(2500)]
    assert live == ["a@3"]


def test_what_was_agreed_before_it_was_pressed_again_lifts_nothing() -> None:
    """A second agreement counts only where the stop that stands has a first one."""
    pressed = entry(K.STOP_PRESSED, "camera:a", why="aimed at a window")
    twice = entry(K.STOP_LIFTED, "camera:a", role="privacy-officer", complete=1)
    assert "camera:a" in standing_of(pressed, twice).stops
