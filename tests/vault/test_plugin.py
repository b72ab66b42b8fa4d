"""Custodians whose key is on a device: through an age plug-in, as a process of its own."""

import os
from pathlib import Path

import pyrage
import pytest
from tests.vault.test_age import bech32

from plainview.errors import InputError, VaultError
from plainview.vault import daykey
from plainview.vault.age import public_of
from plainview.vault.ring import Ring

DATA = bytes(range(20))
RECIPIENT = bech32("age1test", DATA)
IDENTITY = bech32("age-plugin-test-", DATA).upper()


def test_a_custodians_key_may_be_on_a_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Its plug-in seals and opens the share, and its own words reach the custodian's terminal."""
    monkeypatch.setenv("PATH", f"{Path(__file__).parent}{os.pathsep}{os.environ['PATH']}")
    other = pyrage.x25519.Identity.generate()
    daykey.make(daykey.Task(str(tmp_path / "day"), (RECIPIENT,), (str(other.to_public()),)))
    ring = Ring(tmp_path / "day")
    one = daykey.open_share(ring.folder, "operator", [daykey.identity(IDENTITY)])
    private = daykey.joined(one, daykey.open_share(ring.folder, "commissioner", [other]))
    assert public_of(private) == ring.public
    assert "touch the key" in capfd.readouterr().err
    wrong = daykey.identity(bech32("age-plugin-test-", bytes(20)).upper())
    with pytest.raises(VaultError, match="does not open"):
        daykey.open_share(ring.folder, "operator", [wrong])
    ring.close()


def test_a_plug_in_that_is_not_there_is_told() -> None:
    """With how to mend it; no key is made that this party could not open."""
    with pytest.raises(InputError, match="age recipient") as refused:
        daykey.recipient(bech32("age1missing", DATA))
    assert "plug-in" in refused.value.line()
    with pytest.raises(InputError, match="age identity") as refused:
        daykey.identity(bech32("age-plugin-missing-", DATA).upper())
    assert "plug-in" in refused.value.line()
