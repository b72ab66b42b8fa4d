"""Enrolling somebody: a key in a file and an entry in the ledger, both or neither.

A power cut may come between the two. So what is to be written is noted first, and whoever enrols or
starts next looks at the note: a key that the ledger knows stays, any other is deleted.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from plainview.durable import sync_folder
from plainview.errors import InputError, PlainviewError
from plainview.governance.office import Office
from plainview.ledger.note import Signer

NOTE = "enrolling"
_MOST = 4096


class _Begun(Struct, frozen=True):
    """A key that is on its way into a file."""

    out: str
    """Absolute path."""
    name: str
    vkey: str
    """Its public half."""


@contextlib.contextmanager
def alone(keys: Path, *, wait: bool = True) -> Iterator[int]:
    """The note in the folder `keys`, for this process alone: its file descriptor.

    The lock is the kernel's and ends with the process. Raises InputError where it cannot be had,
    and BlockingIOError where somebody else has it and no `wait` is wanted.
    """
    try:
        note = os.open(keys / NOTE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _cannot(error) from error
    try:
        sync_folder(keys)
        fcntl.flock(note, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield note
    finally:
        os.close(note)


def begin(note: int, out: Path, signer: Signer) -> None:
    """Note, durably, that the key of `signer` is about to be written to `out`."""
    _write(note, msgspec.json.encode(_Begun(str(out.absolute()), signer.name, signer.vkey)))


def end(note: int) -> None:
    """Key and entry are both there."""
    _write(note, b"")


def settle(note: int, office: Office) -> str:
    """Finish or undo what was cut off; a line that says so, empty where nothing was.

    Raises LedgerError, and InputError where nothing can be written; the note stays then.
    """
    text = os.pread(note, _MOST, 0)
    if not text:
        return ""
    try:
        begun = msgspec.json.decode(text, type=_Begun)
    except msgspec.DecodeError:
        end(note)  # The power went while the note was written: no key was begun yet.
        return ""
    office.refresh()
    officer = office.standing().officers.get(begun.name)
    out = Path(begun.out)
    if officer is not None and officer.key == begun.vkey:
        end(note)
        return f"{out}: an enrolment was cut off at its end; this key counts ({begun.name})"
    gone = _undo(out, begun)
    end(note)
    what = "its key was deleted" if gone else "no key was written"
    return f"{out}: an enrolment was cut off before the ledger had it. Nobody was enrolled, {what}"


def settled(keys: Path, office: Office) -> str:
    """As `settle`, for who enrols nobody; empty too while somebody else is enrolling."""
    if not (keys / NOTE).is_file():
        return ""
    try:
        with alone(keys, wait=False) as note:
            return settle(note, office)
    except BlockingIOError:
        return ""


def _write(note: int, data: bytes) -> None:
    try:
        os.ftruncate(note, 0)
        os.pwrite(note, data, 0)
        os.fsync(note)
    except OSError as error:
        raise _cannot(error) from error


def _cannot(error: OSError) -> InputError:
    return InputError(
        f"cannot be written ({error.strerror})",
        where=f"keys/{NOTE}",
        mend="Nobody was enrolled. Make the state folder writable, with room",
    )


def _undo(out: Path, begun: _Begun) -> bool:
    """Delete the key file at `out` if it is the one that was begun."""
    try:
        held = out.read_text(encoding="ascii")[:_MOST].strip()
    except (OSError, UnicodeDecodeError):
        return False
    try:
        mine = Signer.from_text(held).vkey == begun.vkey
    except PlainviewError:
        mine = not held  # made, and the power went before the key was in it
    if mine:
        out.unlink()
        sync_folder(out.parent)
    return mine
