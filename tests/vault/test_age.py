import os

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainview.errors import VaultError
from plainview.vault.age import CHUNK, SEALED_CHUNK, Payload, header, public_of, unwrap, wrap
from plainview.vault.stream import words

PRIVATE = bytes(range(32))
OF = b"north 1795046400 0"
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(prefix: str, data: bytes) -> str:
    """BIP 173's text of `data`, as age writes its keys."""
    number, bits = int.from_bytes(data, "big"), len(data) * 8
    number <<= -bits % 5
    count = (bits + 4) // 5
    values = [number >> 5 * (count - 1 - k) & 31 for k in range(count)]
    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = 1
    for value in (*expanded, *values, 0, 0, 0, 0, 0, 0):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for k, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> k & 1 else 0
    check ^= 1
    values += [check >> 5 * (5 - k) & 31 for k in range(6)]
    return prefix + "1" + "".join(_ALPHABET[value] for value in values)


def identity(private: bytes) -> object:
    """`private` as another implementation of age knows it."""
    return pyrage.x25519.Identity.from_str(bech32("age-secret-key-", private).upper())


def sealed(*chunks: bytes, key: bytes) -> bytes:
    """A payload of `chunks`."""
    payload = Payload(key, os.urandom(16))
    last = len(chunks) - 1
    return payload.nonce + b"".join(
        payload.seal(k, chunk, final=k == last) for k, chunk in enumerate(chunks)
    )


def test_another_implementation_of_age_opens_what_we_seal() -> None:
    """Header and payload, put together, are an age file: pyrage (rage) reads it."""
    key = os.urandom(16)
    chunks = [os.urandom(CHUNK) for _ in range(3)]
    wrapped = wrap(key, public_of(PRIVATE), OF, os.urandom)
    whole = header(wrapped, OF) + sealed(*chunks, key=key)
    assert pyrage.decrypt(whole, [identity(PRIVATE)]) == b"".join(chunks)


def test_a_data_key_opens_with_the_day_key_alone() -> None:
    """Unwrapping gives the key back; another private key, or a changed header, gives none."""
    key = os.urandom(16)
    wrapped = wrap(key, public_of(PRIVATE), OF, os.urandom)
    assert unwrap(wrapped, PRIVATE, OF) == key
    with pytest.raises(VaultError, match="does not open"):
        unwrap(wrapped, bytes(31) + b"\x01", OF)
    with pytest.raises(VaultError, match="header was changed"):
        unwrap(wrapped._replace(mac=bytes(32)), PRIVATE, OF)
    with pytest.raises(VaultError, match="does not open"):
        unwrap(wrapped._replace(share=bytes(32)), PRIVATE, OF)


@settings(max_examples=20)
@given(
    st.sampled_from(["north", "north-1", "northern"]), st.integers(0, 2**40), st.integers(0, 2**16)
)
def test_a_data_key_is_of_one_camera_and_hour(camera: str, hour: int, part: int) -> None:
    """Called another's, it does not open, though the day's key is at hand and no byte differs."""
    wrapped = wrap(bytes(16), public_of(PRIVATE), words(camera, hour, part), os.urandom)
    assert unwrap(wrapped, PRIVATE, words(camera, hour, part)) == bytes(16)
    for other in (
        (camera + "1", hour, part),
        (camera, hour + 3600, part),
        (camera, hour, part + 1),
    ):
        with pytest.raises(VaultError, match="another recording"):
            unwrap(wrapped, PRIVATE, words(*other))


@pytest.mark.parametrize("camera", ["", "two words", "line\n-> X25519", "plätze"])
def test_no_name_makes_a_header_ambiguous(camera: str) -> None:
    """A camera whose name would be more or fewer than one word has no key."""
    with pytest.raises(VaultError, match="name cannot be written"):
        words(camera, 0, 0)


@settings(max_examples=50)
@given(st.binary(max_size=40), st.integers(0, 2**80), st.integers(0, 2**80), st.booleans())
def test_a_chunk_opens_in_its_own_place_only(
    chunk: bytes,
    place: int,
    other: int,
    final: bool,  # noqa: FBT001 - drawn
) -> None:
    """Reordered, truncated (its last chunk missing) or spliced from another file: refused."""
    payload = Payload(bytes(16), bytes(16))
    data = payload.seal(place, chunk, final=final)
    assert payload.open(place, data, final=final) == chunk
    wrong = [(payload, place, not final), (Payload(bytes(16), b"1" * 16), place, final)]
    wrong += [(payload, other, final)] if other != place else []
    for opener, at, last in wrong:
        with pytest.raises(VaultError):
            opener.open(at, data, final=last)


def test_a_sealed_chunk_has_one_size() -> None:
    """Sixteen bytes of tag and nothing else: a chunk's place in the file is arithmetic."""
    assert len(Payload(bytes(16), bytes(16)).seal(0, bytes(CHUNK), final=False)) == SEALED_CHUNK
