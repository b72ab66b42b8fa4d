"""The attested state: every way in which what runs could differ from the ledger is named."""

from collections.abc import Collection, Mapping

import pytest
from msgspec import structs

from plainview.errors import LedgerLie
from plainview.governance.attest import (
    RunningCamera,
    State,
    contradictions,
    read_state,
    sign_state,
)
from plainview.governance.standing import Standing, fold
from plainview.ledger.entry import Detail, Entry, EntryKind
from plainview.ledger.note import Signer

K = EntryKind
KEY = Signer.generate("state.test")
VIEW, PERMIT = "f" * 64, "d" * 64


def entry(kind: EntryKind, subject: str, **detail: Detail) -> Entry:
    """An entry at one millisecond."""
    return Entry(1, kind, subject, detail=dict(detail))


HONEST = (
    entry(K.SOFTWARE_CHANGED, "city", software="0.2.0"),
    entry(K.CONFIGURATION_CHANGED, "city", configuration="c"),
    entry(K.CAMERA_REGISTERED, "camera:a", site="plaza", fingerprint=VIEW),
    entry(K.PERMIT_GRANTED, "permit:p@1", permit=PERMIT, assessment="x", begins=0, ends=1000),
    entry(
        K.CAMERA_STARTED,
        "camera:a",
        permit=PERMIT,
        fingerprint=VIEW,
        capabilities=["count", "flow"],
        software="0.2.0",
    ),
)
RUNS = RunningCamera(("count", "flow"), PERMIT, VIEW, 4)
STATE = State(500, "ab", "test", 5, "00", "0.2.0", "c", {"a": RUNS})
SHOWN = {"a": ("count", "flow")}


def standing(*more: Entry) -> Standing:
    """The honest ledger, and more."""
    return fold(enumerate((*HONEST, *more)))


def test_the_truth_is_not_contradicted() -> None:
    """What runs, the ledger and the register say the same."""
    assert contradictions(STATE, standing(), SHOWN) == []


LIES: dict[str, tuple[State, tuple[Entry, ...], Mapping[str, Collection[str]]]] = {
    "no start": (structs.replace(STATE, running={"a": RUNS, "b": RUNS}), (), SHOWN),
    "has no end": (structs.replace(STATE, running={}), (), {}),
    "another permit or view": (
        structs.replace(STATE, running={"a": structs.replace(RUNS, index=3)}),
        (),
        SHOWN,
    ),
    "never granted": (
        structs.replace(STATE, running={"a": structs.replace(RUNS, permit="e" * 64)}),
        (),
        SHOWN,
    ),
    "not in force": (structs.replace(STATE, t=1000), (), SHOWN),
    "revoked": (STATE, (entry(K.PERMIT_REVOKED, "permit:p@1"),), SHOWN),
    "suspended": (STATE, (entry(K.PERMIT_SUSPENDED, "camera:a", reason="moved"),), SHOWN),
    "stop switch of city": (STATE, (entry(K.STOP_PRESSED, "city"),), SHOWN),
    "stop switch of site:plaza": (STATE, (entry(K.STOP_PRESSED, "site:plaza"),), SHOWN),
    "is not registered": (STATE, (entry(K.CAMERA_REMOVED, "camera:a"),), SHOWN),
    "another view than the one registered": (
        STATE,
        (entry(K.CAMERA_MOVED, "camera:a", site="plaza", fingerprint="0" * 64),),
        SHOWN,
    ),
    "which its start in the ledger has not": (
        structs.replace(STATE, running={"a": structs.replace(RUNS, capabilities=("record",))}),
        (),
        {"a": ("record",)},
    ),
    "register hides": (STATE, (), {"a": ("count",)}),
    "registered as running, but does not": (STATE, (), {**SHOWN, "b": ("count",)}),
    "last version": (structs.replace(STATE, software="0.3.0"), (), SHOWN),
    "configuration": (structs.replace(STATE, configuration="z"), (), SHOWN),
    "speaks of": (structs.replace(STATE, size=4), (), SHOWN),
}


@pytest.mark.parametrize("lie", LIES)
def test_every_lie_is_named(lie: str) -> None:
    """Each way in which the state could differ gives the line that tells of it."""
    state, more, shown = LIES[lie]
    state = structs.replace(state, size=state.size + len(more))
    found = contradictions(state, standing(*more), shown)
    assert any(lie in line for line in found), found


def test_a_state_is_what_was_signed_for_this_question() -> None:
    """An old answer, another key's and a changed one are refused."""
    note = sign_state(STATE, KEY)
    assert read_state(note, KEY.verifier, nonce="ab") == STATE
    with pytest.raises(LedgerLie, match="old answer"):
        read_state(note, KEY.verifier, nonce="cd")
    with pytest.raises(LedgerLie):
        read_state(note, Signer.generate("state.test").verifier)
    with pytest.raises(LedgerLie):
        read_state(note.replace('"t":500', '"t":501'), KEY.verifier)
