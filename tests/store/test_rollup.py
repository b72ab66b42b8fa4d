from hypothesis import given
from hypothesis import strategies as st

from plainview.record import Health, Reading
from plainview.store.rollup import MINUTE, add, minute_of, replace, sums

readings = st.lists(
    st.builds(
        lambda count, width, lines, health: Reading(
            1, 1, 1, 0, count, max(count - width, 0), count + width, 0, 1, 1, (), lines, health, ()
        ),
        st.integers(0, 1000),
        st.integers(0, 50),
        st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple),
        st.lists(st.sampled_from(Health), max_size=2, unique=True).map(tuple),
    ),
    max_size=12,
)


@given(readings, readings)
def test_the_sum_of_parts_is_the_whole(a: list[Reading], b: list[Reading]) -> None:
    """However Readings are split, their parts' sums add up to the whole's, exactly."""
    assert add(sums(a), sums(b)) == sums(a + b)


@given(readings, readings, readings)
def test_a_part_that_grew_is_replaced(
    rest: list[Reading], old: list[Reading], late: list[Reading]
) -> None:
    """An hour whose minute is rolled up again is as if it had been so from the start."""
    assert replace(sums(rest + old), sums(old), sums(old + late)) == sums(rest + old + late)


@given(readings)
def test_unhealthy_readings_are_counted_and_nothing_else(some: list[Reading]) -> None:
    """Only healthy Readings are in sums, peak and crossings."""
    healthy = sums([one for one in some if one.healthy])
    whole = sums(some)
    assert whole[2:7] == healthy[2:7]
    assert whole.readings + whole.unhealthy == len(some)


@given(st.integers(1, 10**12))
def test_each_time_lies_in_its_minute(t: int) -> None:
    """A Reading's t is its interval's end: it lies after the minute's start, up to its end."""
    assert minute_of(t) < t <= minute_of(t) + MINUTE
