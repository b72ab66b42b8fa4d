"""The parts of age v1 that recordings are made of: wrapped key, header, chunks. Pure.

Source: C2SP age-encryption (https://c2sp.org/age), sections "Header", "The X25519 recipient type"
and "Payload"; STREAM: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance", CRYPTO 2015. Randomness is an argument, so that tests can hold
it.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from plainview.errors import VaultError

CHUNK: Final = 65_536
"""Bytes of a chunk's plaintext."""
SEALED_CHUNK: Final = CHUNK + 16
"""With its tag."""
NONCE: Final = 16
"""Bytes before the first chunk."""
DATA_KEY: Final = 16
"""Bytes of what age calls a file key."""
_VERSION: Final = b"age-encryption.org/v1"
_STANZA: Final = b"plainview/recording"
"""Type of the stanza that says what a data key is for. Other implementations pass over it."""

Random = Callable[[int], bytes]
"""So many bytes that nobody can guess."""


class Wrapped(NamedTuple):
    """A data key, sealed to the holder of one X25519 key."""

    share: bytes
    """The ephemeral public key, 32 bytes."""
    body: bytes
    """The data key and its tag, 32 bytes."""
    mac: bytes
    """The header's MAC, 32 bytes."""


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _base64(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _unsigned(share: bytes, body: bytes, words: bytes) -> bytes:
    sealed = b"-> X25519 %s\n%s\n" % (_base64(share), _base64(body))
    return b"%s\n%s-> %s %s\n\n---" % (_VERSION, sealed, _STANZA, words)


def header(wrapped: Wrapped, words: bytes) -> bytes:
    """The age header of `wrapped`: put before a payload, it makes an age file of it."""
    return b"%s %s\n" % (_unsigned(wrapped.share, wrapped.body, words), _base64(wrapped.mac))


def _mac(data_key: bytes, share: bytes, body: bytes, words: bytes) -> bytes:
    key = _derive(data_key, b"", b"header")
    return hmac.digest(key, _unsigned(share, body, words), hashlib.sha256)


def wrap(data_key: bytes, public: bytes, words: bytes, random: Random) -> Wrapped:
    """`data_key` (16 bytes) sealed to the X25519 key `public` (32 bytes).

    `words`, visible ASCII between single spaces, say what it is for: a stanza of the header, which
    the MAC holds, so that nobody who lacks the data key can say otherwise.
    """
    own = X25519PrivateKey.from_private_bytes(random(32))
    share = own.public_key().public_bytes_raw()
    shared = own.exchange(X25519PublicKey.from_public_bytes(public))
    key = _derive(shared, share + public, _VERSION + b"/X25519")
    body = ChaCha20Poly1305(key).encrypt(bytes(12), data_key, None)
    return Wrapped(share, body, _mac(data_key, share, body, words))


def unwrap(wrapped: Wrapped, private: bytes, words: bytes) -> bytes:
    """The data key in `wrapped`, by the X25519 key `private`, if it is for what `words` say.

    Raises VaultError.
    """
    own = X25519PrivateKey.from_private_bytes(private)
    public = own.public_key().public_bytes_raw()
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(wrapped.share))
        key = _derive(shared, wrapped.share + public, _VERSION + b"/X25519")
        data_key = ChaCha20Poly1305(key).decrypt(bytes(12), wrapped.body, None)
    except (InvalidTag, ValueError) as error:
        raise VaultError("this key does not open it", where="data key") from error
    mac = _mac(data_key, wrapped.share, wrapped.body, words)
    if not hmac.compare_digest(mac, wrapped.mac):
        raise VaultError("is of another recording, or its header was changed", where="data key")
    return data_key


def public_of(private: bytes) -> bytes:
    """The public half of the X25519 key `private`."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


class Payload:
    """Owns the key of one payload: seals its chunks in order, opens them in any order."""

    __slots__ = ("_cipher", "nonce")

    def __init__(self, data_key: bytes, nonce: bytes) -> None:
        """`nonce` (16 bytes) stands before the first chunk."""
        self.nonce = nonce
        self._cipher = ChaCha20Poly1305(_derive(data_key, nonce, b"payload"))

    def seal(self, number: int, chunk: bytes | bytearray | memoryview, *, final: bool) -> bytes:
        """Chunk `number` (from 0), sealed. The same number must never be sealed twice."""
        return self._cipher.encrypt(_number(number, final=final), chunk, None)

    def open(self, number: int, sealed: bytes, *, final: bool) -> bytes:
        """What is in chunk `number`. Raises VaultError if it was changed, or is another chunk."""
        try:
            return self._cipher.decrypt(_number(number, final=final), sealed, None)
        except InvalidTag as error:
            raise VaultError(
                "was changed, or does not belong here", where=f"chunk {number}"
            ) from error


def _number(number: int, *, final: bool) -> bytes:
    """The nonce: 11 bytes counter, big-endian, and one that says whether it is the last."""
    return number.to_bytes(11, "big") + (b"\x01" if final else b"\x00")
