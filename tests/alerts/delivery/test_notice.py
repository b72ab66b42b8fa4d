from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.alerts.delivery.examples import BASE, BEGAN, PLACE, alert, notice, threshold

from plainview.alerts import lifecycle
from plainview.alerts.delivery.notice import (
    ROUTE,
    Earlier,
    Purpose,
    notice_of,
    packed,
    revision_of,
    trial,
    unpacked,
)
from plainview.alerts.lifecycle import MOST_STEPS, State


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(-5.0, 60.0)), max_size=30))
def test_revisions_grow_with_every_step_whatever_the_clock_does(
    steps: list[tuple[int, float]],
) -> None:
    """Two steps of one alert never share an idempotency key, and each names those before it."""
    now, found = BEGAN, alert()
    told = [notice(found)]
    for step, passes in steps:
        now += passes
        if step == 0:
            found = lifecycle.acknowledged(found, now, "Ada Wong", "I look at it")
        elif step == 1:
            found = lifecycle.escalated(found, now, "Ada Wong", "it grows")
        else:
            found = lifecycle.risen(found, threshold(), now)
        told.append(notice(found))
    revisions = [one.revision for one in told]
    assert revisions == sorted(set(revisions))
    assert len({one.key for one in told}) == len(told)
    before = [Earlier(one.revision, one.updated_at) for one in told[:-1]]
    assert list(told[-1].earlier) == before[-20:]


def test_an_alert_that_forgets_steps_still_has_new_revisions() -> None:
    """Time alone tells them apart then; only the first is named, as the others are not known."""
    now, found = BEGAN, alert()
    last = 0
    for _ in range(MOST_STEPS + 20):
        now += 1
        found = lifecycle.risen(found, threshold(), now)
        assert revision_of(found) > last
        last = revision_of(found)
    assert notice(found).earlier == (Earlier(1, BEGAN),)


def test_a_notice_names_nobody_and_links_to_the_plan_at_that_moment() -> None:
    """Who decided, and what they wrote, stays in the console."""
    found = lifecycle.acknowledged(alert(), BEGAN + 5, "Ada Wong", "Bob at the north gate looks")
    data = packed(notice(found))
    assert b"Ada" not in data
    assert b"Bob" not in data
    told = unpacked(data, "here")
    assert told == notice(found)
    assert told.state is State.ACKNOWLEDGED
    assert told.link == f"{BASE}/sites/plaza?at={BEGAN + 5:.3f}&alert={found.id}"
    assert told.position is not None
    assert 4.83 < told.position[0] < 4.84
    assert notice(found, structs.replace(PLACE, actual=True)).purpose is Purpose.ACTUAL
    assert told.purpose is Purpose.EXERCISE


def test_a_test_says_that_nothing_has_happened() -> None:
    """Whoever reads it must not run."""
    told = trial("mail", PLACE, BASE, BEGAN)
    assert told.purpose is Purpose.TEST
    assert "nothing has happened" in told.headline


def test_a_broken_route_is_told_and_that_it_works_again() -> None:
    """As two steps of one alert, with a link to the page that shows what is wrong."""
    alert = lifecycle.stuck("1-a", "plaza", "mail", BEGAN, "nobody answers")
    first = notice_of(alert, PLACE, BASE)
    second = notice_of(lifecycle.cleared(alert, BEGAN - 60, "Plainview", "it works"), PLACE, BASE)
    assert (first.kind, first.about, first.open) == (ROUTE, "mail", True)
    assert first.link == f"{BASE}/deliveries"
    assert not second.open
    assert (second.id, second.earlier[0].revision) == (first.id, first.revision)
    assert second.updated_at >= first.updated_at
