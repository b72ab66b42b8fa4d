import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from plainview.clock import ManualClock
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.cosignature import ED25519, ML_DSA_44, Cosigner
from plainview.ledger.entry import Entry, EntryKind
from plainview.ledger.log import Ledger
from plainview.ledger.note import Signer, add_signatures, split_note

PROGRAM = Path(__file__).parent / "independent" / "main.go"
LIBRARIES = Path("/usr/share/gocode")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checker, built from the Go project's libraries as Debian packages them."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed (Debian package golang-go)")
    if not (LIBRARIES / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's transparency log library is not installed (golang-golang-x-mod-dev)")
    out = tmp_path_factory.mktemp("go") / "independent"
    environment = {
        **os.environ,
        "GO111MODULE": "off",
        "GOPATH": str(LIBRARIES),
        "GOCACHE": os.environ.get("GOCACHE", str(out.parent / "cache")),
        "CGO_ENABLED": "0",
    }
    subprocess.run(["go", "build", "-o", out, PROGRAM], check=True, env=environment)
    return out


class Made(NamedTuple):
    """A ledger of ours, closed, and a checkpoint from its youth."""

    folder: Path
    vkey: str
    old: Checkpoint


def entries(start: int, end: int) -> list[Entry]:
    """Entries that differ."""
    return [
        Entry(1_700_000_000_000 + n, EntryKind.CONFIGURATION_CHANGED, "city", detail={"n": n})
        for n in range(start, end)
    ]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A ledger of 701 entries, three levels of tiles, cosigned; and its checkpoint of 301."""
    with Ledger(tmp_path, clock=ManualClock(), origin="log.example/one") as ledger:
        ledger.append(entries(0, 300))
        old = parse_checkpoint(split_note(ledger.checkpoint())[0])
        ledger.append(entries(300, 700))
        note = ledger.checkpoint()
        text, _ = split_note(note)
        cosigners = [Cosigner("w.example", kind, bytes(32)) for kind in (ED25519, ML_DSA_44)]
        ledger.publish_cosigned(add_signatures(note, [c.cosign(text, 5) for c in cosigners]))
        return Made(ledger.folder, ledger.vkey, old)


def run(program: Path, made: Made, more: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """What the checker says."""
    arguments = [str(made.folder), made.vkey, str(made.old.size), made.old.root.hex()]
    return subprocess.run(
        [str(program), *arguments, *more], capture_output=True, text=True, check=False, timeout=60
    )


def test_code_that_is_not_ours_finds_the_ledger_true(program: Path, made: Made) -> None:
    """Go's sumdb opens our checkpoint, proves every entry in it, and its past its beginning."""
    result = run(program, made)
    assert result.stderr == ""
    assert result.stdout == "701 entries proven in the signed tree, 301 of them its beginning\n"


def test_code_that_is_not_ours_finds_the_same_lies(program: Path, made: Made) -> None:
    """Another key, another past, a changed entry or hash: it agrees with us that this is false."""
    other = Signer("log.example/one", bytes(32))
    assert run(program, made._replace(vkey=other.vkey)).returncode == 1
    forked = Checkpoint(made.old.origin, made.old.size, bytes(32))
    assert run(program, made._replace(old=forked)).returncode == 1
    longer = Checkpoint(made.old.origin, 702, made.old.root)
    assert run(program, made._replace(old=longer)).returncode == 1
    for path in ("checkpoint", "tile/entries/001", "tile/0/001", "tile/1/000.p/2"):
        file = made.folder / path
        whole = file.read_bytes()
        file.write_bytes(whole[:20] + bytes([whole[20] ^ 1]) + whole[21:])
        result = run(program, made)
        assert result.returncode == 1, path
        assert result.stderr
        file.write_bytes(whole)
    assert run(program, made).returncode == 0
