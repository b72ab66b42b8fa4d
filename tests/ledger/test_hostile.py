import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.ledger.grown import LOG, leaves, request

from plainview.clock import ManualClock
from plainview.errors import InputError, LedgerError
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.cosignature import ED25519, ML_DSA_44, CosignatureVerifier, Cosigner
from plainview.ledger.note import Signer, Verifier, add_signatures, open_note, sign_note
from plainview.ledger.policy import parse_policy
from plainview.ledger.witness import Witness

PARTS = st.sampled_from([
    "\u2014 ", "\n", "\n\n", " ", "+", "=", "old 5", "AAAA", "AAAAAAAA", LOG.name, LOG.vkey,
    "witness a ", "group g any a", "quorum a", "0", "9" * 20, "\ud800", "\x00", "\r", "\u2028",
])  # fmt: skip
TEXT = st.one_of(st.text(max_size=200), st.lists(PARTS, max_size=30).map("".join))
RIGHT = request(0, leaves(5))


@given(TEXT)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_by_name(text: str) -> None:
    """Whatever is given as note, checkpoint, policy or key: an answer, or an error of the tree."""
    for read in (
        lambda: open_note(text, [LOG.verifier]),
        lambda: parse_checkpoint(text),
        lambda: add_signatures(sign_note("x\n", LOG), [text]),
        lambda: parse_policy(text),
        lambda: Verifier.from_vkey(text),
        lambda: CosignatureVerifier.from_vkey(text),
        lambda: Signer.from_text(text),
        lambda: Cosigner.from_text(text),
        lambda: Signer.generate(text),
    ):
        with contextlib.suppress(LedgerError, InputError):
            read()


@given(st.binary(max_size=3000), st.sampled_from([ED25519, ML_DSA_44]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_no_cosignature(signature: bytes, kind: int) -> None:
    """Of any length and kind: False, never an error."""
    verifier = Cosigner("w.example", kind, bytes(32)).verifier
    text = Checkpoint(LOG.name, 7, bytes(32)).text()
    assert not verifier.verify(text, signature)
    assert not verifier.verify("\ud800", signature)
    assert not LOG.verifier.verify(text, signature)


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """A witness that cosigned five entries."""
    cosigner = Cosigner("w.example", ED25519, bytes(32))
    witness = Witness(tmp_path, cosigners=[cosigner], logs=[LOG.verifier], clock=ManualClock())
    assert witness.add_checkpoint(RIGHT).status == 200
    return witness


@given(
    st.one_of(
        st.binary(max_size=500),
        st.tuples(st.integers(0, len(RIGHT) - 1), st.binary(max_size=3)).map(
            lambda change: RIGHT[: change[0]] + change[1] + RIGHT[change[0] + 1 :]
        ),
    )
)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_request_gets_an_answer_and_changes_nothing(witness: Witness, body: bytes) -> None:
    """Noise and changed requests: one of the statuses of tlog-witness, and the memory stays.

    200 can only be the very same five entries again.
    """
    answer = witness.add_checkpoint(body)
    assert answer.status in {200, 400, 403, 404, 409, 422}
    latest = witness.latest(LOG.name)
    assert latest is not None
    assert latest.size == 5
