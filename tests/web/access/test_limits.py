"""Rate limits: what holds whatever the order of requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.clock import ManualClock
from plainview.web.access.limits import Buckets, Clients, Limits, Pauses


@given(
    pauses=st.lists(st.floats(0, 20), min_size=1, max_size=200),
    rate=st.floats(0.1, 50),
    burst=st.integers(1, 50),
)
def test_nobody_gets_more_than_burst_and_rate(pauses: list[float], rate: float, burst: int) -> None:
    """In any stretch from the start: at most burst + rate x time."""
    clock = ManualClock()
    buckets = Buckets(clock, rate=rate, burst=burst)
    taken, began = 0, clock.monotonic()
    for pause in pauses:
        clock.advance(pause)
        if buckets.take("a") == 0:
            taken += 1
        assert taken <= burst + rate * (clock.monotonic() - began) + 1e-6


@given(rate=st.floats(0.1, 50), burst=st.integers(1, 50))
def test_who_waits_as_long_as_told_gets_one(rate: float, burst: int) -> None:
    """The answer is no guess."""
    clock = ManualClock()
    buckets = Buckets(clock, rate=rate, burst=burst)
    for _ in range(burst):
        assert buckets.take("a") == 0
    wait = buckets.take("a")
    assert wait > 0
    clock.advance(wait + 1e-6)
    assert buckets.take("a") == 0


def test_one_client_takes_nothing_from_another() -> None:
    """Each has a bucket of its own, in bounded memory."""
    buckets = Buckets(ManualClock(), rate=1, burst=1, most=100)
    for number in range(1000):
        assert buckets.take(str(number)) == 0
    assert len(buckets) == 100
    assert buckets.take("999") > 0


def test_pauses_grow_and_are_forgotten() -> None:
    """Four tries are free; the tenth waits a minute; the hundredth a quarter of an hour."""
    clock = ManualClock()
    pauses = Pauses(clock, most=10)
    waits = []
    for _ in range(100):
        pauses.failed("a")
        waits.append(pauses.left("a"))
    assert waits[:8] == [0, 0, 0, 0, 2, 4, 8, 16]
    assert waits == sorted(waits)
    assert waits[-1] == 900
    assert pauses.left("b") == 0
    clock.advance(3601)
    pauses.failed("a")
    assert pauses.left("a") == 0
    for number in range(100):
        pauses.failed(str(number))
    assert len(pauses) == 10


@pytest.mark.parametrize(
    ("peer", "forwarded", "key"),
    [
        ("192.0.2.1", [], "192.0.2.1"),
        ("192.0.2.1", [b"198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1", [b"198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"6.6.6.6, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"6.6.6.6", b"198.51.100.7, 10.0.0.1"], "198.51.100.7"),
        ("10.0.0.1", [b"junk"], "10.0.0.1"),
        ("10.0.0.1", [b""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("2001:db8::2", [], "2001:db8::/64"),
        ("2001:db8:0:1::1", [], "2001:db8:0:1::/64"),
        ("testclient", [], "testclient"),
    ],
)
def test_a_client_is_told_by_its_address(peer: str, forwarded: list[bytes], key: str) -> None:
    """X-Forwarded-For counts from a named proxy only, and its last hop that is no proxy."""
    clients = Clients(["10.0.0.1"])
    assert clients.key(peer, [(b"x-forwarded-for", value) for value in forwarded]) == key


@pytest.mark.parametrize(
    ("path", "burst"),
    [
        ("/login/link", 20),
        ("/login/oidc", 20),
        ("/login/callback", 20),
        ("//login///link", 20),
        ("/api//v1/attestation", 20),
        ("/api/v1/attestation", 20),
        ("/api/v1/sites", 2000),
        ("/portal/", 2000),
        ("/ledger/checkpoint", 20_000),
    ],
)
def test_each_part_has_its_own_measure(path: str, burst: int) -> None:
    """Signing in and attesting are slow; files are not."""
    limits = Limits(ManualClock())
    passed = sum(limits.wait(path, "a") == 0 for _ in range(burst + 10))
    assert passed == burst
    assert limits.wait(path, "b") == 0
