"""What waits on a node: in order, bounded, and given again until it arrived."""

from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.fleet.orders import PICTURE, READING, Item
from plainview.fleet.outbox import Outbox


def item(k: int, size: int = 100) -> Item:
    """A Reading that is told apart from others."""
    return Item("north", k, READING, bytes(size))


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["put", "give", "lost"]), max_size=40))
def test_all_arrives_once_and_in_order(deeds: list[str]) -> None:
    """Whatever answers are lost, what arrives is what was put, each once, as it was put."""
    outbox = Outbox()
    put = arrived = 0
    acknowledged = 0
    for deed in [*deeds, "give", "give"]:
        if deed == "put":
            outbox.put(item(put))
            put += 1
            continue
        given_now = outbox.give(acknowledged)
        if deed == "give":
            assert [one.fence for one in given_now] == list(
                range(arrived, arrived + len(given_now))
            )
            arrived += len(given_now)
            acknowledged = outbox.number
    assert arrived == put
    assert outbox.dropped == 0


def test_the_oldest_make_room_and_are_counted() -> None:
    """Beyond the bound the newest stay; a picture takes the place of an older one only."""
    outbox = Outbox(most=1000)
    for k in range(10):
        outbox.put(item(k, 136))
        outbox.show(Item("north", k, PICTURE, bytes(500)))
    waiting = outbox.give(0)
    assert [one.fence for one in waiting if one.kind == READING] == [5, 6, 7, 8, 9]
    assert [one.fence for one in waiting if one.kind == PICTURE] == [9]
    assert outbox.dropped == 5


def test_one_answer_is_bounded() -> None:
    """A large item goes by itself, the rest waits for the next answers."""
    outbox = Outbox()
    for k in range(3):
        outbox.put(item(k, 300_000))
    assert [one.fence for one in outbox.give(0)] == [0]
    assert [one.fence for one in outbox.give(outbox.number)] == [1]
    assert len(outbox) == 1
