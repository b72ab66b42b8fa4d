import contextlib
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger.test_asking import LIARS
from tests.servers.liars import serve

from plainview.app.witnessing import LONGEST, RENEWAL, WitnessAsker, WitnessState
from plainview.clock import ManualClock, SystemClock
from plainview.ledger.asking import Asked, ask_witnesses
from plainview.ledger.cosignature import ED25519, Cosigner, cosigned_at
from plainview.ledger.entry import Entry, EntryKind
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signature, Verifier, add_signatures, split_note
from plainview.ledger.policy import PolicyGroup, PolicyWitness, QuorumPolicy
from plainview.ledger.witness import Witness
from plainview.web.server import Served, bind
from plainview.web.witness import WitnessApplication

ENTRY = Entry(1_700_000_000_000, EntryKind.CONFIGURATION_CHANGED, "city")
KEYS = [Cosigner(f"w{n}.example", ED25519, bytes([n] * 32)) for n in range(3)]


@pytest.fixture
def clock() -> ManualClock:
    """Time that moves when told."""
    return ManualClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: ManualClock) -> Iterator[Ledger]:
    """A new ledger."""
    with Ledger(tmp_path / "state", clock=clock, origin="log.example/one") as ledger:
        yield ledger


@contextlib.contextmanager
def witness(state: Path, ledger: Ledger, clock: ManualClock, key: Cosigner) -> Iterator[str]:
    """A real witness of `ledger`; its address."""
    verifier = Verifier.from_vkey(ledger.vkey)
    with (
        Witness(state, cosigners=[key], logs=[verifier], clock=clock) as own,
        Served(WitnessApplication(own, (ledger.origin,)), bind(port=0)) as served,
    ):
        yield served.url


def asker(ledger: Ledger, clock: ManualClock, urls: list[str], need: int = 1) -> WitnessAsker:
    """Asks the witnesses at `urls`, which have KEYS in order."""
    witnesses = tuple(
        PolicyWitness(key.name, (key.verifier,), url) for key, url in zip(KEYS, urls, strict=False)
    )
    policy = QuorumPolicy(witnesses, PolicyGroup("quorum", need, witnesses))
    return WitnessAsker(ledger, Verifier.from_vkey(ledger.vkey), policy, clock=clock, seconds=1.0)


def cosigners(ledger: Ledger) -> list[str]:
    """Who signed the published checkpoint, in order."""
    return [signature.name for signature in split_note(ledger.checkpoint())[1]]


def test_each_new_checkpoint_is_cosigned(
    tmp_path: Path, ledger: Ledger, clock: ManualClock
) -> None:
    """By every witness, once; asked again only when the ledger has grown."""
    with (
        witness(tmp_path / "0", ledger, clock, KEYS[0]) as one,
        witness(tmp_path / "1", ledger, clock, KEYS[1]) as two,
    ):
        asking = asker(ledger, clock, [one, two], need=2)
        for size in range(1, 5):
            assert asking.round() == 2
            assert cosigners(ledger) == [ledger.origin, "w0.example", "w1.example"]
            assert asking.stats()["witness_quorum_size"] == size
            assert asking.round() == 0
            ledger.append([ENTRY])
            assert cosigners(ledger) == [ledger.origin]
        assert asking.stats()["witness_asked"] == 8


def test_what_fails_is_counted_told_and_left_alone_for_a_while(
    tmp_path: Path, ledger: Ledger, clock: ManualClock
) -> None:
    """A lying and a dead witness beside a good one: the good one's word is published."""
    with (
        serve(LIARS["a larger size"][0]) as liar,
        witness(tmp_path / "1", ledger, clock, KEYS[1]) as good,
    ):
        asking = asker(ledger, clock, [f"http://127.0.0.1:{liar}", good, "http://127.0.0.1:1"])
        assert asking.round() == 1
        assert cosigners(ledger) == [ledger.origin, "w1.example"]
        lying, fine, dead = asking.states()
        assert (lying.failed, lying.lies, fine.cosigned, dead.failed, dead.lies) == (1, 1, 1, 1, 0)
        assert "rolled back" in lying.error
        assert asking.round() == 0
        assert asking.stats()["witness_asked"] == 3
        waited: list[float] = []
        for _ in range(12):
            before = clock.monotonic()
            while asking.states()[2].failed == len(waited) + 1:
                clock.advance(1.0)
                asking.round()
            waited.append(clock.monotonic() - before)
        assert waited[:4] == [2.0, 4.0, 8.0, 16.0]
        assert max(waited) == LONGEST
        assert asking.states()[1] == fine


def test_a_witness_that_was_away_catches_up(
    tmp_path: Path, ledger: Ledger, clock: ManualClock
) -> None:
    """Back after many entries, it cosigns all of them at once."""
    with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
        asker(ledger, clock, [url]).round()
    ledger.append([ENTRY] * 300)
    with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
        asking = asker(ledger, clock, [url])
        assert asking.round() == 1
        assert asking.states()[0].size == 301


def test_a_ledger_that_was_put_back_gets_no_cosignature(tmp_path: Path, clock: ManualClock) -> None:
    """A state folder restored from an old copy is the same log, smaller: the witness remembers."""
    with Ledger(tmp_path / "now", clock=clock, origin="log.example/one") as ledger:
        ledger.append([ENTRY] * 3)
    shutil.copytree(tmp_path / "now", tmp_path / "copy")
    with Ledger(tmp_path / "now", clock=clock) as ledger:
        ledger.append([ENTRY] * 5)
        with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
            assert asker(ledger, clock, [url]).round() == 1
            with Ledger(tmp_path / "copy", clock=clock) as old:
                asking = asker(old, clock, [url])
                assert asking.round() == 0
                assert "rolled back" in asking.states()[0].error
                old.append([Entry(0, EntryKind.CAMERA_REMOVED, "camera:x")] * 9)
                clock.advance(10)
                assert asking.round() == 0
                assert "forked" in asking.states()[0].error
                assert asking.stats()["witness_lies"] == 2
                assert cosigners(old) == [old.origin]


def test_a_cosignature_is_renewed(tmp_path: Path, ledger: Ledger, clock: ManualClock) -> None:
    """Even if nothing happens, its time shows that the ledger is watched; it stays one line."""
    with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
        asking = asker(ledger, clock, [url])
        asking.round()
        clock.advance(RENEWAL + 1)
        assert asking.round() == 1
        (_, renewed) = split_note(ledger.checkpoint())[1]
        assert cosigned_at(renewed.signature) == int(clock.utc())


def test_a_false_line_in_the_checkpoint_is_replaced(
    tmp_path: Path, ledger: Ledger, clock: ManualClock
) -> None:
    """Whatever stood there under a witness's name, what is published in the end verifies."""
    key = KEYS[0].verifier
    false = Signature(key.name, key.key_id, bytes(72)).line
    ledger.publish_cosigned(add_signatures(ledger.checkpoint(), [false]))
    with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
        asking = asker(ledger, clock, [url])
        assert asking.round() == 1
        assert cosigners(ledger) == [ledger.origin, key.name]
        assert asking.stats()["witness_quorum_size"] == 1


def test_what_grew_meanwhile_is_asked_again(
    tmp_path: Path, ledger: Ledger, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cosignature that comes too late is not published over a newer checkpoint."""

    def slow(*arguments: Any, **more: Any) -> list[Asked]:  # noqa: ANN401 - passed through
        asked = ask_witnesses(*arguments, **more)
        ledger.append([ENTRY])
        return asked

    with witness(tmp_path / "0", ledger, clock, KEYS[0]) as url:
        asking = asker(ledger, clock, [url])
        with monkeypatch.context() as patched:
            patched.setattr("plainview.app.witnessing.ask_witnesses", slow)
            assert asking.round() == 0
        assert cosigners(ledger) == [ledger.origin]
        assert asking.round() == 1
        assert asking.states()[0].size == 2


def test_the_thread_asks_by_itself_and_stops(tmp_path: Path) -> None:
    """Started, it has the checkpoint cosigned; an append never waits for it; closed, it is gone."""
    clock = SystemClock()
    with Ledger(tmp_path / "state", clock=clock, origin="log.example/one") as ledger:
        verifier = Verifier.from_vkey(ledger.vkey)
        with (
            Witness(tmp_path / "0", cosigners=[KEYS[0]], logs=[verifier], clock=clock) as own,
            Served(WitnessApplication(own, (ledger.origin,)), bind(port=0)) as served,
        ):
            policy = QuorumPolicy((PolicyWitness("w", (KEYS[0].verifier,), served.url),))
            with WitnessAsker(ledger, verifier, policy, clock=clock, pause=0.01) as asking:
                ledger.append([ENTRY] * 10)
                done = threading.Event()
                while not done.wait(0.01):
                    if asking.states()[0].size == 11 and len(cosigners(ledger)) == 2:
                        done.set()
        assert not any(thread.name == "witnesses" for thread in threading.enumerate())


def test_with_nobody_to_ask_nothing_runs(ledger: Ledger, clock: ManualClock) -> None:
    """No witnesses, no thread; closing what never began is fine."""
    policy = QuorumPolicy((PolicyWitness("w", (KEYS[0].verifier,)),))
    with WitnessAsker(ledger, Verifier.from_vkey(ledger.vkey), policy, clock=clock) as asking:
        assert asking.states() == []
        assert asking.round() == 0
        assert WitnessState("w").size == 0
