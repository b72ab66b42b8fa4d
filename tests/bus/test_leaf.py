"""What a site knows of its own stream: nothing is confirmed that was not, or counted twice."""

from hypothesis import given
from hypothesis import strategies as st

from plainview.bus.leaf import Confirmed

steps = st.lists(
    st.one_of(
        st.tuples(st.just("confirm"), st.integers(1, 40)),
        st.tuples(st.just("begins"), st.integers(1, 40)),
    ),
    max_size=60,
)


@given(steps)
def test_dropped_is_what_went_and_was_not_confirmed(steps: list[tuple[str, int]]) -> None:
    """Whatever is confirmed and dropped in whatever order: as counted one by one."""
    known = Confirmed(1)
    confirmed: set[int] = set()
    first = dropped = 0
    for what, place in steps:
        if what == "confirm":
            known.add(place)
            if place >= first:
                confirmed.add(place)
        elif place > first:
            # The server never drops what is not there any more.
            dropped += len(set(range(max(first, 1), place)) - confirmed)
            first = place
            known.begins(place)
        gone = set(range(1, first)) | confirmed
        assert known.dropped == dropped
        assert all((p in known) == (p in gone or p == 0) for p in range(41))
        assert known.backlog(41) == len(set(range(1, 41)) - gone)
