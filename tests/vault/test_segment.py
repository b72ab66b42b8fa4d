import os
import random
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vault.conftest import HOUR
from tests.vault.test_age import identity

from plainview.errors import VaultError
from plainview.vault.age import CHUNK, NONCE, SEALED_CHUNK, header, public_of, unwrap
from plainview.vault.segment import Key, Reader, Writer, whole
from plainview.vault.stream import Chunker, Label, entry_of, label_of, messages, words

LABEL = Label("2026-11-18", "north", HOUR, 0)
PRIVATE = bytes(range(32))
OF = words(LABEL.camera, LABEL.hour, LABEL.part)


def written(
    path: Path, count: int, *, end: bool = True, flush: int = 100
) -> tuple[bytes, list[bytes]]:
    """A recording of `count` messages, an entry every tenth, one each 0.1 s; its data key."""
    key = Key(public_of(PRIVATE), LABEL, os.urandom)
    writer = Writer(path, LABEL, key.payload)
    chance = random.Random(1)  # noqa: S311 - to be repeated
    told = [chance.randbytes(chance.choice([9, 900, 9_000, 90_000])) for _ in range(count)]
    for k, message in enumerate(told):
        writer.put(message, HOUR * 1_000_000 + k * 100_000, entry=k % 10 == 0)
        if k % flush == flush - 1:
            writer.flush()
    if end:
        writer.close()
    else:
        writer.abandon()
    return unwrap(key.wrapped, PRIVATE, OF), told


@settings(max_examples=25)
@given(
    st.lists(st.tuples(st.integers(1, 200_000), st.booleans(), st.booleans()), max_size=12),
    st.integers(0, 2**32),
)
def test_chunks_hold_the_messages_in_their_order(
    told: list[tuple[int, bool, bool]], seed: int
) -> None:
    """Whatever their sizes, and wherever a chunk was filled up early; each chunk has one size."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    chunker = Chunker(LABEL)
    chunks, given_ = [], []
    for k, (size, entry, fill) in enumerate(told):
        given_.append(chance.randbytes(size))
        chunks += chunker.add(given_[-1], k, entry=entry)
        chunks += [chunker.fill()] if fill else []
    chunks.append(chunker.fill())
    assert {len(chunk) for chunk in chunks} == {CHUNK}
    first, *rest = messages(bytes(chunk) for chunk in chunks)
    assert label_of(first) == LABEL
    assert rest == given_


def test_what_was_written_is_read(tmp_path: Path) -> None:
    """Every message in order, complete; and age itself opens the same file."""
    key = Key(public_of(PRIVATE), LABEL, os.urandom)
    writer = Writer(tmp_path / "a", LABEL, key.payload)
    told = [b"one", b"two" * 50_000, b"three"]
    for k, message in enumerate(told):
        writer.put(message, HOUR * 1_000_000 + k, entry=k == 0)
    writer.close()
    reader = Reader(tmp_path / "a", unwrap(key.wrapped, PRIVATE, OF), LABEL)
    assert list(reader.messages()) == told
    assert reader.complete
    reader.close()
    whole_file = header(key.wrapped, OF) + (tmp_path / "a").read_bytes()
    plain = pyrage.decrypt(whole_file, [identity(PRIVATE)])
    assert [*messages(iter([plain[k : k + CHUNK] for k in range(0, len(plain), CHUNK)]))][
        1:
    ] == told


def test_a_moment_is_found_at_its_entry(tmp_path: Path) -> None:
    """From the last entry that is not later, or from the first; few chunks are opened for it."""
    data_key, told = written(tmp_path / "a", 400)
    reader = Reader(tmp_path / "a", data_key, LABEL)
    opened: list[int] = []
    chunk = reader.chunk

    def counted(number: int) -> bytes:
        opened.append(number)
        return chunk(number)

    reader.chunk = counted  # type: ignore[method-assign]
    for moment in (0, 7, 123, 250, 399):
        found = next(reader.since((HOUR * 10 + moment) * 100_000))
        begun = told.index(found)
        assert begun % 10 == 0
        assert begun <= moment
        # The chunk's first entry may be earlier than the one wanted, by what one chunk holds.
        assert moment - begun < 60
    assert len(opened) < 5 * 14
    reader.close()


def test_a_crash_loses_what_was_not_flushed_and_nothing_else(tmp_path: Path) -> None:
    """A file that was cut anywhere reads up to its last whole chunk, and says that it was cut."""
    path = tmp_path / "a"
    data_key, told = written(path, 60, end=False, flush=10)
    with path.open("ab") as file:
        file.write(b"half a chunk")
    assert whole(path.stat().st_size) == path.stat().st_size - 12
    reader = Reader(path, data_key, LABEL)
    assert list(reader.messages()) == told
    assert not reader.complete
    reader.close()


@pytest.mark.parametrize("harm", ["cut", "swap", "bit", "name"])
def test_what_somebody_changed_is_told(tmp_path: Path, harm: str) -> None:
    """A missing end, exchanged chunks, a flipped bit, or another camera's file under this name."""
    path = tmp_path / "a"
    data_key, told = written(path, 100)
    data = bytearray(path.read_bytes())
    one, two = NONCE + SEALED_CHUNK, NONCE + 2 * SEALED_CHUNK
    expected = LABEL
    if harm == "cut":
        del data[-SEALED_CHUNK:]
    elif harm == "swap":
        data[one:two], data[two : two + SEALED_CHUNK] = (
            data[two : two + SEALED_CHUNK],
            data[one:two],
        )
    elif harm == "bit":
        data[one + 5] ^= 1
    else:
        expected = Label("2026-11-18", "south", HOUR, 0)
    path.write_bytes(data)
    if harm == "cut":
        reader = Reader(path, data_key, expected)
        assert not reader.complete
        assert list(reader.messages()) == told[: len(list(reader.messages()))]
        reader.close()
    else:
        with pytest.raises(VaultError):
            list(Reader(path, data_key, expected).messages())


def test_the_prefix_of_a_chunk_names_its_first_entry() -> None:
    """Time and place of the first entry that begins in it, or the time of the last before."""
    chunker = Chunker(LABEL)
    chunker.add(b"x" * 10, 5_000_000 + HOUR * 1_000_000, entry=True)
    (full,) = chunker.add(b"y" * CHUNK, None, entry=False)
    stamp, first = entry_of(bytes(full))
    assert stamp == 5_000_000 + HOUR * 1_000_000
    assert full[first : first + 14] == (10).to_bytes(4, "big") + b"x" * 10
    assert entry_of(bytes(chunker.fill())) == (stamp, 0)
