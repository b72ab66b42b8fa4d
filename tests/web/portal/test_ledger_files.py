import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from tests.web.portal.conftest import PublicCity

from plainview.errors import LedgerError, LedgerLie
from plainview.governance.attest import read_state
from plainview.ledger.entry import decode_entry
from plainview.ledger.note import Verifier
from plainview.ledger.proof import check_proof
from plainview.web.api import Application
from plainview.web.portal.ledgerfiles import entry_number, read_file

Client = TestClient[Application]
SEGMENTS = st.lists(
    st.sampled_from(
        [
            "tile",
            "entries",
            "0",
            "000",
            "x000",
            "000.p",
            "1",
            "..",
            ".",
            "",
            "checkpoint",
            "~",
            "\0",
        ]
    )
    | st.text(max_size=4),
    max_size=7,
).map("/".join)


def test_every_public_file_is_served_as_it_stands(client: Client, founded: PublicCity) -> None:
    """Byte for byte, with the types and caching of the tlog-tiles format."""
    files = [path for path in founded.ledger_folder.rglob("*") if path.is_file()]
    assert len(files) >= 3
    for path in files:
        name = path.relative_to(founded.ledger_folder).as_posix()
        answer = client.get(f"/ledger/{name}")
        assert answer.status_code == 200, name
        assert answer.content == path.read_bytes()
        assert answer.headers["access-control-allow-origin"] == "*"
        if name == "checkpoint":
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["cache-control"] == "no-cache"
        else:
            assert answer.headers["content-type"] == "application/octet-stream"
            assert "immutable" in answer.headers["cache-control"]


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    """A ledger's folder with secrets beside it and odd files in it."""
    folder = tmp_path / "ledger"
    (folder / "tile" / "0").mkdir(parents=True)
    (folder / "tile" / "0" / "000").write_bytes(b"tile")
    (folder / "checkpoint").write_bytes(b"checkpoint")
    (folder / "tile" / "secret").write_bytes(b"secret")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ledger.key").write_bytes(b"secret")
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(SEGMENTS)
@example("../keys/ledger.key")
@example("tile/0/../../../keys/ledger.key")
@example("tile/secret")
@example("checkpoint/")
@example("/checkpoint")
@example("checkpoint\n")
@example("tile/0/000\n")
def test_no_other_file_can_be_reached(guarded: Path, path: str) -> None:
    """Whatever is asked for, what comes back is a file of the log or nothing."""
    found = read_file(guarded, path)
    if found is not None:
        assert path in {"checkpoint", "tile/0/000"}
        assert found.data != b"secret"


@pytest.mark.parametrize(
    ("path", "valid"),
    [
        ("tile/0/000", True),
        ("tile/63/000", True),
        ("tile/64/000", False),
        ("tile/00/000", False),
        ("tile/0/x001/x234/067", True),
        ("tile/0/x001/x234/067.p/1", True),
        ("tile/0/000.p/255", True),
        ("tile/0/000.p/256", False),
        ("tile/0/000.p/0", False),
        ("tile/0/000.p/01", False),
        ("tile/entries/000", True),
        ("tile/0/x000", False),
        ("tile/0/0000", False),
        ("tile/data/000", False),
    ],
)
def test_paths_of_tiles_are_those_of_the_format(tmp_path: Path, path: str, *, valid: bool) -> None:
    """Levels to 63, groups of three digits, partial widths from 1 to 255."""
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_bytes(b"x")
    assert (read_file(tmp_path, path) is not None) == valid


def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    """It is not the same as a file that is not there."""
    loop = tmp_path / "checkpoint"
    loop.symlink_to(loop)
    with pytest.raises(LedgerError, match="cannot be read"):
        read_file(tmp_path, "checkpoint")


def test_odd_paths_are_not_found_over_http(client: Client) -> None:
    """Encoded dots and slashes included."""
    for path in (
        "/ledger/../keys/ledger.key",
        "/ledger/%2e%2e/keys/ledger.key",
        "/ledger/..%2fkeys%2fledger.key",
        "/ledger/tile/0/..%2f..%2f..%2fkeys",
        "/ledger/",
        "/ledger/checkpoint.tmp",
        "/ledger/tile/0/000.p/22",
    ):
        assert client.get(path).status_code in {404, 405}, path


def test_every_change_on_the_page_can_be_proved_offline(
    client: Client, founded: PublicCity
) -> None:
    """The linked entry and the linked proof fit each other and the ledger's key, and no other."""
    html = client.get("/portal/en/changes").text
    links = re.findall(r"/ledger/proof/(\d+)", html)
    assert len(links) == founded.ledger.size
    verifier = Verifier.from_vkey(founded.ledger.vkey)
    for link in links:
        proof = client.get(f"/ledger/proof/{link}")
        entry = client.get(f"/ledger/entry/{link}")
        assert proof.headers["content-type"].startswith("text/plain")
        assert entry.headers["content-type"] == "application/json"
        assert check_proof(proof.text, entry.content, verifier) == int(link)
        assert decode_entry(entry.content)
    with pytest.raises(LedgerLie):
        check_proof(proof.text, client.get("/ledger/entry/1").content, verifier)


def test_what_is_no_place_in_the_ledger_is_not_found(client: Client) -> None:
    """Beyond the end, negative, huge, or no number at all."""
    for number in ("999", "-1", "01", "1e3", "\u0661", "9" * 40, "x", "1/2"):
        for kind in ("entry", "proof"):
            assert client.get(f"/ledger/{kind}/{number}").status_code == 404, number
    assert entry_number("0") == 0
    assert entry_number("\u0661") is None


def test_the_attested_state_answers_to_a_nonce(client: Client, founded: PublicCity) -> None:
    """Signed, never cached, for exactly the nonce that was asked; an odd nonce is refused."""
    nonce = "0123456789abcdef" * 4
    answer = client.get("/api/v1/attestation", params={"nonce": nonce})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    state = read_state(answer.text, Verifier.from_vkey(founded.state_key.vkey), nonce=nonce)
    assert set(state.running) == {"square-north"}
    assert client.get("/api/v1/attestation").status_code == 200
    for odd in (nonce + "0", "XYZ", "AB", "ab\n", "<script>"):
        assert client.get("/api/v1/attestation", params={"nonce": odd}).status_code == 400, odd
