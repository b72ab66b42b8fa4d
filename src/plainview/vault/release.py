"""The operator's side of a release: which recordings, and their pictures once keys have come back.

Nothing here can open anything by itself: the keys of just these recordings come back from both
custodians, sealed to an age identity that was made for this release alone.
"""

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
import pyrage
from msgspec import Struct

from plainview.errors import UNDECODED, InputError, VaultError
from plainview.governance.release import MOST_RECORDINGS, Order, Recording
from plainview.governance.release_proof import LASTS, Share
from plainview.vault.age import DATA_KEY, Wrapped
from plainview.vault.layout import PARTIES, Layout, end_of
from plainview.vault.ring import Ring
from plainview.vault.segment import Reader
from plainview.vault.stream import Label

_MOST_SEALED: Final = 1_000_000


class Chosen(NamedTuple):
    """What a release needs of a vault."""

    recordings: tuple[Recording, ...]
    keys: tuple[bytes, ...]
    """Their wrapped keys: 96 bytes each."""
    rings: dict[str, str]
    """Public half (hex) of each ring."""
    due: int
    """UTC seconds at which the first of them is destroyed."""


class Keys(Struct, frozen=True, forbid_unknown_fields=True):
    """The data keys that custodians give back, for one order."""

    order: str
    keys: tuple[bytes, ...]
    """16 bytes each, in the order's order of recordings."""


def packed(wrapped: Wrapped) -> bytes:
    """A wrapped key as 96 bytes."""
    return b"".join(wrapped)


def unpacked(data: bytes) -> Wrapped:
    """The wrapped key in 96 bytes. Raises VaultError."""
    if len(data) != 96:
        raise VaultError("a wrapped key that is none", where="release")
    return Wrapped(data[:32], data[32:64], data[64:])


def choose(layout: Layout, cameras: Sequence[str], since: float, until: float) -> Chosen:
    """The recordings of `cameras` from `since` to `until` (UTC seconds), each once.

    What a day no longer has, a hold may. Raises InputError where there is nothing, VaultError.
    """
    found: dict[tuple[str, int, int], tuple[Recording, bytes, int]] = {}
    rings: dict[str, str] = {}
    for folder in layout.rings():
        end = end_of(folder.name)
        if end is not None and not (since < end + LASTS and end - 86_400 < until):
            continue
        ring = Ring(folder)
        try:
            for _, slot in ring.live():
                camera = ring.cameras[slot.camera]
                place = (camera, slot.hour, slot.part)
                inside = slot.hour < until and slot.hour + LASTS > since
                if camera not in cameras or not inside or place in found:
                    continue
                key = packed(slot.wrapped)
                digest = hashlib.sha256(key).hexdigest()
                one = Recording(ring.name, camera, slot.hour, slot.part, digest)
                found[place] = (one, key, slot.due)
                rings[ring.name] = ring.public.hex()
        finally:
            ring.close()
    if not 0 < len(found) <= MOST_RECORDINGS:
        raise InputError(
            "nothing of that time is recorded" if not found else "too many recordings at once",
            where="release",
            mend="See 'plainview vault check'" if not found else "Ask for less",
        )
    ordered = [found[place] for place in sorted(found)]
    return Chosen(
        tuple(one for one, _, _ in ordered),
        tuple(key for _, key, _ in ordered),
        rings,
        min(due for _, _, due in ordered),
    )


def shares(layout: Layout, rings: Sequence[str]) -> dict[str, Share]:
    """Both parties' sealed shares of each of `rings`. Raises VaultError."""
    found = {}
    for name in rings:
        try:
            one, other = ((layout.keys / name / f"{p}.age").read_bytes() for p in PARTIES)
        except OSError as error:
            raise VaultError("a share cannot be read", where=name) from error
        found[name] = Share(one, other)
    return found


def opened_keys(sealed: bytes, identity: str, order: Order, digest: str) -> tuple[bytes, ...]:
    """The data keys that came back sealed to the release's own `identity`. Raises VaultError."""
    try:
        if len(sealed) > _MOST_SEALED:
            raise VaultError("too large for keys", where="keys")
        own = pyrage.x25519.Identity.from_str(identity)
        told = msgspec.msgpack.decode(pyrage.decrypt(sealed, [own]), type=Keys)
    except (pyrage.DecryptError, pyrage.IdentityError, *UNDECODED) as error:
        raise VaultError("these keys were not made for this release", where="keys") from error
    right = len(told.keys) == len(order.recordings) and all(len(k) == DATA_KEY for k in told.keys)
    if told.order != digest or not right:
        raise VaultError("these keys are of another release", where="keys")
    return told.keys


def pictures(
    layout: Layout, order: Order, keys: Sequence[bytes], camera: str, since: int
) -> Iterator[bytes]:
    """The messages of `camera` from `since` (UTC microseconds) on, in time's order.

    Raises VaultError where a recording was changed, or is gone.
    """
    for one, key in zip(order.recordings, keys, strict=True):
        if one.camera != camera:
            continue
        path = layout.recording(one.ring, one.camera, one.hour, one.part)
        reader = Reader(path, key)
        try:
            label = reader.label
            if label is not None and label != Label(label.ring, camera, one.hour, one.part):
                raise VaultError("is of another camera or hour", where=str(path))
            yield from reader.since(since)
        finally:
            reader.close()
