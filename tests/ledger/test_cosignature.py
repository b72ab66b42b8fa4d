from pathlib import Path

import pytest

from plainview.errors import InputError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint
from plainview.ledger.cosignature import (
    ED25519,
    LATEST,
    ML_DSA_44,
    CosignatureVerifier,
    Cosigner,
    cosigned_at,
)
from plainview.ledger.note import (
    Signature,
    Signer,
    Verifier,
    add_signatures,
    join_vkey,
    open_note,
    sign_note,
    split_note,
)

REAL = Path(__file__).parent / "real"
REAL_LOG = Verifier.from_vkey(
    "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
)
REAL_WITNESS = CosignatureVerifier.from_vkey(
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
)
LOG = Signer("log.example/one", bytes(range(32)))
TEXT = Checkpoint(LOG.name, 7, bytes(range(32))).text()
KINDS = pytest.mark.parametrize("kind", [ED25519, ML_DSA_44])


def test_a_real_ed25519_cosignature_verifies() -> None:
    """A witness and a log that we did not write are understood as they mean it."""
    note = open_note((REAL / "arche2025h1.txt").read_text(), [REAL_LOG, REAL_WITNESS])
    assert note.verified == (REAL_LOG.name, REAL_WITNESS.name)
    stamped = next(s for v, s in note.signatures if v is REAL_WITNESS)
    assert cosigned_at(stamped.signature) == 1779573024


def test_a_real_ml_dsa_44_cosignature_verifies() -> None:
    """A post-quantum witness that we did not write is understood as it means it."""
    witness = CosignatureVerifier.from_vkey((REAL / "navigli.vkey").read_text())
    assert witness.kind == ML_DSA_44
    text = (REAL / "coachandhorses2026h1.txt").read_text()
    assert open_note(text, [witness]).by == (witness,)
    with pytest.raises(LedgerLie, match="does not verify"):
        open_note(text.replace("185550722", "185550723"), [witness])


@KINDS
def test_what_is_cosigned_verifies_and_nothing_else(kind: int) -> None:
    """Another checkpoint, time, name, key or kind: not this cosignature."""
    cosigner = Cosigner(LOG.name + "/w", kind, bytes(32))
    line = cosigner.cosign(TEXT, 1_700_000_000)
    note = add_signatures(sign_note(TEXT, LOG), [line])
    assert open_note(note, [cosigner.verifier]).by == (cosigner.verifier,)
    (_, signature) = split_note(note)[1]
    stamped = signature.signature
    assert cosigned_at(stamped) == 1_700_000_000
    verifier = cosigner.verifier
    assert verifier.verify(TEXT, stamped)
    assert not verifier.verify(TEXT.replace("\n7\n", "\n8\n"), stamped)
    assert not verifier.verify(TEXT.replace("one", "two"), stamped)
    later = (1_700_000_001).to_bytes(8, "big") + stamped[8:]
    assert not verifier.verify(TEXT, later)
    assert not Cosigner(verifier.name, kind, bytes([1] * 32)).verifier.verify(TEXT, stamped)
    for cut in (b"", stamped[:8], stamped[:-1], stamped + b"x", bytes(len(stamped))):
        assert not verifier.verify(TEXT, cut)
    assert not verifier.verify("not a checkpoint\n", stamped)


def test_ml_dsa_commits_to_the_name_of_the_witness() -> None:
    """The same ML-DSA-44 key under another name has not signed."""
    one = Cosigner("w.example/one", ML_DSA_44, bytes(32))
    (signature,) = split_note("x\n\n" + one.cosign(TEXT, 5))[1]
    other = CosignatureVerifier("w.example/two", ML_DSA_44, one.verifier.public)
    assert one.verifier.verify(TEXT, signature.signature)
    assert not other.verify(TEXT, signature.signature)


def test_a_note_signature_is_no_cosignature() -> None:
    """The log's own key, used for a note, cannot be passed off as a witness's word."""
    witness = CosignatureVerifier("w.example", ED25519, LOG.verifier.public)
    (signature,) = split_note(sign_note(TEXT, LOG))[1]
    assert not witness.verify(TEXT, bytes(8) + signature.signature)
    passed_off = Signature(witness.name, witness.key_id, bytes(8) + signature.signature).line
    with pytest.raises(LedgerLie):
        open_note(add_signatures(sign_note(TEXT, LOG), [passed_off]), [witness])


@KINDS
def test_keys_are_written_and_read(kind: int) -> None:
    """Private and public keys come back from their text; the secret is never shown."""
    cosigner = Cosigner.generate("w.example/one", kind)
    assert Cosigner.from_text(cosigner.text()) == cosigner
    assert CosignatureVerifier.from_vkey(cosigner.vkey) == cosigner.verifier
    assert cosigner.seed.hex() not in repr(cosigner)
    assert repr(cosigner.seed) not in repr(cosigner)
    with pytest.raises(InputError):
        Cosigner.from_text(cosigner.text().replace("one", "two"))


@pytest.mark.parametrize(
    "vkey",
    [
        LOG.vkey,
        join_vkey("w.example", 5, bytes(32)),
        join_vkey("w.example", ED25519, bytes(31)),
        join_vkey("w.example", ML_DSA_44, bytes(32)),
        "w.example",
    ],
)
def test_a_key_that_is_no_witness_key_is_refused(vkey: str) -> None:
    """A log's key, an unknown type or a key of the wrong length is wrong input."""
    with pytest.raises(InputError):
        CosignatureVerifier.from_vkey(vkey)


def test_a_private_key_of_a_log_is_no_witness_key() -> None:
    """One key must not serve both."""
    with pytest.raises(InputError):
        Cosigner.from_text(LOG.text())


@KINDS
def test_time_has_its_bounds(kind: int) -> None:
    """No time before 1970 and none past 2**63 - 1 is signed or believed."""
    cosigner = Cosigner("w.example", kind, bytes(32))
    for t in (-1, LATEST + 1):
        with pytest.raises(ValueError, match="cannot state"):
            cosigner.cosign(TEXT, t)
    (signature,) = split_note("x\n\n" + cosigner.cosign(TEXT, LATEST))[1]
    assert cosigner.verifier.verify(TEXT, signature.signature)
    assert not cosigner.verifier.verify(TEXT, b"\xff" * 8 + signature.signature[8:])


@KINDS
def test_only_a_checkpoint_is_cosigned(kind: int) -> None:
    """A witness's key signs nothing else."""
    with pytest.raises(LedgerLie):
        Cosigner("w.example", kind, bytes(32)).cosign("anything\n", 1)


def test_an_origin_too_long_for_ml_dsa_is_not_cosigned() -> None:
    """Its message counts the origin's bytes in one byte."""
    long = Checkpoint("o" * 256, 7, bytes(32)).text()
    with pytest.raises(LedgerLie):
        Cosigner("w.example", ML_DSA_44, bytes(32)).cosign(long, 1)
    assert Cosigner("w.example", ED25519, bytes(32)).cosign(long, 1)
