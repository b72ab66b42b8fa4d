"""Sessions on the server: who has signed in, until when, and for which purpose.

A browser holds only a random id; kept here is the id's hash. Sessions live in memory: a restart of
the program ends them all.
"""

import hashlib
import secrets
import threading
from typing import Final

from plainview.clock import Clock
from plainview.errors import AccessRefused
from plainview.governance.person import Person

IDLE: Final = 30 * 60.0
"""Seconds without anything that a person did, after which a session ends."""
ABSOLUTE: Final = 10 * 3600.0
"""Seconds after which it ends whatever was done: a long shift."""
MOST: Final = 1000
MOST_EACH: Final = 10
"""Sessions of one person in one role; a further one ends the one that was used least recently."""


def fingerprint(token: str) -> str:
    """What is kept of a secret: its SHA-256, hexadecimal. Enough for 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


class Session:
    """One signed-in person. Changed only by `Sessions`."""

    __slots__ = ("began", "csrf", "how", "key", "person", "purpose", "shown", "used")

    def __init__(self, key: str, person: Person, shown: str, how: str, now: float) -> None:
        """Begin at `now` (monotonic seconds)."""
        self.key = key
        self.person = person
        self.shown = shown
        """The name as people read it."""
        self.how = how
        """`link` or `oidc`."""
        self.csrf = secrets.token_urlsafe(32)
        """What a form or a changing request must carry, besides the cookie."""
        self.purpose = ""
        """`ASSESSMENT@REVISION/AIM`; empty until one is chosen."""
        self.began = self.used = now


class Sessions:
    """Owns all sessions. Thread-safe."""

    def __init__(self, clock: Clock, *, most: int = MOST, most_each: int = MOST_EACH) -> None:
        """At most `most` sessions, `most_each` of one person."""
        self._clock = clock
        self._most, self._most_each = most, most_each
        self._lock = threading.Lock()
        self._open: dict[str, Session] = {}

    def open(self, person: Person, shown: str, how: str) -> tuple[str, Session]:
        """A new session and the id for its browser: 256 random bits, never one that was given.

        Raises AccessRefused when as many are open as may be.
        """
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sweep()
            own = sorted(
                (s for s in self._open.values() if s.person == person), key=lambda s: s.used
            )
            for old in own[: max(len(own) - self._most_each + 1, 0)]:
                del self._open[old.key]
            if len(self._open) >= self._most:
                raise AccessRefused(
                    "as many people are signed in as may be", mend="Try again in some minutes"
                )
            session = Session(fingerprint(token), person, shown, how, self._clock.monotonic())
            self._open[session.key] = session
        return token, session

    def find(self, token: str, *, active: bool) -> Session | None:
        """The session of the id `token`, if it has not ended.

        `active`: a person did something, so that idle time begins anew.
        """
        key = fingerprint(token)
        with self._lock:
            session = self._open.get(key)
            if session is None:
                return None
            if self._left(session) <= 0:
                del self._open[key]
                return None
            if active:
                session.used = self._clock.monotonic()
            return session

    def choose(self, session: Session, purpose: str) -> None:
        """From now on its person asks for `purpose`."""
        with self._lock:
            session.purpose = purpose

    def left(self, session: Session) -> float:
        """Seconds until it ends if nobody does anything."""
        with self._lock:
            return self._left(session)

    def close(self, session: Session) -> None:
        """End it at once."""
        with self._lock:
            self._open.pop(session.key, None)

    def close_all(self) -> None:
        """End every session at once."""
        with self._lock:
            self._open.clear()

    def __len__(self) -> int:
        """How many are open."""
        with self._lock:
            self._sweep()
            return len(self._open)

    def _left(self, session: Session) -> float:
        now = self._clock.monotonic()
        return min(session.used + IDLE, session.began + ABSOLUTE) - now

    def _sweep(self) -> None:
        for key in [key for key, session in self._open.items() if self._left(session) <= 0]:
            del self._open[key]
