"""Makes a ring: an X25519 pair whose private half is split in two and sealed to two parties.

`python -m plainview.vault.daykey` does it as a process of its own, which ends at once: memory
locked where it may be, no core dump. The task is JSON on standard input (`Task`).
"""

import contextlib
import ctypes
import json
import os
import resource
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Final

import msgspec
import pyrage
from msgspec import Meta, Struct

from plainview.durable import folder_beside, sweep
from plainview.errors import UNDECODED, InputError, PlainviewError, VaultError
from plainview.vault.age import Random, public_of
from plainview.vault.layout import PARTIES, mark_no_copies
from plainview.vault.prompts import Prompts

_DUMPABLE: Final = 4
_LOCK_ALL: Final = 3
"""MCL_CURRENT | MCL_FUTURE."""


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """A ring to be made."""

    folder: str
    operator: Annotated[tuple[str, ...], Meta(min_length=1, max_length=32)]
    """Age recipients, each of whom can open the operator's share."""
    commissioner: Annotated[tuple[str, ...], Meta(min_length=1, max_length=32)]


class _Share(Struct, frozen=True, forbid_unknown_fields=True):
    ring: str
    party: str
    share: bytes


def harden() -> bool:
    """No core dump of this process, none may read its memory; whether its memory is locked too."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(ctypes.c_int(_DUMPABLE), *(ctypes.c_ulong(0) for _ in range(4)))
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    # With a small limit, locking all would make the next allocation fail.
    return unlimited and libc.mlockall(ctypes.c_int(_LOCK_ALL)) == 0


def recipient(text: str) -> object:
    """The age recipient `text`: X25519, SSH, or of a plug-in. Raises InputError if it is none."""
    with contextlib.suppress(pyrage.RecipientError):
        return pyrage.x25519.Recipient.from_str(text)
    with contextlib.suppress(pyrage.RecipientError):
        return pyrage.ssh.Recipient.from_str(text)
    try:
        found = pyrage.plugin.Recipient.from_str(text)
        return pyrage.plugin.RecipientPluginV1(found.plugin(), [found], [], Prompts())
    except (pyrage.RecipientError, pyrage.EncryptError, ValueError) as error:
        raise InputError(
            f"{text[:40]!r} is no age recipient",
            mend="Write age1…, an SSH public key, or that of an installed plug-in",
        ) from error


def identity(text: str) -> object:
    """The age identity `text`: X25519, SSH, or of a plug-in. Raises InputError if it is none."""
    with contextlib.suppress(pyrage.IdentityError):
        return pyrage.x25519.Identity.from_str(text.strip())
    try:
        if text.startswith("AGE-PLUGIN-"):
            found = pyrage.plugin.Identity.from_str(text.strip())
            return pyrage.plugin.IdentityPluginV1(found.plugin(), [found], Prompts())
        return pyrage.ssh.Identity.from_buffer(text.encode())
    except (pyrage.IdentityError, pyrage.DecryptError, ValueError) as error:
        raise InputError(
            "is no age identity",
            mend="Write AGE-SECRET-KEY-1…, AGE-PLUGIN-… of an installed plug-in, or an SSH key",
        ) from error


def split(private: bytes, random: Random) -> tuple[bytes, bytes]:
    """Two shares of `private`: either alone is random, both together (XOR) are it."""
    pad = random(len(private))
    return pad, joined(pad, private)


def joined(one: bytes, other: bytes) -> bytes:
    """What `split` took apart."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def make(task: Task, random: Random = os.urandom) -> None:
    """Make the ring `task.folder`, whole or not at all; one that is there stays.

    Raises InputError for a recipient that is none, VaultError where it cannot be written.
    """
    folder = Path(task.folder)
    parties = dict(zip(PARTIES, (task.operator, task.commissioner), strict=True))
    to = {party: [recipient(text) for text in texts] for party, texts in parties.items()}
    private = bytearray(random(32))
    try:
        public = public_of(bytes(private))
        shares = split(bytes(private), random)
    finally:
        private[:] = bytes(32)
    files = {
        "ring.json": json.dumps({"public": public.hex()}).encode(),
        "cameras": b"",
        "slots": b"",
    }
    for party, share in zip(PARTIES, shares, strict=True):
        told = msgspec.msgpack.encode(_Share(folder.name, party, share))
        files[f"{party}.age"] = _sealed(told, to[party])
    try:
        if folder.exists():
            return
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(folder.parent)  # a day's whose process was killed is not made again the next day
        with folder_beside(folder, mode=0o700) as fresh:
            mark_no_copies(fresh)
            for name, data in files.items():
                (fresh / name).touch(mode=0o600)
                (fresh / name).write_bytes(data)
    except OSError as error:
        raise VaultError(
            f"the keys of {folder.name} cannot be made ({error.strerror})", where=str(folder)
        ) from error


def _sealed(data: bytes, to: Sequence[object]) -> bytes:
    try:
        return bytes(pyrage.encrypt(data, list(to)))
    except pyrage.EncryptError as error:
        raise VaultError("a share could not be sealed to its custodians", where="age") from error


def open_share(folder: Path, party: str, identities: Iterable[object]) -> bytes:
    """The share of `party` in the ring `folder`, opened by `identities`. Raises VaultError."""
    try:
        sealed = (folder / f"{party}.age").read_bytes()
    except OSError as error:
        raise VaultError(f"the {party}'s share cannot be read", where=str(folder)) from error
    return opened_share(sealed, folder.name, party, identities)


def opened_share(sealed: bytes, ring: str, party: str, identities: Iterable[object]) -> bytes:
    """The share of `party` in the ring called `ring`, from its sealed form. Raises VaultError."""
    try:
        told = msgspec.msgpack.decode(pyrage.decrypt(sealed, list(identities)), type=_Share)
    except (pyrage.DecryptError, *UNDECODED) as error:
        raise VaultError(
            f"the {party}'s share does not open with this identity", where=ring
        ) from error
    if (told.ring, told.party) != (ring, party):
        raise VaultError("a share of another day or party lies here", where=ring)
    return bytes(told.share)


def main() -> int:
    """Make the ring of the task on standard input; 0, or 1 and a line on standard error."""
    harden()
    try:
        make(msgspec.json.decode(sys.stdin.buffer.read(), type=Task))
    except PlainviewError as error:
        sys.stderr.write(error.line())
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
