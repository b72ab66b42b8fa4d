import hashlib
import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainview.errors import LedgerError
from plainview.ledger.openings import DOMAIN, Opening, Openings, commit_to


def test_a_commitment_is_what_its_definition_says() -> None:
    """SHA-256 over the domain, then salt and value, each behind its length in four bytes."""
    salt = bytes(range(32))
    expected = hashlib.sha256(
        b"plainview/commitment/v1\n" + b"\0\0\0\x20" + salt + b"\0\0\0\x03" + b"Ada"
    ).hexdigest()
    assert commit_to(salt, "Ada") == expected
    assert DOMAIN.endswith(b"\n")


@given(st.binary(max_size=8), st.text(max_size=8), st.binary(max_size=8), st.text(max_size=8))
def test_salt_and_value_cannot_be_shifted_into_each_other(
    salt: bytes, value: str, other_salt: bytes, other_value: str
) -> None:
    """Lengths stand before the parts, so that no other pair has the same commitment."""
    same = (salt, value) == (other_salt, other_value)
    assert (commit_to(salt, value) == commit_to(other_salt, other_value)) is same


def test_a_commitment_opens_and_tells_nothing_by_itself(tmp_path: Path) -> None:
    """Opened, it proves itself; two to the same value have nothing in common."""
    openings = Openings(tmp_path / "openings.db")
    first = openings.commit("Ada Lovelace", about="a stop")
    second = openings.commit("Ada Lovelace", about="a stop")
    assert first != second
    opening = openings.open(first)
    assert opening is not None
    assert (opening.value, opening.about, len(opening.salt)) == ("Ada Lovelace", "a stop", 32)
    assert opening.holds()
    assert not Opening(first, opening.salt, "Charles Babbage", "a stop").holds()
    assert openings.open("0" * 64) is None
    openings.close()
    openings.close()
    again = Openings(tmp_path / "openings.db")
    assert again.open(first) == opening
    again.close()


def test_what_is_erased_is_gone_from_every_file(tmp_path: Path) -> None:
    """Neither the value nor its salt is left in the database or any file beside it."""
    openings = Openings(tmp_path / "openings.db")
    secret, long = "Grace Hopper 1906-12-09", "long secret " * 300
    kept = [openings.commit(f"kept {i}", about="x") for i in range(50)]
    commitments = [openings.commit(value, about=f"about {value}"[:900]) for value in (secret, long)]
    salts = []
    for commitment in commitments:
        opening = openings.open(commitment)
        assert opening is not None
        salts.append(opening.salt)

    def left() -> list[bytes]:
        everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        wanted = [secret.encode(), b"long secret", *salts]
        return [data for data in wanted if data in everything]

    assert len(left()) == 4
    assert all(openings.erase(commitment) for commitment in commitments)
    assert left() == []
    assert openings.open(commitments[0]) is None
    assert not openings.erase(commitments[0])
    assert all(openings.open(commitment) for commitment in kept)
    openings.close()
    assert left() == []


def test_openings_are_their_owners_alone(tmp_path: Path) -> None:
    """The file is made unreadable to others, before anything is in it."""
    openings = Openings(tmp_path / "openings.db")
    assert stat.S_IMODE((tmp_path / "openings.db").stat().st_mode) == 0o600
    openings.close()


def test_an_opening_that_was_changed_is_not_shown(tmp_path: Path) -> None:
    """Whoever changes a value in the file gets an error instead of another name."""
    path = tmp_path / "openings.db"
    openings = Openings(path)
    commitment = openings.commit("Ada", about="x")
    other = sqlite3.connect(path)
    with other:
        other.execute("UPDATE openings SET value = 'Eve'")
    other.close()
    with pytest.raises(LedgerError, match="not what was committed to"):
        openings.open(commitment)
    openings.close()


def test_a_file_that_is_no_database_and_values_too_long_are_errors(tmp_path: Path) -> None:
    """Damage, a folder in the way, and more than the bound: each is told."""
    (tmp_path / "damaged.db").write_bytes(b"not a database" * 400)
    with pytest.raises(LedgerError, match="not a database"):
        Openings(tmp_path / "damaged.db")
    with pytest.raises(LedgerError, match="cannot be kept or opened"):
        Openings(tmp_path / "no" / "folder.db")
    openings = Openings(tmp_path / "good.db")
    with pytest.raises(LedgerError, match="more than"):
        openings.commit("x" * 4097, about="x")
    openings.close()
    with pytest.raises(LedgerError, match="closed"):
        openings.commit("x", about="x")


def test_threads_and_processes_share_one_file(tmp_path: Path) -> None:
    """Commitments made at once by two processes and four threads are all there."""
    path = tmp_path / "openings.db"
    child = os.fork()
    own = Openings(path)
    made: list[str] = []

    def work() -> None:
        made.extend(own.commit(f"{os.getpid()} {i}", about="x") for i in range(10))

    if child == 0:
        try:
            work()
        finally:
            os._exit(0 if len(made) == 10 else 1)
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.waitpid(child, 0)[1] == 0
    assert all(own.open(commitment) for commitment in made)
    own.close()
    database = sqlite3.connect(path)
    assert database.execute("SELECT count(*) FROM openings").fetchone() == (50,)
    database.close()
