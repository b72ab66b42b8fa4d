"""What a site says and is answered, and what the centre makes of that, site by site."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import InputError
from plainview.governance.order import MAX_BYTES, Refusal
from plainview.governance.orders import (
    MAX_ANSWER,
    MAX_SAID,
    MOST_MARKS,
    MOST_ORDERS,
    Answer,
    Heard,
    Said,
    State,
    Told,
    due,
    encode,
    read_answer,
    read_said,
    told,
    wanted,
)
from plainview.governance.standing import Stop

SITES = {"plaza": Heard(), "quay": Heard(5.0), "yard": Heard(6.0)}
WHERE = {"north": "plaza", "east": "quay"}


def marks(*numbers: int) -> tuple[str, ...]:
    """What some orders are called."""
    return tuple(f"{number:016x}" for number in numbers)


def refused(number: int, why: Refusal) -> tuple[tuple[str, Refusal], ...]:
    """What a site says that refused one."""
    return tuple((mark, why) for mark in marks(number))


def stop(scope: str, index: int = 7) -> Stop:
    """A stop of `scope` at that place of the ledger."""
    return Stop(scope, "why", 5, "operator", index=index)


@pytest.mark.parametrize(
    ("scope", "for_whom"),
    [
        ("city", ["plaza", "quay", "yard"]),
        ("capability:count", ["plaza", "quay", "yard"]),
        ("site:quay", ["quay"]),
        ("camera:north", ["plaza"]),
        ("camera:gone", []),
        ("site:gone", []),
    ],
)
def test_an_order_goes_to_the_sites_that_it_is_for(scope: str, for_whom: list[str]) -> None:
    """Of a camera it is the site's that has it."""
    assert wanted(stop(scope), SITES, WHERE) == for_whom


@pytest.mark.parametrize(
    ("heard", "state", "refusal"),
    [
        (Heard(), State.SILENT, ""),
        (Heard(5.0), State.WAITS, ""),
        (Heard(5.0, Said(1, stopped=marks(6, 8))), State.WAITS, ""),
        (Heard(5.0, Said(1, stopped=marks(6, 7))), State.CONFIRMED, ""),
        (Heard(5.0, Said(1, stopped=marks(6), lifted=marks(7))), State.LIFTED, ""),
        (Heard(5.0, Said(1, refused=refused(7, Refusal.UNKNOWN))), State.REFUSED, "unknown"),
        (Heard(5.0, Said(1, refused=refused(7, Refusal.OLD))), State.REFUSED, "old"),
        (Heard(5.0, Said(1, refused=refused(8, Refusal.OLD))), State.WAITS, ""),
        (Heard(5.0, Said(1, amiss=Refusal.KEY)), State.REFUSED, "key"),
        (Heard(5.0, Said(1, stopped=marks(7), amiss=Refusal.KEY)), State.CONFIRMED, ""),
    ],
)
def test_only_what_a_site_says_of_this_order_confirms_it(
    heard: Heard, state: State, refusal: str
) -> None:
    """A later one does not, nor that it asks."""
    assert told(stop("site:quay"), marks(7)[0], {"quay": heard}, WHERE) == [
        Told("quay", state, heard.at, refusal)
    ]


def test_what_waits_for_the_ledger_is_confirmed_by_nobody() -> None:
    """It has no mark yet, so that no site was told."""
    heard = Heard(5.0, Said(1, stopped=marks(0)))
    assert told(stop("city", -1), "", {"quay": heard}, WHERE)[0].state is State.WAITS


def test_a_site_is_given_what_it_lacks_oldest_first_and_what_it_refused_last() -> None:
    """However much it refused, and however much there is, all of the rest comes in turn."""
    orders = marks(*range(100))
    said = Said(1, stopped=orders[:2], lifted=orders[2:3])
    assert due(orders, said) == [*orders[3 : 3 + MOST_ORDERS]]
    unknown = tuple((mark, Refusal.UNKNOWN) for mark in orders[:MOST_ORDERS])
    assert due(orders, Said(1, refused=unknown)) == [*orders[MOST_ORDERS : 2 * MOST_ORDERS]]
    assert due(orders[1:3], Said(1, refused=unknown[1:2])) == [orders[2], orders[1]]
    assert due(orders[1:3], Said(1, stopped=orders[1:3])) == []


def test_both_are_read_as_they_were_written() -> None:
    """At their largest too."""
    many = marks(*range((1 << 53) - MOST_MARKS, 1 << 53))
    no = tuple((mark, Refusal.MALFORMED) for mark in many[:MOST_ORDERS])
    said = Said(1, many, many, no, Refusal.MALFORMED)
    assert read_said(encode(said)) == said
    answer = Answer(1, known=True, orders=('"' * MAX_BYTES,) * MOST_ORDERS)
    assert read_answer(encode(answer)) == answer


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"v":2}',
        b'{"v":1,"start":["0000000000000007"]}',
        b'{"v":1,"stopped":[7]}',
        b'{"v":1,"stopped":["7"]}',
        b'{"v":1,"stopped":["000000000000000X"]}',
        b'{"v":1,"refused":[["0000000000000007","because"]]}',
        b'{"v":1,"amiss":"<script>"}',
        b'{"v":1,"stopped":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"v":1,"stopped":[' + b",".join([b'"0000000000000007"'] * (MOST_MARKS + 1)) + b"]}",
        b'{"v":1}' + b" " * MAX_SAID,
    ],
)
def test_what_a_site_says_is_read_strictly(data: bytes) -> None:
    """It is hostile: bounded, and nothing but numbers and words of ours."""
    with pytest.raises(InputError):
        read_said(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"v":1}',
        b'{"v":1,"known":true,"lift":["city"]}',
        b'{"v":1,"known":true,"orders":[7]}',
        msgspec.json.encode({"v": 1, "known": True, "orders": ["x"] * (MOST_ORDERS + 1)}),
        msgspec.json.encode({"v": 1, "known": True, "orders": ["x" * (MAX_BYTES + 1)]}),
        b'{"v":1,"known":true}' + b" " * MAX_ANSWER,
    ],
)
def test_what_the_centre_answers_is_read_strictly(data: bytes) -> None:
    """It is hostile too."""
    with pytest.raises(InputError):
        read_answer(data)


@given(st.binary(max_size=300))
def test_no_bytes_break_what_reads_them(data: bytes) -> None:
    """They are read, or refused."""
    for read in (read_said, read_answer):
        try:
            read(data)
        except InputError:
            continue
