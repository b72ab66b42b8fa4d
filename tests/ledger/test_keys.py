import os
import stat
from pathlib import Path

import pytest

from plainview.errors import InputError, LedgerError
from plainview.ledger.keys import key_path, load, load_or_make
from plainview.ledger.note import Signer


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    """File 0600, folder 0700, the same key ever after, whatever name is asked for then."""
    assert load(tmp_path, "ledger") is None
    made = load_or_make(tmp_path, "ledger", "ledger.example")
    assert made.name == "ledger.example"
    assert load(tmp_path, "ledger") == made
    assert load_or_make(tmp_path, "ledger", "other.example") == made
    assert stat.S_IMODE(key_path(tmp_path, "ledger").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["ledger.key"]
    assert load_or_make(tmp_path, "authority", "ledger.example") != made


def test_of_two_who_make_a_key_at_once_one_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that another process made meanwhile is never written over."""
    other: list[Signer] = []
    generate = Signer.generate

    def meanwhile(name: str) -> Signer:
        if not other:
            other.append(generate("first.example"))
            path = key_path(tmp_path, "ledger")
            path.parent.mkdir(mode=0o700)
            path.touch(mode=0o600)
            path.write_text(other[0].text() + "\n")
        return generate(name)

    monkeypatch.setattr(Signer, "generate", meanwhile)
    assert load_or_make(tmp_path, "ledger", "second.example") == other[0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_key_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    """The error says how to mend it."""
    load_or_make(tmp_path, "ledger", "ledger.example")
    key_path(tmp_path, "ledger").chmod(mode)
    with pytest.raises(LedgerError, match="others than its owner") as refused:
        load(tmp_path, "ledger")
    assert "chmod 600" in refused.value.mend
    key_path(tmp_path, "ledger").chmod(0o600)
    (tmp_path / "keys").chmod(0o777)
    with pytest.raises(LedgerError, match="others than its owner") as refused:
        load(tmp_path, "ledger")
    assert "chmod 700" in refused.value.mend


@pytest.mark.parametrize("length", [0, 10, 60])
def test_a_damaged_key_is_refused_without_being_shown(tmp_path: Path, length: int) -> None:
    """Half a private key is no key, and no part of it appears in the error."""
    load_or_make(tmp_path, "ledger", "ledger.example")
    path = key_path(tmp_path, "ledger")
    whole = path.read_text()
    path.write_text(whole[:length])
    with pytest.raises(LedgerError, match="damaged") as refused:
        load(tmp_path, "ledger")
    assert "PRIVATE" not in refused.value.line()
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(LedgerError, match="damaged"):
        load_or_make(tmp_path, "ledger", "ledger.example")


def test_what_stands_in_a_keys_place_is_not_followed(tmp_path: Path) -> None:
    """No link, no pipe, no folder in its place is taken for a key, and no odd name is tried."""
    (tmp_path / "keys").mkdir(mode=0o700)
    path = key_path(tmp_path, "ledger")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LedgerError, match="cannot be read"):
        load(tmp_path, "ledger")
    path.unlink()
    os.mkfifo(path, 0o600)
    with pytest.raises(LedgerError, match="damaged"):
        load(tmp_path, "ledger")
    with pytest.raises(InputError, match="file name"):
        key_path(tmp_path, "../ledger")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """No key can be made where a file stands in the folder's place."""
    (tmp_path / "keys").write_text("")
    with pytest.raises(LedgerError):
        load_or_make(tmp_path, "ledger", "ledger.example")


def test_a_new_key_and_its_folder_are_made_durable_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key's name before that of its folder; each sync holds up the start of a city."""
    synced: list[str] = []

    def sync(opened: int) -> None:
        synced.append(Path(f"/proc/self/fd/{opened}").readlink().name)

    monkeypatch.setattr(os, "fsync", sync)
    state = tmp_path / "state"
    load_or_make(state, "ledger", "city.example")
    assert synced[1:] == ["keys", "state"]
