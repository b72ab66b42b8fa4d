"""A witness's word that a checkpoint extends all it saw before, at a time that it states.

Two kinds: Ed25519 (signature type 0x04, message `cosignature/v1`) and ML-DSA-44 (0x06, message
`subtree/v1`, which also holds the cosigner's name). Source: C2SP tlog-cosignature; FIPS 204 with
an empty context.
"""

import struct
from dataclasses import dataclass, field
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from plainview.errors import InputError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.note import (
    Signature,
    check_name,
    check_private,
    join_private,
    join_vkey,
    key_id,
    split_private,
    split_vkey,
)

ED25519: Final = 0x04
ML_DSA_44: Final = 0x06
KINDS: Final = {ED25519: "Ed25519", ML_DSA_44: "ML-DSA-44"}
LATEST: Final = 2**63 - 1
"""Latest time, in seconds, that a cosignature may state."""

_PUBLIC_BYTES: Final = {ED25519: 32, ML_DSA_44: 1312}
_SIGNATURE_BYTES: Final = {ED25519: 64, ML_DSA_44: 2420}
_SEED_BYTES: Final = 32
_TIME: Final = struct.Struct(">Q")
_LABEL: Final = b"subtree/v1\n\0"


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """The public half of a witness's key."""

    name: str
    kind: int
    """0x04 (Ed25519) or 0x06 (ML-DSA-44)."""
    public: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be such a key. Raises InputError."""
        check_name(self.name)
        if self.kind not in KINDS:
            raise InputError(
                f"a key of signature type 0x{self.kind:02x} where a witness's key (0x04 or 0x06) "
                "belongs",
                where=f"verifier key {self.name}",
            )
        if len(self.public) != _PUBLIC_BYTES[self.kind]:
            raise InputError(
                f"a public key of {KINDS[self.kind]} has {_PUBLIC_BYTES[self.kind]} bytes, not "
                f"{len(self.public)}",
                where=f"verifier key {self.name}",
            )

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """The verifier in `NAME+HEXID+BASE64`. Raises InputError."""
        return cls(*split_vkey(vkey))

    @property
    def vkey(self) -> str:
        """The key as text."""
        return join_vkey(self.name, self.kind, self.public)

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256 over name, newline, type and key."""
        return key_id(self.name, self.kind, self.public)

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (time and signature) cosigns the checkpoint whose text is `text`."""
        if len(signature) != _TIME.size + _SIGNATURE_BYTES[self.kind]:
            return False
        t = cosigned_at(signature)
        if t > LATEST:
            return False
        try:
            message = _message(self.kind, self.name, t, text)
            _public_key(self.kind, self.public).verify(signature[_TIME.size :], message)
        except (InvalidSignature, ValueError, LedgerLie):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Cosigner:
    """The private half of a witness's key. Its `repr` shows the name and the kind only."""

    name: str
    kind: int
    seed: bytes = field(repr=False)
    """32 secret bytes (RFC 8032; FIPS 204 calls it xi)."""

    def __post_init__(self) -> None:
        """Refuse what cannot be such a key. Raises InputError."""
        check_name(self.name)
        if self.kind not in KINDS or len(self.seed) != _SEED_BYTES:
            raise InputError(
                "a witness signs with Ed25519 (0x04) or ML-DSA-44 (0x06), from 32 secret bytes",
                where=f"private key {self.name}",
            )

    @classmethod
    def generate(cls, name: str, kind: int = ED25519) -> Self:
        """A new key under `name`, from the operating system's randomness. Raises InputError."""
        if kind == ML_DSA_44:
            return cls(name, kind, MLDSA44PrivateKey.generate().private_bytes_raw())
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key that `text()` wrote. Raises InputError, which never shows the key."""
        cosigner = cls(*split_private(text))
        check_private(text, cosigner.verifier.key_id, cosigner.kind, cosigner.seed)
        return cosigner

    def text(self) -> str:
        """The private key as text: keep it at mode 0600."""
        return join_private(self.name, self.verifier.key_id, self.kind, self.seed)

    @property
    def verifier(self) -> CosignatureVerifier:
        """The public half."""
        public = _private_key(self.kind, self.seed).public_key().public_bytes_raw()
        return CosignatureVerifier(self.name, self.kind, public)

    @property
    def vkey(self) -> str:
        """The public half as text."""
        return self.verifier.vkey

    def cosign(self, text: str, t: int) -> str:
        """The signature line over the checkpoint whose text is `text`, at `t` (UTC seconds).

        Raises LedgerLie if `text` is not a checkpoint, ValueError if `t` is out of range.
        """
        if not 0 <= t <= LATEST:
            message = f"a cosignature cannot state the time {t}"
            raise ValueError(message)
        signed = _private_key(self.kind, self.seed).sign(_message(self.kind, self.name, t, text))
        return Signature(self.name, self.verifier.key_id, _TIME.pack(t) + signed).line


def cosigned_at(signature: bytes) -> int:
    """The time, UTC seconds, that a cosignature states; 0 says nothing about when."""
    return int(_TIME.unpack_from(signature)[0])


def _message(kind: int, name: str, t: int, text: str) -> bytes:
    checkpoint = parse_checkpoint(text)
    if kind == ED25519:
        return f"cosignature/v1\ntime {t}\n{text}".encode()
    return _subtree_message(name, t, checkpoint)


def _subtree_message(name: str, t: int, checkpoint: Checkpoint) -> bytes:
    """`cosigned_message` of tlog-cosignature for a whole tree: no word on extension lines."""
    return b"".join(
        (
            _LABEL,
            _counted(name),
            _TIME.pack(t),
            _counted(checkpoint.origin),
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


def _counted(text: str) -> bytes:
    data = text.encode()
    if not 1 <= len(data) <= 255:
        raise LedgerLie("a name or origin of more than 255 bytes cannot be cosigned with ML-DSA-44")
    return bytes([len(data)]) + data


def _public_key(kind: int, public: bytes) -> Ed25519PublicKey | MLDSA44PublicKey:
    if kind == ML_DSA_44:
        return MLDSA44PublicKey.from_public_bytes(public)
    return Ed25519PublicKey.from_public_bytes(public)


def _private_key(kind: int, seed: bytes) -> Ed25519PrivateKey | MLDSA44PrivateKey:
    if kind == ML_DSA_44:
        return MLDSA44PrivateKey.from_seed_bytes(seed)
    return Ed25519PrivateKey.from_private_bytes(seed)
