"""The second wall: the process that forks starts nothing but what is permitted, or a recording.

It trusts its parent for two public keys, given once, and for nothing else. Of a live camera's start
it verifies the grant for what the start claims to be. The zygote itself reads no task: addresses
hold passwords, plates are pictures, and whatever it reads its later children inherit. So each child
holds its own task against the claim, before it does anything else with it.

Without a grant there is one thing to be had: a video file that somebody holds, measured once.
"""

import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from plainview import __version__
from plainview.errors import UNDECODED, PermitRefused, PlainviewError
from plainview.governance.capability import RECORD, VIEW, to_watch
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.record import EventKind
from plainview.vision import sources
from plainview.vision.spec import TapSpec
from plainview.vision.task import LensTask, Refused, Trust, claims

_MEND = "Live cameras are started by 'plainview run', from an assessment that was approved"


class Admitted(NamedTuple):
    """What a tap and a lens may be."""

    source: str | None
    """Of a live camera, without credentials; None for a recording."""
    view: str = ""
    """The fingerprint of both together, for a live camera."""
    until: int | None = None
    """UTC milliseconds at which both must have ended."""
    events: tuple[EventKind, ...] = ()
    """The kinds of event that a live lens may look for."""
    record: bool = False
    """Whether a live tap may hand its packets to a recorder."""
    picture: bool = False
    """Whether a live lens may draw the redacted view."""


RECORDING = Admitted(source=None)


class Gate:
    """Owns the keys that starts are judged by. Loads what that takes when it is made."""

    def __init__(self, trust: Trust | None) -> None:
        """Without `trust` recordings alone can be started. Raises InputError for no keys."""
        self._trusted = None
        if trust is not None:
            # Cryptography; a zygote for one recording does without.
            from plainview.governance import lapse, permit  # noqa: PLC0415 - see above

            self._trusted = lapse.keys(trust.authority, trust.ledger)
            self._admit = lapse.admit_until
            self._grants = msgspec.msgpack.Decoder(permit.Grant)
            # Once, so that what cryptography sets up is there before children share it.
            self._trusted.authority.verify("", bytes(64))

    def admit(self, claim: bytes) -> Admitted:
        """What may be forked for `claim` (MessagePack of a `task.Claim`, or nil), and until when.

        Raises PermitRefused.
        """
        try:
            told = claims.decode(claim)
            if told is None:
                return RECORDING
            if self._trusted is None:
                raise PermitRefused(
                    "this process was given no keys to judge a permit by",
                    where=f"camera {told.camera}",
                )
            grant = self._grants.decode(told.grant)
            view = fingerprint(told.source, told.view)
            _, until = self._admit(
                grant,
                self._trusted,
                camera=told.camera,
                fingerprint=view,
                needs=(
                    *to_watch(told.events),
                    *([RECORD] if told.record else ()),
                    *([VIEW] if told.picture else ()),
                ),
                now=int(time.time() * 1000),
                software=__version__,
            )
        except UNDECODED as error:
            raise PermitRefused("this is no grant", where="permit", mend=_MEND) from error
        source = bare_source(told.source)
        return Admitted(source, view, until, told.events, told.record, told.picture)


def check_tap(spec: TapSpec, admitted: Admitted) -> None:
    """Raise PermitRefused unless a tap of `spec` is what was admitted. Opens nothing."""
    if spec.record and not admitted.record:
        raise PermitRefused("recording is not permitted", where="tap")
    if admitted.source is not None:
        if not spec.live or bare_source(spec.source) != admitted.source:
            raise PermitRefused("the source is not the one of the permit", where="tap")
        return
    _check_recording(spec)


def check_recording(sockets: Sequence[int], admitted: Admitted) -> None:
    """Raise PermitRefused unless there is a socket exactly where recording is permitted."""
    if len(sockets) != int(admitted.record):
        raise PermitRefused("recording is not permitted, or to nowhere", where="zygote")
    if not all(stat.S_ISSOCK(os.fstat(fd).st_mode) for fd in sockets):
        raise PermitRefused("the recorder is not at the end of a socket", where="zygote")


def check_pictures(pipes: Sequence[int], admitted: Admitted) -> None:
    """Raise PermitRefused unless there is a pipe for pictures exactly where they are permitted."""
    if len(pipes) != int(admitted.picture):
        raise PermitRefused("the view is not permitted, or leads nowhere", where="zygote")
    if not all(stat.S_ISFIFO(os.fstat(fd).st_mode) for fd in pipes):
        raise PermitRefused("pictures do not go into a pipe", where="zygote")


def check_lens(task: LensTask, admitted: Admitted) -> None:
    """Raise PermitRefused unless a lens of `task` is what was admitted."""
    for_view = task.spec.picture or task.admitted is not None or task.looks is not None
    if for_view and not admitted.picture:
        raise PermitRefused("the view is not permitted", where="lens")
    if admitted.source is not None:
        if not task.spec.live or fingerprint(admitted.source, task.spec.view) != admitted.view:
            raise PermitRefused("the view is not the one of the permit", where="lens")
        more = [kind.value for kind in task.spec.events if kind not in admitted.events]
        if more:
            raise PermitRefused(f"events not permitted: {', '.join(more)}", where="lens")
    elif task.spec.live:
        raise PermitRefused("a live lens needs a permit", where="lens", mend=_MEND)


def check_pipe(writing: int, reading: int) -> None:
    """Raise PermitRefused unless both are ends of one pipe: a tap feeds the lens it came with."""
    ends = [os.fstat(fd) for fd in (writing, reading)]
    if not all(stat.S_ISFIFO(end.st_mode) for end in ends) or not os.path.samestat(*ends):
        raise PermitRefused("tap and lens are not joined by one pipe", where="zygote")


def _check_recording(spec: TapSpec) -> None:
    source = sources.resolve(spec)
    where = source.name
    if spec.live or spec.loop:
        raise PermitRefused("a live camera needs a permit", where=where, mend=_MEND)
    if source.kind != "file":
        raise PermitRefused("only a recording can be measured unassessed", where=where, mend=_MEND)
    try:
        found = Path(source.address).stat()
    except (OSError, ValueError):
        # There is nothing, or a folder that may not be read: the tap says which. Whatever takes its
        # place meanwhile, a tap of this kind opens regular files only (`sources.file`).
        return
    if not stat.S_ISREG(found.st_mode) and not stat.S_ISDIR(found.st_mode):
        raise PermitRefused("only a recording can be measured unassessed", where=where, mend=_MEND)


def refusal(error: PlainviewError) -> Refused:
    """`error` as the zygote's answer, within its bounds."""
    return Refused(*(part[:400] for part in (error.what, error.where, error.mend)))
