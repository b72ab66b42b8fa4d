import math

from hypothesis import given
from hypothesis import strategies as st

from plainview.alerts.thresholds import Level, Quantity, Threshold, threshold
from plainview.alerts.watch import CALM, Look, Standing, Turn, WatchState, resumed, step
from plainview.crowd.field import UNKNOWN, Estimate

ALARM = threshold(Quantity.DENSITY, Level.ALARM, 5.0, 3.0, "a test")
SOON = threshold(Quantity.REACH, Level.WARNING, 300.0, 0.0, "a test")


def sure(value: float) -> Estimate:
    """`value`, known almost exactly."""
    return Estimate(value, value - 0.01, value + 0.01)


def looks(
    values: list[Estimate],
    *,
    before: Standing | None = None,
    whole: bool = True,
    of: Threshold = ALARM,
    since: float = 100.0,
) -> tuple[Standing, list[Turn]]:
    """One look a second at each of `values`."""
    standing, turns = before or Standing(), []
    for k, seen in enumerate(values):
        standing, turn = step(standing, of, Look(since + k, seen, whole=whole and seen.known))
        turns.append(turn)
    return standing, turns


def test_it_rises_once_and_only_after_its_duration() -> None:
    """Passed for three seconds: raised with the fourth look, and not again while it lasts."""
    standing, turns = looks([sure(6)] * 8)
    assert turns == [Turn.NONE] * 3 + [Turn.RISE] + [Turn.NONE] * 4
    assert standing.raised


def test_a_moment_of_it_is_no_alert() -> None:
    """A look below starts the duration anew."""
    _, turns = looks([sure(6), sure(6), sure(6), sure(4), sure(6), sure(6), sure(6)])
    assert Turn.RISE not in turns


def test_an_error_larger_than_the_signal_raises_nothing_and_says_so() -> None:
    """Six, give or take four, is not known to be above five."""
    standing, turns = looks([Estimate(6.0, 2.0, 10.0)] * 20)
    assert set(turns) == {Turn.NONE}
    assert standing.state is WatchState.CANNOT_TELL
    assert "error" in standing.why


def test_what_is_not_seen_is_neither_empty_nor_over() -> None:
    """Unknown, or low on a part of the ground: nothing is over, however long."""
    raised, _ = looks([sure(6)] * 5)
    for values, whole in (([UNKNOWN] * 100, True), ([sure(0)] * 100, False)):
        standing, turns = looks(values, before=raised, whole=whole, since=200)
        assert standing.raised
        assert set(turns) == {Turn.NONE}
    calm, _ = looks([sure(0)] * 3, whole=False)
    assert calm.state is WatchState.CANNOT_TELL


def test_what_is_passed_on_the_seen_part_is_passed() -> None:
    """A blind camera beside a crush does not hide it."""
    _, turns = looks([sure(6)] * 4, whole=False)
    assert turns[-1] is Turn.RISE


def test_it_is_over_only_well_below_and_for_a_while() -> None:
    """At 4.5 of 5 it goes on; below 4 for ten seconds it is over."""
    raised, _ = looks([sure(6)] * 5)
    _, turns = looks([sure(4.5)] * 60, before=raised, since=200)
    assert set(turns) == {Turn.NONE}
    standing, turns = looks([sure(3)] * (int(CALM) + 1), before=raised, since=300)
    assert turns == [Turn.NONE] * int(CALM) + [Turn.FALL]
    assert standing.state is WatchState.CLEAR


def test_a_person_who_clears_it_is_believed_until_it_was_below() -> None:
    """Still over: held. Below once, it may rise again."""
    standing, turns = looks([sure(6)] * 20, before=resumed(held=True))
    assert set(turns) == {Turn.NONE}
    assert standing.state is WatchState.RISING
    standing, _ = looks([sure(3)], before=standing, since=200)
    _, turns = looks([sure(6)] * 4, before=standing, since=201)
    assert turns[-1] is Turn.RISE


def test_a_clock_that_was_set_back_raises_nothing_by_itself() -> None:
    """The duration starts anew; what is raised stays."""
    rising, _ = looks([sure(6)] * 3, since=1000)
    standing, turn = step(rising, ALARM, Look(10.0, sure(6), whole=True))
    assert turn is Turn.NONE
    _, turns = looks([sure(6)] * 3, before=standing, since=11)
    assert turns[-1] is Turn.RISE
    raised, _ = looks([sure(6)] * 5, since=1000)
    assert step(raised, ALARM, Look(10.0, sure(6), whole=True))[0].raised


def test_a_gap_in_measuring_counts_for_nothing() -> None:
    """Two looks an hour apart are no hour of crowding, and no hour of calm."""
    standing, turn = step(Standing(), ALARM, Look(0.0, sure(6), whole=True))
    standing, turn = step(standing, ALARM, Look(3600.0, sure(6), whole=True))
    assert turn is Turn.NONE
    raised, _ = looks([sure(6)] * 5)
    standing, _ = step(raised, ALARM, Look(200.0, sure(1), whole=True))
    standing, turn = step(standing, ALARM, Look(3800.0, sure(1), whole=True))
    assert (turn, standing.raised) == (Turn.NONE, True)


def test_what_is_bad_when_it_falls() -> None:
    """Two minutes are too few of five; never is enough."""
    assert looks([sure(120)], of=SOON)[1] == [Turn.RISE]
    never = Estimate(math.inf, 900.0, math.inf)
    assert looks([never] * 3, of=SOON)[0].state is WatchState.CLEAR


values = st.one_of(
    st.just(UNKNOWN),
    st.builds(lambda v, e: Estimate(v, max(v - e, 0.0), v + e), st.floats(0, 12), st.floats(0, 6)),
)


@given(st.lists(st.tuples(st.floats(0, 20), values, st.booleans()), max_size=60))
def test_rising_and_falling_take_turns(story: list[tuple[float, Estimate, bool]]) -> None:
    """No second rise without a fall, and no fall on ground that was not seen whole."""
    standing, up, t = Standing(), False, 0.0
    for pause, seen, whole in story:
        t += pause
        standing, turn = step(standing, ALARM, Look(t, seen, whole=whole and seen.known))
        if turn is Turn.RISE:
            assert not up
            assert seen.value >= ALARM.limit or seen.low >= ALARM.limit
            up = True
        if turn is Turn.FALL:
            assert up
            assert whole
            assert seen.value < ALARM.limit
            up = False
        assert standing.raised == up
