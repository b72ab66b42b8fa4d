import contextlib
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import structs
from tests.app.conftest import PATIENCE, Running, Start
from tests.app.machine import CAMERAS, Machine, served
from tests.ledger.grown import leaves, request

from plainview.app.witness import run_witness
from plainview.cli import execute
from plainview.clock import ManualClock
from plainview.errors import LedgerError
from plainview.governance.attest import State
from plainview.governance.person import Person, Role
from plainview.ledger.cosignature import ED25519, Cosigner
from plainview.ledger.entry import EntryKind
from plainview.ledger.note import Signer, add_signatures, split_note


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """An honest machine with two running cameras."""
    machine = Machine(tmp_path / "state")
    yield machine
    machine.close()


Out = pytest.CaptureFixture[str]


def say(capsys: Out, *arguments: str | Path) -> tuple[int, list[str]]:
    """Exit code and lines of one `plainview ledger` command; its error's line is last."""
    code = execute(["ledger", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, [*out.splitlines(), *err.splitlines()]


def lies(lines: list[str]) -> list[str]:
    """The lies told."""
    return [line for line in lines if line.startswith("LIE: ")]


# --- verify ----------------------------------------------------------------------------------


def test_an_honest_machine_holds(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """By its address, its ledger's address and its folder; what was checked is said."""
    remember = tmp_path / "remembered"
    with served(machine) as url:
        for where in (url, f"{url}/", f"{url}/ledger", f"{url}/ledger/"):
            code, lines = say(
                capsys, "verify", where, "--key", machine.vkey, "--remember", remember
            )
            assert code == 0, lines
            assert "All held: no lie was found." in lines
            assert any("what runs now, against" in line for line in lines)
            assert any("register's 2 cameras" in line for line in lines)
    assert remember.read_text() == machine.office.ledger.checkpoint()
    for folder in (tmp_path / "state", tmp_path / "state/ledger"):
        code, lines = say(capsys, "verify", folder, "--key", machine.vkey)
        assert code == 0
        assert any(line.startswith("not checked: what runs now") for line in lines)
        assert any(line.startswith("not checked: whether it was rolled back") for line in lines)
        assert any(line.startswith("checked: the root derived again") for line in lines)


def test_a_ledger_that_grew_still_begins_with_what_was_remembered(
    machine: Machine, tmp_path: Path, capsys: Out
) -> None:
    """Visit after visit the file is brought up to date; a rollback and a fork are told."""
    remember, folder = tmp_path / "remembered", tmp_path / "state/ledger"
    arguments = ("verify", folder, "--key", machine.vkey, "--remember", remember)
    old = tmp_path / "old"
    shutil.copytree(folder, old)
    for _ in range(3):
        assert say(capsys, *arguments)[0] == 0
        machine.office.record(machine.office.entry(EntryKind.STATISTICS_RELEASED, "city"))
    assert say(capsys, *arguments)[0] == 0
    seen = remember.read_text()
    code, lines = say(capsys, "verify", old, "--key", machine.vkey, "--remember", remember)
    assert code == 1
    assert "rolled back" in lies(lines)[0]
    assert remember.read_text() == seen
    forged = Signer.generate(machine.office.ledger.origin)
    code, lines = say(capsys, "verify", folder, "--key", forged.vkey)
    assert code == 1
    assert "1 lie was found." in lines


def changed(**fields: Any) -> Callable[[State], State]:  # noqa: ANN401 - fields of any type
    """A lie in the state."""
    return lambda state: structs.replace(state, **fields)


def more(camera: str, **fields: Any) -> Callable[[State], State]:  # noqa: ANN401 - of any type
    """A lie about one running camera."""

    def lie(state: State) -> State:
        one = structs.replace(state.running[camera], **fields)
        return structs.replace(state, running={**state.running, camera: one})

    return lie


def shown(change: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A lie in the register."""

    def lie(register: dict[str, Any]) -> dict[str, Any]:
        change(register)
        return register

    return lie


STATES = {
    "another version": (changed(software="9.9.9"), "9.9.9"),
    "another configuration": (changed(configuration="d" * 64), "configuration"),
    "another ledger": (changed(origin="other"), "of the ledger other"),
    "an old answer": (changed(nonce="00"), "old answer"),
    "yesterday": (lambda s: structs.replace(s, t=s.t - 86_400_000), "from now"),
    "a fork": (changed(root="00" * 32), "forked"),
    "entries that are not there": (changed(size=10_000), "rolled back"),
    "a hidden past": (lambda s: structs.replace(s, size=s.size - 1), "forked"),
    "a capability more": (more("plaza-1", capabilities=("crowd", "scene")), "does scene"),
    "another permit": (more("plaza-1", permit="d" * 64), "never granted"),
    "another view": (more("plaza-1", fingerprint="d" * 64), "another"),
    "another start": (more("plaza-1", index=0), "than the ledger's entry"),
    "a camera that does not run": (lambda s: structs.replace(s, running={}), "does not run"),
    "a camera nobody knows": (
        lambda s: structs.replace(s, running={**s.running, "secret": s.running["plaza-1"]}),
        "secret runs, but",
    ),
}


@pytest.mark.parametrize("lie", STATES)
def test_a_state_that_lies_is_found(machine: Machine, capsys: Out, lie: str) -> None:
    """Whatever the running program says that the ledger does not: told, and exit 1."""
    machine.state, words = STATES[lie]
    with served(machine) as url:
        code, lines = say(capsys, "verify", url, "--key", machine.vkey)
    assert code == 1
    assert any(words in line for line in lies(lines)), lines


REGISTERS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "hides a camera": (lambda r: r["cameras"].pop(0), "hides camera plaza-1"),
    "hides that one runs": (
        lambda r: [c.update(running=False) for c in r["cameras"][0]["capabilities"]],
        "public register hides",
    ),
    "hides a capability": (lambda r: r["cameras"][0]["capabilities"].pop(), "hides"),
    "shows one that is not there": (
        lambda r: r["cameras"].append(
            {"id": "x", "capabilities": [{"name": "crowd", "running": True}]}
        ),
        "x is registered as running",
    ),
    "claims a permit": (
        lambda r: r["cameras"][0].update(
            permit="y@1", capabilities=[{"name": "crowd", "running": True, "permitted": True}]
        ),
        "permitted by y@1",
    ),
    "is of another ledger": (lambda r: r.update(origin="other"), "of the ledger other"),
    "says another version": (lambda r: r.update(software="9"), "the register says Plainview 9"),
}


@pytest.mark.parametrize("lie", REGISTERS)
def test_a_register_that_lies_is_found(machine: Machine, capsys: Out, lie: str) -> None:
    """Whatever the public is told that neither ledger nor running program bear out."""
    change, words = REGISTERS[lie]
    machine.register = shown(change)
    with served(machine) as url:
        code, lines = say(capsys, "verify", url, "--key", machine.vkey)
    assert code == 1
    assert any(words in line for line in lies(lines)), lines


def test_what_runs_although_it_was_stopped_is_found(machine: Machine, capsys: Out) -> None:
    """Revoked, suspended, stopped, moved or ended in the ledger: it must not run any more."""
    for kind, subject, words in (
        (EntryKind.STOP_PRESSED, "site:plaza", "stop switch"),
        (EntryKind.CAMERA_REMOVED, "camera:plaza-1", "not registered"),
        (EntryKind.PERMIT_REVOKED, "permit:plaza@1", "revoked"),
        (EntryKind.CAMERA_STOPPED, "camera:plaza-2", "no start of it"),
    ):
        machine.office.record(machine.office.entry(kind, subject, why="w"))
        with served(machine) as url:
            code, lines = say(capsys, "verify", url, "--key", machine.vkey)
        assert code == 1
        assert any(words in line for line in lies(lines)), lines


def test_a_state_of_another_key_is_found(machine: Machine, capsys: Out) -> None:
    """Only the key that the ledger names for it may say what runs."""
    machine.signer = Signer.generate(machine.office.state_key.name)
    with served(machine) as url:
        code, lines = say(capsys, "verify", url, "--key", machine.vkey)
    assert code == 1
    assert "what is said to run" in lies(lines)[0]


def test_a_machine_that_will_not_say_what_runs_is_told(machine: Machine, capsys: Out) -> None:
    """Silence, nonsense and floods are no proof; a mere copy of the log says so itself."""

    def silent(_: str) -> str:
        raise LedgerError("no")

    answers: list[Callable[[str], str]] = [
        silent,
        lambda _: "nonsense",
        lambda note: note.replace("plainview.state/v1", "plainview.other/v1"),
        lambda note: note.replace('"size":', '"sizes":'),
        lambda note: "x" * 5_000_000 + note,
    ]
    for machine.note in answers:
        with served(machine) as url:
            code, lines = say(capsys, "verify", url, "--key", machine.vkey)
            assert code == 1
            assert len(lies(lines)) == 1, lines
            assert say(capsys, "verify", url, "--key", machine.vkey, "--log-only")[0] == 0


def test_what_a_liar_says_does_not_steer_the_terminal(machine: Machine, capsys: Out) -> None:
    """Control signs, old and new, and reversed text come out as question marks."""
    nasty = "x\x1b[2Jy\x9b1mz\u202e"
    machine.state = lambda s: structs.replace(s, running={**s.running, nasty: s.running["plaza-1"]})
    machine.register = shown(lambda r: r["cameras"][0].update(id=nasty))
    with served(machine) as url:
        code, lines = say(capsys, "verify", url, "--key", machine.vkey)
    assert code == 1
    assert any("x?[2Jy?1mz?" in line for line in lies(lines))
    assert all(line.isprintable() for line in lines)


def test_state_and_register_of_different_moments_are_asked_for_again(
    machine: Machine, capsys: Out
) -> None:
    """Something recorded between the two questions is no lie."""
    real, moved = machine.registered, iter([True, True, False, False])

    def busy() -> bytes:
        if next(moved):
            machine.office.record(machine.office.entry(EntryKind.STATISTICS_RELEASED, "city"))
        return real()

    machine.registered = busy  # type: ignore[method-assign]  # a busy machine
    with served(machine) as url:
        assert say(capsys, "verify", url, "--key", machine.vkey)[0] == 0
    assert machine.asked.count("/api/v1/attestation") == 3


def test_a_copy_is_compared_with_the_machine(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """A mirror's folder can be checked against what runs elsewhere."""
    with served(machine) as url:
        folder = tmp_path / "state/ledger"
        arguments = ("verify", folder, "--key", machine.vkey, "--state-url", url)
        assert say(capsys, *arguments)[0] == 0
        machine.state = changed(software="9")
        assert say(capsys, *arguments)[0] == 1


def test_witnesses_that_are_asked_for_must_have_cosigned(
    machine: Machine, tmp_path: Path, capsys: Out
) -> None:
    """By key and quorum, or by a policy file."""
    keys = [Cosigner(f"w{n}.example", ED25519, bytes([n] * 32)) for n in range(2)]
    folder = tmp_path / "state/ledger"
    base = ("verify", folder, "--key", machine.vkey)
    both = ("--witness", keys[0].vkey, "--witness", keys[1].vkey)
    policy = tmp_path / "policy"
    policy.write_text(
        f"witness a {keys[0].vkey}\nwitness b {keys[1].vkey}\ngroup g any a b\nquorum g\n"
    )
    assert say(capsys, *base, *both)[0] == 1
    ledger = machine.office.ledger
    text, _ = split_note(ledger.checkpoint())
    ledger.publish_cosigned(add_signatures(ledger.checkpoint(), [keys[1].cosign(text, 1)]))
    assert say(capsys, *base, *both)[0] == 1
    assert say(capsys, *base, *both, "--quorum", "1")[0] == 0
    code, lines = say(capsys, *base, "--policy", policy)
    assert code == 0
    assert any("cosigned by: w1.example" in line for line in lines)
    assert say(capsys, *base, *both, "--policy", policy)[0] == 2
    assert say(capsys, *base, "--quorum", "1")[0] == 2
    assert say(capsys, *base, *both, "--quorum", "3")[0] == 2
    policy.write_text("quorum x\n")
    assert say(capsys, *base, "--policy", policy)[0] == 2


def test_wrong_input_to_verify_is_told(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """Exit 2 and one line: no ledger there, no key, a remembered file that is something else."""
    folder = tmp_path / "state/ledger"
    for arguments in (
        ("verify", tmp_path, "--key", machine.vkey),
        ("verify", tmp_path / "nowhere", "--key", machine.vkey),
        ("verify", folder, "--key", "x"),
        ("verify", folder),
    ):
        code, lines = say(capsys, *arguments)
        assert code == 2
        assert len(lines) == 1
    other = tmp_path / "other"
    other.write_text("something else")
    code, lines = say(capsys, "verify", folder, "--key", machine.vkey, "--remember", other)
    assert code == 1
    assert "remembered" in lines[0]
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        code, lines = say(capsys, "verify", url, "--key", machine.vkey)
    assert code == 1
    assert "cannot be read" in lines[-1]


# --- prove, check-proof, show, key -----------------------------------------------------------


def test_an_entry_is_proven_and_checked_offline(
    machine: Machine, tmp_path: Path, capsys: Out
) -> None:
    """From state folder or address; the proof holds for this entry, key and log only."""
    proof, entry = tmp_path / "5.tlog-proof", tmp_path / "5.json"
    state = tmp_path / "state"
    with served(machine) as url:
        for source in (("--state", state), ("--from", url)):
            code, lines = say(capsys, "prove", "5", *source, "--out", proof, "--entry", entry)
            assert code == 0, lines
            check = ("check-proof", proof, "--entry", entry)
            code, lines = say(capsys, *check, "--key", machine.vkey)
            assert code == 0
            assert lines[0].startswith("held: this is entry 5 of the")
            assert "camera registered  camera:plaza-2" in lines[1]
    assert say(capsys, "prove", "5", "--state", state)[1] == proof.read_text().splitlines()
    forged = Signer.generate(machine.office.ledger.origin)
    assert say(capsys, *check, "--key", forged.vkey)[0] == 1
    witness = Cosigner("w.example", ED25519, bytes(32)).vkey
    assert say(capsys, *check, "--key", machine.vkey, "--witness", witness)[0] == 1
    entry.write_text(entry.read_text() + "\n")
    assert say(capsys, *check, "--key", machine.vkey)[0] == 0
    cosigner = Cosigner("w.example", ED25519, bytes(32))
    text = proof.read_text()
    head = split_note(text.partition("\n\n")[2])[0]
    proof.write_text(text + cosigner.cosign(head, 1))
    code, lines = say(capsys, *check, "--key", machine.vkey, "--witness", witness)
    assert code == 0
    assert "held: cosigned by 1 of 1: w.example" in lines[1]
    entry.write_text(entry.read_text().replace("plaza-2", "plaza-3"))
    code, lines = say(capsys, *check, "--key", machine.vkey)
    assert code == 1
    assert len(lines) == 1
    assert say(capsys, "prove", "500", "--state", state)[0] == 2
    assert say(capsys, "check-proof", tmp_path / "no", "--entry", entry, "--key", "x")[0] == 2


def test_a_changed_tile_proves_nothing(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """What the signed root does not bear out is not given as a proof."""
    size = machine.office.ledger.size
    tile = tmp_path / f"state/ledger/tile/0/000.p/{size}"
    data = bytearray(tile.read_bytes())
    data[0] ^= 1
    tile.write_bytes(data)
    assert say(capsys, "prove", "5", "--state", tmp_path / "state")[0] == 1


def test_entries_are_shown_in_words(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """All, since a date, of a kind, the last ones; a misspelt kind finds its nearest."""
    state = ("--state", tmp_path / "state")
    code, every = say(capsys, "show", *state)
    assert code == 0
    assert len(every) == machine.office.ledger.size
    assert "ledger opened  city" in every[0]
    assert "capabilities crowd, flow" in every[-1]
    assert say(capsys, "show", *state, "--last", "2")[1] == every[-2:]
    started = say(capsys, "show", *state, "--kind", "camera-started")[1]
    assert started == every[-2:]
    assert say(capsys, "show", *state, "--since", "2000-01-01")[1] == every
    assert say(capsys, "show", *state, "--since", "2100-01-01T10:00")[1] == []
    assert say(capsys, "show", *state, "--since", "soon")[0] == 2
    code, lines = say(capsys, "show", *state, "--kind", "camera-start")
    assert code == 2
    assert "camera-started" in lines[0]


def test_the_key_is_printed(machine: Machine, tmp_path: Path, capsys: Out) -> None:
    """One line, to be published; wrong input where there is no ledger."""
    assert say(capsys, "key", "--state", tmp_path / "state") == (0, [machine.vkey])
    assert say(capsys, "key", "--state", tmp_path)[0] == 2
    assert say(capsys, "key", "--state", tmp_path / "nowhere")[0] == 2


# --- open, erase -----------------------------------------------------------------------------


def test_a_commitment_is_opened_to_an_auditor_and_erased(
    machine: Machine, tmp_path: Path, capsys: Out
) -> None:
    """Each is recorded before it happens; after erasing, nobody can tell, and the log holds."""
    office = machine.office
    entry = office.entry(EntryKind.STOP_PRESSED, "city", Person("Ada Wong", Role.OPERATOR))
    office.record(entry)
    state = ("--state", tmp_path / "state")
    said = ("--name", "Bo Lam", "--why", "audit of 2026")
    code, lines = say(capsys, "open", entry.who, *said, *state)
    assert code == 0
    assert lines[0] == "Ada Wong"
    assert "held" in lines[-1]
    (access,) = say(capsys, "show", *state, "--last", "1")[1]
    assert f"data accessed  commitment:{entry.who} by commissioner" in access
    assert "audit of 2026" in access
    assert "Bo" not in access
    size = office.refresh() and office.ledger.size
    for bad in ("x", "0" * 64, entry.who.upper()):
        assert say(capsys, "open", bad, *said, *state)[0] == 2
        assert say(capsys, "erase", bad, *said, *state)[0] == 2
    assert say(capsys, "open", entry.who, "--name", " ", "--why", "w", *state)[0] == 2
    assert office.ledger.refresh() == size
    code, lines = say(capsys, "erase", entry.who, *said, *state)
    assert code == 0
    assert f"ledger entry {size}" in lines[0]
    assert "retention executed" in say(capsys, "show", *state, "--last", "1")[1][0]
    assert say(capsys, "open", entry.who, *said, *state)[0] == 2
    assert b"Ada Wong" not in (tmp_path / "state/ledger-private/openings.db").read_bytes()
    assert say(capsys, "verify", tmp_path / "state", "--key", machine.vkey)[0] == 0


# --- witness ---------------------------------------------------------------------------------


def run(tmp_path: Path, said: list[str], **more: Any) -> tuple[threading.Event, threading.Thread]:  # noqa: ANN401 - options
    """A witness in a thread; what stops it."""
    stop, up = threading.Event(), threading.Event()

    def hear(line: str) -> None:
        said.append(line)
        if line.startswith("watching"):
            up.set()

    options = {
        "logs": [Signer("log.example/one", bytes(range(32))).vkey],
        "state": tmp_path / "w",
        "name": None,
        "signs": "both",
        "host": "127.0.0.1",
        "port": 0,
        "clock": ManualClock(),
        **more,
    }
    thread = threading.Thread(target=lambda: run_witness(say=hear, stop=stop, **options))
    thread.start()
    assert up.wait(30)
    return stop, thread


def test_a_witness_is_run(tmp_path: Path) -> None:
    """It keeps its keys and its memory over a restart, and cosigns with both kinds."""
    said: list[str] = []
    stop, thread = run(tmp_path, said, name="w.example")
    url = said[0].rpartition(" ")[2]
    answer = httpx.post(f"{url}add-checkpoint", content=request(0, leaves(3)), trust_env=False)
    assert answer.status_code == 200
    assert answer.text.count("\u2014 w.example ") == 2
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    again = httpx.post(f"{url}add-checkpoint", content=request(0, leaves(3)), trust_env=False)
    assert again.status_code == 409
    assert (again.headers["content-type"], again.text) == ("text/x.tlog.size", "3\n")
    stop.set()
    thread.join()
    assert said[-1].endswith("0 entries cosigned so far")
    keys = said[1:3]
    said.clear()
    stop, thread = run(tmp_path, said)
    stop.set()
    thread.join()
    assert said[1:3] == keys
    assert said[-1].endswith("3 entries cosigned so far")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "w/keys").iterdir()} == {0o600}


def test_a_witness_that_cannot_run_says_why(tmp_path: Path, capsys: Out) -> None:
    """No name at first, another name later, a wrong key, kind or readable secret: one line."""
    log = Signer("log.example/one", bytes(range(32))).vkey
    base = ("witness", "--log", log, "--state", tmp_path / "w", "--port", "0")
    code, lines = say(capsys, *base)
    assert code == 2
    assert "name" in lines[0]
    assert say(capsys, *base, "--name", "two words")[0] == 2
    assert say(capsys, *base, "--name", "w", "--signs", "rsa")[0] == 2
    assert say(capsys, "witness", "--log", "x", "--state", tmp_path / "w", "--name", "w")[0] == 2
    stop, thread = run(tmp_path, [], name="w")
    stop.set()
    thread.join()
    assert say(capsys, *base, "--name", "other")[0] == 2
    key = next((tmp_path / "w/keys").iterdir())
    key.chmod(0o644)
    code, lines = say(capsys, *base)
    assert code == 1
    assert "chmod 600" in lines[0]
    key.chmod(0o600)
    key.write_text("PRIVATE+KEY+nonsense")
    code, lines = say(capsys, *base)
    assert code == 1
    assert "nonsense" not in lines[0]


def test_the_cameras_of_the_tests_run(machine: Machine) -> None:
    """What the tests above compare is not empty."""
    assert set(machine.office.standing().running) == set(CAMERAS)


# --- the real thing --------------------------------------------------------------------------


def test_a_real_plainview_holds_while_it_runs_and_after_a_stop(
    start: Start, city: Path, capsys: Out
) -> None:
    """What `plainview run` says of itself is borne out, also after somebody pressed stop."""
    state = city.parent / "state"
    remember = city.parent / "remembered"

    def verified(running: Running, some: Callable[[set[str]], bool]) -> list[str]:
        late = time.monotonic() + PATIENCE
        while True:
            said = say(capsys, "verify", running.url, "--key", vkey, "--remember", remember)
            # A camera that starts or ends just now is recorded within moments.
            if some(cameras(running)) and said[0] == 0:
                return said[1]
            assert time.monotonic() < late, said
            assert running.process.poll() is None
            with contextlib.suppress(subprocess.TimeoutExpired):
                running.process.wait(0.2)

    def cameras(running: Running) -> set[str]:
        note = running.client.get("/api/v1/attestation?nonce=00").raise_for_status().text
        return set(msgspec.json.decode(note.split("\n")[1])["running"])

    with start() as running:
        (vkey,) = say(capsys, "key", "--state", state)[1]
        lines = verified(running, lambda found: "yard" in found)
        assert "All held: no lie was found." in lines
        stop = ["stop", "city", "--why", "a test", "--name", "Ada Wong", "--state", str(state)]
        assert execute(stop) == 0
        capsys.readouterr()
        lines = verified(running, lambda found: not found)
        assert any("the checkpoint you remembered" in line for line in lines)
    assert say(capsys, "verify", state, "--key", vkey, "--remember", remember)[0] == 0
