"""`plainview release check | unwrap`: on a custodian's own machine, without a state folder."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from plainview.app.ledger import policy_from, printable
from plainview.app.release import words_of
from plainview.app.vault import identities_in
from plainview.clock import SystemClock
from plainview.document.given import read_given
from plainview.durable import put
from plainview.errors import AccessRefused, InputError
from plainview.governance.release_proof import Bundle, Checked, check_bundle, decode_bundle
from plainview.ledger.policy import QuorumPolicy
from plainview.plural import counted
from plainview.vault import custody, daykey
from plainview.vault.layout import PARTIES

_MOST: Final = 16_000_000


class Unwrapping(NamedTuple):
    """What a custodian is asked for, and with what."""

    file: Path
    policy: Path
    party: str
    identity: Path
    to: Sequence[str]
    """The other custodian's age recipients: given by who goes first."""
    other: Path | None
    """What the other one handed over: given by who goes second."""
    out: Path


def checked(file: Path, policy: Path) -> Iterator[str]:
    """What a release file asks for, if it is proved. Raises PermitRefused, InputError."""
    bundle, found = _read(file, policy)
    yield from _words(check_bundle(bundle, found, SystemClock().utc()))


def unwrap(wish: Unwrapping, agree: Callable[[list[str]], bool]) -> str:
    """Unwrap this custodian's share, once the file is proved and a person agrees.

    Nothing is read from the identity's file before that. Raises PermitRefused, InputError,
    AccessRefused where the person does not agree, VaultError.
    """
    if wish.party not in PARTIES:
        raise InputError(
            f"{wish.party[:40]!r} is no party",
            where="--party",
            mend=f"It is {' or '.join(PARTIES)}",
        )
    if bool(wish.to) == bool(wish.other):
        raise InputError(
            "who goes first gives --to, who goes second --with",
            where="--to, --with",
            mend="Give one of the two",
        )
    daykey.harden()
    bundle, policy = _read(wish.file, wish.policy)
    # What is missing is told before anybody is asked to agree; the identity is not touched yet.
    theirs = b"" if wish.other is None else _bytes(wish.other)
    now = SystemClock().utc()
    if not agree([*_words(check_bundle(bundle, policy, now))]):
        raise AccessRefused("not agreed: nothing was unwrapped")
    custodian = custody.Custodian(wish.party, policy, lambda: identities_in(wish.identity))
    if wish.other is None:
        put(wish.out, custody.hand(custodian, bundle, wish.to, now))
        return f"{wish.out}: this party's share, sealed to the other custodian alone"
    put(wish.out, custody.release(custodian, bundle, theirs, now))
    return f"{wish.out}: the keys of these recordings, sealed to this release alone"


def _words(found: Checked) -> Iterator[str]:
    asked, names, roles = found.request, found.names, found.roles
    by = ", ".join(found.witnesses)
    opens = counted(len(found.order.recordings), "camera-hour")
    lines = [
        f"held: release {asked.id} is entry {found.granted} of the ledger, cosigned by {by}",
        *words_of(asked),
        f"asked by: {names[0]}, {roles[0]}",
        f"approved: {names[1]}, {roles[1]}",
        f"approved: {names[2]}, {roles[2]}",
        f"opens:    {opens} of recordings, and no others",
    ]
    yield from map(printable, lines)


def _read(file: Path, policy: Path) -> tuple[Bundle, QuorumPolicy]:
    found = policy_from(policy, (), None)
    assert found is not None  # noqa: S101 - a file was given
    return decode_bundle(_bytes(file)), found


def _bytes(path: Path) -> bytes:
    try:
        return read_given(path, _MOST + 1)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from error
