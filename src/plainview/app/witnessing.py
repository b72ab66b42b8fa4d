"""Keeps the published checkpoint cosigned: asks the configured witnesses about each new one.

Nothing waits for a witness: an entry is recorded and acted on without it, and a slow, dead or lying
one only means fewer cosignatures, counted and told.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

import structlog

from plainview.clock import Clock
from plainview.errors import LedgerError, LedgerLie
from plainview.ledger.asking import SECONDS, Asked, ask_witnesses
from plainview.ledger.checkpoint import parse_checkpoint
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signature, SignatureVerifier, Verifier, open_note, split_note
from plainview.ledger.policy import PolicyWitness, QuorumPolicy
from plainview.ledger.tiles import DirectorySource, consistency_proof

PAUSE: Final = 2.0
"""Seconds between two rounds at least: what is recorded in between is cosigned together."""
RENEWAL: Final = 6 * 3600.0
"""Seconds after which a cosignature is renewed, so that its time shows the log is still watched."""
LONGEST: Final = 300.0
"""Seconds that a failing witness is left alone at most."""

log = structlog.get_logger()


@dataclass(slots=True)
class WitnessState:
    """How it goes with one witness."""

    name: str
    asked: int = 0
    cosigned: int = 0
    """Answers with a cosignature that verified."""
    failed: int = 0
    lies: int = 0
    """Of the failed: where the witness or this ledger contradicts itself."""
    size: int = 0
    """Entries of the largest tree that it cosigned, as far as is known."""
    error: str = ""
    """Why it failed last; empty once it cosigned again."""
    in_a_row: int = 0
    """Failures since it last cosigned."""
    not_before: float = 0.0
    """Monotonic seconds before which it is not asked again."""


class WitnessAsker:
    """Owns the thread that asks. Nothing else of the ledger's is its own."""

    def __init__(
        self,
        ledger: Ledger,
        verifier: Verifier,
        policy: QuorumPolicy,
        *,
        clock: Clock,
        pause: float = PAUSE,
        seconds: float = SECONDS,
    ) -> None:
        """Ask the witnesses of `policy` about `ledger`, whose log signs as `verifier`.

        Start it with `start` or as a context; `policy` also says when a checkpoint counts as
        witnessed.
        """
        self._ledger = ledger
        self._verifier = verifier
        self._policy = policy
        self._witnesses = tuple(witness for witness in policy.witnesses if witness.url)
        self._clock = clock
        self._pause = pause
        self._seconds = seconds
        self._lock = threading.Lock()
        self._states = {w.name: WitnessState(w.name) for w in self._witnesses}
        self._renewed: dict[str, float] = {}
        self._quorum_size = 0
        self._broken = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witnesses", daemon=True)

    def start(self) -> None:
        """Begin to ask, if there is anyone to ask."""
        if self._witnesses:
            self._thread.start()

    def close(self) -> None:
        """Stop asking; waits for the round that runs, which has its bound. May be called twice."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(self._seconds + 5.0)

    def __enter__(self) -> Self:
        """Ask while in this context."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.close()

    def states(self) -> list[WitnessState]:
        """How it goes with each witness: copies."""
        with self._lock:
            fields = WitnessState.__slots__
            return [
                WitnessState(**{name: getattr(state, name) for name in fields})
                for state in self._states.values()
            ]

    def stats(self) -> dict[str, float]:
        """Counters by name, over all witnesses."""
        with self._lock:
            states = list(self._states.values())
            return {
                "witness_asked": sum(state.asked for state in states),
                "witness_cosigned": sum(state.cosigned for state in states),
                "witness_failed": sum(state.failed for state in states),
                "witness_lies": sum(state.lies for state in states),
                "witness_rounds_broken": self._broken,
                "witness_quorum_size": self._quorum_size,
            }

    def round(self) -> int:
        """Ask once whoever is due; how many cosignatures were published.

        Raises LedgerError if the ledger cannot be read or written.
        """
        note = self._ledger.checkpoint()
        due = self._due(note)
        if not due:
            return 0
        source = DirectorySource(self._ledger.folder)
        with self._lock:
            known = {name: state.size for name, state in self._states.items()}
        asked = ask_witnesses(
            note,
            due,
            lambda old, new: consistency_proof(source, old, new),
            known=known,
            seconds=self._seconds,
            now=self._clock.utc(),
        )
        for one in asked:
            self._count(one)
        lines = [line for one in asked for line in one.lines]
        if not lines:
            return 0
        return len(lines) if self._publish(note, lines) else 0

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            # The one place where what fails in this long-lived loop is logged and counted.
            try:
                self.round()
            except LedgerError as error:
                with self._lock:
                    self._broken += 1
                log.exception("checkpoint not cosigned", why=error.line())
                self._stop.wait(self._pause * 5)

    def _due(self, note: str) -> list[PolicyWitness]:
        """The witnesses whose cosignature is missing or old, and who may be asked again by now."""
        present = self._present(note)
        now = self._clock.monotonic()
        with self._lock:
            return [
                witness
                for witness in self._witnesses
                if now >= self._states[witness.name].not_before
                and (
                    witness not in present
                    or now - self._renewed.setdefault(witness.name, now) > RENEWAL
                )
            ]

    def _present(self, note: str) -> list[PolicyWitness]:
        """The witnesses that have cosigned `note`; notes whether they are a quorum."""
        signed: set[SignatureVerifier] = set()
        for witness in self._policy.witnesses:
            # Each alone: a line that is not theirs is as good as none, and will be replaced.
            with suppress(LedgerLie):
                signed.update(open_note(note, [self._verifier, *witness.keys]).by)
        if self._policy.quorum is not None and self._policy.quorum.met(signed):
            with self._lock:
                self._quorum_size = parse_checkpoint(split_note(note)[0]).size
        return [witness for witness in self._policy.witnesses if witness.met(signed)]

    def _count(self, asked: Asked) -> None:
        now = self._clock.monotonic()
        with self._lock:
            state = self._states[asked.witness.name]
            state.asked += 1
            if asked.error is None:
                state.cosigned += 1
                state.size = asked.size
                state.error = ""
                state.in_a_row = 0
                self._renewed[state.name] = now
                return
            state.failed += 1
            state.lies += isinstance(asked.error, LedgerLie)
            state.error = asked.error.line()
            state.in_a_row += 1
            state.not_before = now + min(LONGEST, 2.0 ** min(state.in_a_row, 9))
        log.warning(
            "witness did not cosign",
            witness=asked.witness.name,
            why=asked.error.line(),
            contradiction=isinstance(asked.error, LedgerLie),
        )

    def _publish(self, note: str, lines: Sequence[str]) -> bool:
        """Put the lines into the published checkpoint; False if the ledger has grown meanwhile."""
        text, _ = split_note(note)
        current = self._ledger.checkpoint()
        if split_note(current)[0] != text:
            return False
        merged = _merged(current, lines)
        try:
            self._ledger.publish_cosigned(merged)
        except LedgerLie:
            raise
        except LedgerError as error:
            if split_note(self._ledger.checkpoint())[0] == text:
                raise
            log.debug("cosigned too late", why=error.what)
            return False
        self._present(merged)
        return True


def _merged(note: str, lines: Sequence[str]) -> str:
    """`note` with `lines`, which replace what it has of the same keys."""
    text, present = split_note(note)
    _, fresh = split_note(f"{text}\n{''.join(lines)}")
    replaced = {(signature.name, signature.key_id) for signature in fresh}
    kept: list[Signature] = [s for s in present if (s.name, s.key_id) not in replaced]
    return f"{text}\n{''.join(signature.line for signature in (*kept, *fresh))}"
