"""Sessions: random, bounded, ended."""

import pytest

from plainview.clock import ManualClock
from plainview.errors import AccessRefused
from plainview.governance.person import Person, Role
from plainview.web.access.sessions import ABSOLUTE, IDLE, Sessions, fingerprint

KIM = Person("Kim", Role.OPERATOR)


def test_an_id_is_256_random_bits_and_is_not_kept() -> None:
    """What is kept is its hash; no two are the same, and the CSRF token is another secret."""
    sessions = Sessions(ManualClock(), most=2000, most_each=2000)
    opened = [sessions.open(KIM, "Kim", "link") for _ in range(1000)]
    tokens = {token for token, _ in opened}
    assert len(tokens) == 1000
    assert all(len(token) == 43 for token in tokens)
    for token, session in opened:
        kept = [getattr(session, name) for name in session.__slots__]
        assert token not in map(str, kept)
        assert session.key == fingerprint(token)
        assert session.csrf != token
    assert len({session.csrf for _, session in opened}) == 1000


def test_only_the_very_id_finds_its_session() -> None:
    """Not its hash, not a part of it, not nothing."""
    sessions = Sessions(ManualClock())
    token, session = sessions.open(KIM, "Kim", "link")
    assert sessions.find(token, active=True) is session
    for other in ("", token[:-1], token + "A", session.key, session.csrf, token.swapcase()):
        assert sessions.find(other, active=True) is None


def test_it_ends_when_idle_and_in_any_case() -> None:
    """`left` says when; use begins idle time anew but not the whole."""
    clock = ManualClock()
    sessions = Sessions(clock)
    token, session = sessions.open(KIM, "Kim", "link")
    assert sessions.left(session) == IDLE
    clock.advance(IDLE - 1)
    assert sessions.find(token, active=False) is session
    assert sessions.left(session) == 1
    assert sessions.find(token, active=True) is session
    assert sessions.left(session) == IDLE
    for _ in range(int(ABSOLUTE // (IDLE - 1))):
        clock.advance(IDLE - 1)
        sessions.find(token, active=True)
    assert sessions.find(token, active=True) is None
    assert len(sessions) == 0


def test_a_clock_that_is_set_changes_nothing() -> None:
    """Sessions go by time that passes, not by the calendar."""
    clock = ManualClock()
    sessions = Sessions(clock)
    token, _ = sessions.open(KIM, "Kim", "link")
    clock.step(-86_400)
    assert sessions.find(token, active=False) is not None
    clock.step(2 * 86_400)
    assert sessions.find(token, active=False) is not None


def test_one_person_has_a_bounded_number_and_the_least_used_goes_first() -> None:
    """Somebody who forgets to sign out takes no room from others."""
    clock = ManualClock()
    sessions = Sessions(clock, most_each=3)
    tokens = []
    for _ in range(3):
        clock.advance(1)
        tokens.append(sessions.open(KIM, "Kim", "link")[0])
    clock.advance(1)
    assert sessions.find(tokens[0], active=True)
    other = sessions.open(Person("Kim", Role.SUPERVISOR), "Kim", "link")[0]
    tokens.append(sessions.open(KIM, "Kim", "link")[0])
    alive = [sessions.find(token, active=False) is not None for token in tokens]
    assert alive == [True, False, True, True]
    assert sessions.find(other, active=False)


def test_their_number_is_bounded_and_ended_ones_make_room() -> None:
    """Nobody who is signed in is thrown out for a newcomer."""
    clock = ManualClock()
    sessions = Sessions(clock, most=5)
    opened = [
        sessions.open(Person(f"p{number}", Role.OPERATOR), "p", "link") for number in range(5)
    ]
    with pytest.raises(AccessRefused, match="as many people"):
        sessions.open(KIM, "Kim", "link")
    assert all(sessions.find(token, active=False) for token, _ in opened)
    sessions.close(opened[0][1])
    assert sessions.open(KIM, "Kim", "link")
    clock.advance(IDLE)
    assert sessions.open(KIM, "Kim", "link")
    assert len(sessions) == 1


def test_all_can_be_ended_at_once() -> None:
    """When something is wrong."""
    sessions = Sessions(ManualClock())
    token, _ = sessions.open(KIM, "Kim", "link")
    sessions.close_all()
    assert sessions.find(token, active=True) is None
