"""A text and who signed it: C2SP signed-note, and Ed25519 keys for it (signature type 0x01).

Everything here is strict: one spelling of each note, bounded sizes, no signature half believed.
Source: C2SP signed-note; the form of private keys is that of Go's `sumdb/note`.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from plainview.errors import InputError, LedgerLie

MAX_NOTE_BYTES: Final = 5 * 2**20
"""Bound on a whole note: the largest one here, a permit, may have 4 MB."""
MAX_SIGNATURES: Final = 100
MAX_NAME_BYTES: Final = 255
"""Bound on a key's name; the ML-DSA cosignature counts its bytes in one byte."""

ED25519: Final = 0x01
_SPLIT: Final = "\n\n"
_DASH: Final = "\u2014 "
_PRIVATE: Final = "PRIVATE+KEY+"


class SignatureVerifier(Protocol):
    """One public key under one name, of any signature type."""

    @property
    def name(self) -> str:
        """The key's name."""
        ...

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        ...

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` (without the key's id) is this key's signature over `text`."""
        ...


class NoteSigner(Protocol):
    """One private key under one name, of any signature type."""

    def sign(self, text: str) -> str:
        """The signature line over `text`, with its newline."""
        ...


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line of a note, read but not yet believed."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {encode64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A note at least one known key signed, and no known key signed wrongly."""

    text: str
    """What was signed, with its final newline."""
    verified: tuple[str, ...]
    """Names of the keys that verified, in the order of the signatures, each once."""
    by: tuple[SignatureVerifier, ...] = ()
    """The verifiers themselves, each once."""
    signatures: tuple[tuple[SignatureVerifier, Signature], ...] = ()
    """Each signature that verified and the key that verified it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half of an Ed25519 note key."""

    name: str
    public: bytes
    """32 bytes, RFC 8032."""

    def __post_init__(self) -> None:
        """Refuse a name or a key that no note could carry. Raises InputError."""
        check_name(self.name)
        if len(self.public) != 32:
            raise InputError(
                f"an Ed25519 public key has 32 bytes, not {len(self.public)}", where=self.name
            )

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        """The verifier in `NAME+HEXID+BASE64`. Raises InputError."""
        name, kind, public = split_vkey(vkey)
        if kind != ED25519:
            raise InputError(
                f"a key of signature type 0x{kind:02x} where an Ed25519 note key (0x01) belongs",
                where=f"verifier key {name}",
            )
        return cls(name, public)

    @property
    def vkey(self) -> str:
        """The key as text, to publish and to compare."""
        return join_vkey(self.name, ED25519, self.public)

    @property
    def key_id(self) -> bytes:
        """First four bytes of SHA-256 over name, newline, type and key."""
        return key_id(self.name, ED25519, self.public)

    def verify(self, text: str, signature: bytes) -> bool:
        """Whether `signature` is this key's over `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """The private half of an Ed25519 note key. Its `repr` shows the name only."""

    name: str
    seed: bytes = field(repr=False)
    """32 secret bytes, RFC 8032."""

    def __post_init__(self) -> None:
        """Refuse a name or a key that no note could carry. Raises InputError."""
        check_name(self.name)
        if len(self.seed) != 32:
            raise InputError("an Ed25519 private key has 32 bytes", where=self.name)

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new key under `name`, from the operating system's randomness. Raises InputError."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The key that `text()` wrote. Raises InputError, which never shows the key."""
        name, kind, seed = split_private(text)
        if kind != ED25519:
            raise InputError(
                f"a private key of signature type 0x{kind:02x} where 0x01 (Ed25519) belongs",
                where=f"private key {name}",
            )
        signer = cls(name, seed)
        check_private(text, signer.verifier.key_id, ED25519, seed)
        return signer

    def text(self) -> str:
        """The private key as text, `PRIVATE+KEY+NAME+HEXID+BASE64`: keep it at mode 0600."""
        return join_private(self.name, self.verifier.key_id, ED25519, self.seed)

    @property
    def verifier(self) -> Verifier:
        """The public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return Verifier(self.name, public)

    @property
    def vkey(self) -> str:
        """The public half as text."""
        return self.verifier.vkey

    def sign(self, text: str) -> str:
        """The signature line over `text`, with its newline."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return Signature(self.name, self.verifier.key_id, signature).line


def sign_note(text: str, *signers: NoteSigner) -> str:
    """The note of `text` with one signature line per signer.

    `text` ends in a newline and holds no other control character. Raises InputError.
    """
    if not signers:
        raise InputError("a note needs someone to sign it", where="note")
    if not text.endswith("\n") or _unclean(text):
        raise InputError(
            "what is signed must end in a newline and hold no other control character",
            where="note",
        )
    note = f"{text}\n{''.join(signer.sign(text) for signer in signers)}"
    if len(note.encode()) > MAX_NOTE_BYTES:
        raise InputError(f"a note of more than {MAX_NOTE_BYTES} bytes", where="note")
    return note


def split_note(note: str) -> tuple[str, tuple[Signature, ...]]:
    """The text and the signatures of `note`, none of which is verified yet.

    Raises LedgerLie if it is not written as a note must be.
    """
    # Length first: what is too long is not looked at.
    if len(note) > MAX_NOTE_BYTES or _unclean(note):
        raise _malformed("too long, or with control characters")
    if len(note.encode()) > MAX_NOTE_BYTES:
        raise _malformed("too long")
    split = note.rfind(_SPLIT)
    if split < 0 or not note.endswith("\n"):
        raise _malformed("no empty line before the signatures, or no newline at the end")
    text, tail = note[: split + 1], note[split + 2 :]
    lines = tail.split("\n")[:-1]
    if not lines:
        raise _malformed("no signatures")
    if len(lines) > MAX_SIGNATURES:
        raise _malformed(f"more than {MAX_SIGNATURES} signatures")
    return text, tuple(_read_signature(line) for line in lines)


def open_note(note: str, verifiers: Sequence[SignatureVerifier]) -> Note:
    """What `note` says, if a key of `verifiers` signed it; signatures of others are ignored.

    Raises LedgerLie if the note is malformed, if none of `verifiers` signed it, or if a signature
    that names one of them is not theirs.
    """
    text, signatures = split_note(note)
    known: dict[tuple[str, bytes], list[SignatureVerifier]] = {}
    for verifier in verifiers:
        known.setdefault((verifier.name, verifier.key_id), []).append(verifier)
    verified: list[tuple[SignatureVerifier, Signature]] = []
    for signature in signatures:
        # More than one where different keys collide in name and id: whose it is, it must be.
        candidates = known.get((signature.name, signature.key_id), [])
        if not candidates:
            continue
        for verifier in candidates:
            if verifier.verify(text, signature.signature):
                verified.append((verifier, signature))
                break
        else:
            raise LedgerLie(
                f"the signature of {signature.name} does not verify: the text was changed after "
                "signing, or the signature is forged",
                where="signed note",
            )
    if not verified:
        raise LedgerLie("none of the keys that are trusted signed this", where="signed note")
    by = tuple({id(verifier): verifier for verifier, _ in verified}.values())
    names = tuple(dict.fromkeys(verifier.name for verifier in by))
    return Note(text, names, by, tuple(verified))


def add_signatures(note: str, lines: Sequence[str]) -> str:
    """`note` with more signature lines, without repeating one that it has.

    Nothing is verified here. Raises LedgerLie if the note or a line is malformed.
    """
    _, present = split_note(note)
    seen = set(present)
    for line in lines:
        if not line.endswith("\n"):
            raise _malformed("a signature line without its newline")
        signature = _read_signature(line[:-1])
        if signature not in seen:
            seen.add(signature)
            note += signature.line
    split_note(note)
    return note


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The four bytes that name a key: SHA-256(name, newline, type, key), cut (C2SP signed-note)."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


def join_vkey(name: str, kind: int, public: bytes) -> str:
    """A public key as text: `NAME+HEXID+BASE64(type, key)`."""
    return f"{name}+{key_id(name, kind, public).hex()}+{encode64(bytes([kind]) + public)}"


def split_vkey(vkey: str) -> tuple[str, int, bytes]:
    """Name, signature type and public key of a verifier key. Raises InputError."""
    where = "verifier key"
    mend = "It is one line, NAME+HEXID+BASE64, as 'plainview ledger key' prints it"
    name, _, rest = vkey.strip().partition("+")
    given, _, encoded = rest.partition("+")
    key = decode64(encoded)
    if not given or key is None or len(key) < 2:
        raise InputError(f"'{vkey[:80]}' is not a verifier key", where=where, mend=mend)
    check_name(name)
    if given.lower() != key_id(name, key[0], key[1:]).hex():
        raise InputError(
            f"the id in the verifier key of {name} does not fit its key", where=where, mend=mend
        )
    return name, key[0], key[1:]


def join_private(name: str, identity: bytes, kind: int, secret: bytes) -> str:
    """A private key as text."""
    return f"{_PRIVATE}{name}+{identity.hex()}+{encode64(bytes([kind]) + secret)}"


def split_private(text: str) -> tuple[str, int, bytes]:
    """Name, signature type and secret of a private key; `check_private` comes after.

    Raises InputError, which never shows the key.
    """
    body = text.strip()
    name, _, rest = body.removeprefix(_PRIVATE).partition("+")
    _, _, encoded = rest.partition("+")
    key = decode64(encoded)
    if not body.startswith(_PRIVATE) or key is None or len(key) < 2:
        raise InputError(
            "not a private key of a signed note",
            where="private key",
            mend="It is one line, PRIVATE+KEY+NAME+HEXID+BASE64",
        )
    check_name(name)
    return name, key[0], key[1:]


def check_private(text: str, identity: bytes, kind: int, secret: bytes) -> None:
    """Refuse a private key whose written id is not its own. Raises InputError."""
    name, _, _ = split_private(text)
    if text.strip() != join_private(name, identity, kind, secret):
        raise InputError(
            f"the id in the private key of {name} does not fit its key", where="private key"
        )


def check_name(name: str) -> None:
    """Refuse a key name that signed-note forbids, or one beyond our bound. Raises InputError."""
    if not name or "+" in name or any(sign.isspace() or sign < " " for sign in name):
        raise InputError(
            f"'{name[:80]}' cannot be a key's name: it must not be empty nor hold spaces or '+'",
            where="key name",
        )
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        raise InputError("a key's name must be valid Unicode", where="key name") from error
    if size > MAX_NAME_BYTES:
        raise InputError(f"a key's name of more than {MAX_NAME_BYTES} bytes", where="key name")


def encode64(data: bytes) -> str:
    """Base64 as RFC 4648 section 4 writes it."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str) -> bytes | None:
    """The bytes of `text`, or None unless it is their one and only spelling in base64."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if encode64(data) == text else None


def _read_signature(line: str) -> Signature:
    if not line.startswith(_DASH):
        raise _malformed("a line after the text is not a signature")
    name, space, encoded = line[len(_DASH) :].partition(" ")
    data = decode64(encoded)
    if not space or data is None or len(data) < 5:
        raise _malformed("a signature line is not written as one")
    try:
        check_name(name)
    except InputError as error:
        raise _malformed(error.what) from error
    return Signature(name, data[:4], data[4:])


def _unclean(text: str) -> bool:
    """Whether it holds a control character other than newline, or is not valid Unicode."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return True
    return len(data.translate(None, _CONTROLS)) != len(data)


_CONTROLS: Final = bytes(code for code in range(0x20) if code != 0x0A)


def _malformed(what: str) -> LedgerLie:
    return LedgerLie(f"not a signed note: {what}", where="signed note")
