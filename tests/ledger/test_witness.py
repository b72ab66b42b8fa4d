import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.ledger.grown import LOG, checkpoint, consistency, leaves, request, root

from plainview.clock import ManualClock
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner, cosigned_at
from plainview.ledger.note import Signer, open_note, sign_note
from plainview.ledger.witness import MAX_REQUEST_BYTES, SIZE, Answer, Request, Witness

CHILD = Path(__file__).with_name("cosigning.py")
COSIGNER = Cosigner("w.example", ED25519, bytes(32))
QUANTUM = Cosigner("w.example", ML_DSA_44, bytes(32))
OTHER = Signer("log.example/two", bytes(range(1, 33)))


def opened(state: Path, clock: ManualClock | None = None) -> Witness:
    """A witness of the one log, with both kinds of key."""
    return Witness(
        state,
        cosigners=[COSIGNER, QUANTUM],
        logs=[LOG.verifier],
        clock=clock or ManualClock(),
    )


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Witness]:
    """A witness that has seen nothing."""
    with opened(tmp_path) as witness:
        yield witness


def size_of(witness: Witness) -> int:
    """Entries of the last tree it cosigned."""
    latest = witness.latest(LOG.name)
    return latest.size if latest else 0


def times(answer: Answer, hashes: list[bytes]) -> list[int]:
    """When the cosignatures in `answer` say that they were given; each is verified."""
    assert answer.status == 200
    text = Checkpoint(LOG.name, len(hashes), root(hashes)).text()
    note = open_note(f"{text}\n{answer.body}", [COSIGNER.verifier, QUANTUM.verifier])
    assert note.by == (COSIGNER.verifier, QUANTUM.verifier)
    return [cosigned_at(signature.signature) for _, signature in note.signatures]


def test_it_cosigns_what_extends_what_it_saw(witness: Witness) -> None:
    """From nothing, through every size to 40 in steps of every length, with both its keys."""
    steps = random.Random(5)  # noqa: S311 - lengths of steps
    old = 0
    while old < 40:
        size = old + steps.randrange(0, 9)
        times(witness.add_checkpoint(request(old, leaves(size))), leaves(size))
        assert size_of(witness) == size
        old = size


def test_a_log_may_begin_empty(witness: Witness) -> None:
    """A tree of no entries is cosigned, and grows without a proof."""
    times(witness.add_checkpoint(request(0, [])), [])
    times(witness.add_checkpoint(request(0, leaves(3))), leaves(3))
    wrong = sign_note(Checkpoint(LOG.name, 0, bytes(32)).text(), LOG)
    fresh = witness.add_checkpoint(Request(0, (), wrong).body())
    assert (fresh.status, fresh.body) == (409, "3\n")


def test_an_empty_tree_has_one_root(witness: Witness) -> None:
    """A checkpoint of no entries with another root than the empty tree's is refused."""
    wrong = sign_note(Checkpoint(LOG.name, 0, bytes(32)).text(), LOG)
    assert witness.add_checkpoint(Request(0, (), wrong).body()).status == 409
    assert witness.latest(LOG.name) is None


def test_each_refusal_has_its_status(witness: Witness) -> None:
    """400, 403, 404, 409 and 422 as tlog-witness asks; nothing is cosigned or forgotten."""
    times(witness.add_checkpoint(request(0, leaves(5))), leaves(5))
    nine = checkpoint(leaves(9))
    proof = tuple(consistency(5, leaves(9)))
    refused = [
        (400, b""),
        (400, b"old 5\n"),
        (400, b"old 05\n\n" + nine.encode()),
        (400, b"old -1\n\n" + nine.encode()),
        (400, b"old 5\nAAAA\n\n" + nine.encode()),
        (400, b"old 5\n\nnot a checkpoint\n"),
        (400, b"\xff" + request(5, leaves(9))),
        (400, request(5, leaves(9)).replace(b"\n", b"\r\n")),
        (400, Request(5, (bytes(32),) * 64, nine).body()),
        (400, Request(10, (), nine).body()),
        (400, b"x" * (MAX_REQUEST_BYTES + 1)),
        (404, request(0, leaves(9), OTHER)),
        (403, request(5, leaves(9), Signer(LOG.name, bytes(32)))),
        (403, request(5, leaves(9)).replace(b"\n9\n", b"\n8\n")),
        (409, request(0, leaves(9))),
        (409, request(4, leaves(9))),
        (409, request(6, leaves(9))),
        (409, request(0, leaves(4))),
        (409, request(5, leaves(5, "fork"))),
        (422, Request(5, (), nine).body()),
        (422, Request(5, proof[1:], nine).body()),
        (422, Request(5, (*proof, bytes(32)), nine).body()),
        (422, Request(5, proof[::-1], nine).body()),
        (422, Request(5, (bytes(32),), checkpoint(leaves(5))).body()),
        (422, request(5, leaves(9, "fork"))),
    ]
    for status, body in refused:
        answer = witness.add_checkpoint(body)
        assert answer.status == status, (status, answer, body[:60])
        assert "\u2014" not in answer.body
        if status == 409:
            assert (answer.body, answer.media_type) == ("5\n", SIZE)
        assert size_of(witness) == 5
    times(witness.add_checkpoint(request(5, leaves(9))), leaves(9))


def test_a_smaller_tree_is_never_cosigned(witness: Witness) -> None:
    """A log that was rolled back and asks from its smaller size is told the size it had."""
    times(witness.add_checkpoint(request(0, leaves(8))), leaves(8))
    for old in range(8):
        for size in range(old, 8):
            answer = witness.add_checkpoint(request(old, leaves(size)))
            assert (answer.status, answer.body) == (409, "8\n")


def test_the_proof_of_a_fork_is_kept(tmp_path: Path) -> None:
    """Two trees of one size, both signed by the log, stay as evidence for anyone to verify."""
    with opened(tmp_path) as witness:
        witness.add_checkpoint(request(0, leaves(5)))
        witness.add_checkpoint(request(5, leaves(5, "fork")))
        witness.add_checkpoint(request(5, leaves(5, "another")))
    (evidence,) = tmp_path.glob("logs/*.fork")
    text = evidence.read_text()
    forged = checkpoint(leaves(5, "fork"))
    assert text.endswith(forged)
    assert open_note(text.removesuffix("\n" + forged), [LOG.verifier]).text != (
        open_note(forged, [LOG.verifier]).text
    )


def test_it_remembers_over_a_restart(tmp_path: Path) -> None:
    """Closed and opened again, it still refuses what it refused."""
    with opened(tmp_path) as witness:
        times(witness.add_checkpoint(request(0, leaves(6))), leaves(6))
    with opened(tmp_path) as witness:
        assert size_of(witness) == 6
        assert witness.add_checkpoint(request(0, leaves(7))).status == 409
        assert witness.add_checkpoint(request(6, leaves(7, "fork"))).status == 422
        times(witness.add_checkpoint(request(6, leaves(7))), leaves(7))


def test_a_changed_memory_is_refused(tmp_path: Path) -> None:
    """Any changed byte of what it remembers, or another log's memory, stops it from starting."""
    with opened(tmp_path) as witness:
        witness.add_checkpoint(request(0, leaves(6)))
    (path,) = (tmp_path / "logs").iterdir()
    whole = path.read_bytes()
    text = whole.index(b"\n\n")
    for place in range(0, text, 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(LedgerLie, match="not what it signed"):
            opened(tmp_path)
    for other in (b"", whole[:50], b"\xff"):
        path.write_bytes(other)
        with pytest.raises(LedgerError):
            opened(tmp_path)
    path.write_bytes(whole)
    opened(tmp_path).close()


def test_two_witnesses_do_not_share_a_folder(tmp_path: Path) -> None:
    """The second would not know what the first cosigned; it does not start."""
    with opened(tmp_path) as witness:
        with pytest.raises(LedgerError, match="another witness"):
            opened(tmp_path)
        assert size_of(witness) == 0
    opened(tmp_path).close()


def test_a_witness_without_key_or_log_is_wrong_input(tmp_path: Path) -> None:
    """It would answer everyone with nothing."""
    with pytest.raises(InputError):
        Witness(tmp_path, cosigners=[], logs=[LOG.verifier], clock=ManualClock())
    with pytest.raises(InputError):
        Witness(tmp_path, cosigners=[COSIGNER], logs=[], clock=ManualClock())


def test_what_cannot_be_recorded_is_not_cosigned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the disk fails it answers 500 and cosigns nothing; afterwards it goes on."""
    with opened(tmp_path) as witness:
        witness.add_checkpoint(request(0, leaves(2)))

        def fails(_: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", fails)
            answer = witness.add_checkpoint(request(2, leaves(3)))
            assert answer.status == 500
            assert "\u2014" not in answer.body
            assert size_of(witness) == 2
        times(witness.add_checkpoint(request(2, leaves(3))), leaves(3))


def test_its_times_are_in_order_even_if_its_clock_is_not(tmp_path: Path) -> None:
    """A clock that is set back never dates a larger tree before a smaller one."""
    clock = ManualClock(1_700_000_000)
    with opened(tmp_path, clock) as witness:
        assert times(witness.add_checkpoint(request(0, leaves(2))), leaves(2))[0] == 1_700_000_000
        clock.step(-5000)
        assert times(witness.add_checkpoint(request(2, leaves(3))), leaves(3))[0] == 1_700_000_000
    with opened(tmp_path, clock) as witness:
        assert times(witness.add_checkpoint(request(3, leaves(4))), leaves(4))[0] == 1_700_000_000
        clock.step(9000)
        assert times(witness.add_checkpoint(request(4, leaves(5))), leaves(5))[0] == 1_700_004_000


def test_only_one_of_two_forks_is_cosigned(witness: Witness) -> None:
    """Asked at once from many threads to go on in sixteen ways, it goes one way."""
    past = leaves(1)
    times(witness.add_checkpoint(request(0, past)), past)
    with ThreadPoolExecutor(16) as pool:
        for turn in range(6):
            # The shared past is right; only the new leaves differ.
            ways = [[*past, *leaves(2, f"way {way} of {turn} ")] for way in range(16)]
            bodies = [request(len(past), way) for way in ways]
            answers = list(pool.map(witness.add_checkpoint, bodies))
            assert sorted(answer.status for answer in answers) == [200] + [409] * 15
            past = next(w for w, answer in zip(ways, answers, strict=True) if answer.status == 200)
            latest = witness.latest(LOG.name)
            assert latest is not None
            assert latest.root == root(past)


def test_kill_nine_forgets_no_cosignature(tmp_path: Path) -> None:
    """Killed at any moment, it has at least recorded what it had given out.

    Six times at least, and on a busy machine until enough was given out between the kills.
    """
    chance = random.Random(11)  # noqa: S311 - moments
    given = 0
    for kills in range(60):
        if kills >= 6 and given > 6:
            break
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.cosigning", str(tmp_path)],
            stdout=subprocess.PIPE,
            cwd=CHILD.parents[2],
            env={**os.environ, "PYTHONPATH": str(CHILD.parents[2])},
        )
        assert child.stdout is not None
        assert child.stdout.readline()
        time.sleep(chance.uniform(0, 0.03))
        child.kill()
        told = child.stdout.read().split(b"\n")
        child.stdout.close()
        child.wait()
        with Witness(
            tmp_path, cosigners=[COSIGNER], logs=[LOG.verifier], clock=ManualClock()
        ) as witness:
            size = size_of(witness)
            # The last line may be cut; each whole one was a cosignature that got out.
            given = max([given, *(int(line) for line in told[:-1] if line)])
            assert size >= given
            latest = witness.latest(LOG.name)
            assert latest is not None
            assert latest.root == root(leaves(size))
    assert given > 6
