"""The custodians' side of a release: unwraps what was approved and published, and nothing else.

Runs on a custodian's own machine, without a state folder. The first custodian's share goes, sealed,
to the second; only there are both together, for as long as it takes to unwrap the keys of the
release's recordings and to seal those to the release's own recipient. The operator's machine never
has a day's key. What a custodian's identity can open is not touched before everything was checked.
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import msgspec
import pyrage
from msgspec import Struct

from plainview.errors import UNDECODED, InputError, VaultError
from plainview.governance.release_proof import Bundle, Checked, check_bundle
from plainview.ledger.policy import QuorumPolicy
from plainview.vault import daykey
from plainview.vault.age import public_of, unwrap
from plainview.vault.layout import PARTIES
from plainview.vault.release import Keys, unpacked
from plainview.vault.stream import words

MOST_BYTES: Final = 1_000_000
Identities = Callable[[], Sequence[object]]
"""Gives a custodian's age identities. Called once, after the checks."""


class Handed(Struct, frozen=True, forbid_unknown_fields=True):
    """One custodian's shares of the days of one order, on their way to the other."""

    order: str
    party: str
    shares: dict[str, bytes]
    """By ring."""


class Custodian(NamedTuple):
    """Who unwraps, and whom they believe."""

    party: str
    policy: QuorumPolicy
    identities: Identities


def hand(custodian: Custodian, bundle: Bundle, to: Sequence[str], now: float) -> bytes:
    """The first step: this custodian's shares, sealed to the other's age recipients `to`.

    Raises PermitRefused where the release is not proved, InputError, VaultError.
    """
    if not to:
        raise InputError("the other custodian's recipient is missing", where="--to")
    recipients = [daykey.recipient(text) for text in to]
    checked = check_bundle(bundle, custodian.policy, now)
    handed = Handed(checked.digest, custodian.party, _shares(custodian, bundle, checked))
    return _sealed(msgspec.msgpack.encode(handed), recipients)


def release(custodian: Custodian, bundle: Bundle, other: bytes, now: float) -> bytes:
    """The second step: the keys of the release's recordings, sealed to its recipient alone.

    `other` is what the first custodian handed over. Raises as `hand`.
    """
    checked = check_bundle(bundle, custodian.policy, now)
    identities = list(custodian.identities())
    handed = _handed(other, identities)
    first, second = handed.party, custodian.party
    if handed.order != checked.digest or {first, second} != set(PARTIES):
        raise VaultError("the other custodian's share is of another release or party")
    own = _opened(bundle, checked, custodian.party, identities)
    order = checked.order
    private = {}
    for ring, public in order.rings.items():
        private[ring] = daykey.joined(own[ring], handed.shares.get(ring, bytes(len(own[ring]))))
        if public_of(private[ring]).hex() != public:
            raise VaultError("the shares do not make the key of that day", where=ring)
    keys = tuple(
        unwrap(unpacked(key), private[one.ring], words(one.camera, one.hour, one.part))
        for one, key in zip(order.recordings, bundle.keys, strict=True)
    )
    told = msgspec.msgpack.encode(Keys(checked.digest, keys))
    return _sealed(told, [daykey.recipient(order.recipient)])


def _shares(custodian: Custodian, bundle: Bundle, checked: Checked) -> dict[str, bytes]:
    return _opened(bundle, checked, custodian.party, list(custodian.identities()))


def _opened(
    bundle: Bundle, checked: Checked, party: str, identities: Sequence[object]
) -> dict[str, bytes]:
    return {
        ring: daykey.opened_share(getattr(bundle.shares[ring], party), ring, party, identities)
        for ring in checked.order.rings
    }


def _handed(sealed: bytes, identities: Sequence[object]) -> Handed:
    try:
        if len(sealed) > MOST_BYTES:
            raise VaultError("too large for a share")
        return msgspec.msgpack.decode(pyrage.decrypt(sealed, list(identities)), type=Handed)
    except (pyrage.DecryptError, *UNDECODED) as error:
        raise VaultError(
            "the other custodian's share was not sealed to this identity",
            mend="Have it made again with --to and this party's recipient",
        ) from error


def _sealed(data: bytes, to: Sequence[object]) -> bytes:
    try:
        return bytes(pyrage.encrypt(data, list(to)))
    except pyrage.EncryptError as error:
        raise VaultError("could not be sealed", where="age") from error
