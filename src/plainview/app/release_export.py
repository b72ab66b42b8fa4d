"""`plainview release export | verify`: opened footage as films, counted, marked and vouched for.

The order of steps is the guarantee: what is asked for is checked, the ledger is told, and only when
that is durable is anything decrypted. Films get their names last and together, when the ledger has
their manifest, so that none is `durable.beside` its own: what a crash leaves before is called
`.part` and is removed at the next try.
"""

import contextlib
import datetime as dt
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Final, NamedTuple

from plainview import __version__
from plainview.app.officers import office_of, read_key
from plainview.app.release_region import NONE, Regions, read_regions
from plainview.app.vault import vault_of
from plainview.app.witnessing import WitnessAsker
from plainview.config import load_city
from plainview.document.given import read_given
from plainview.durable import put, sync_folder
from plainview.errors import InputError, LedgerLie, LensError
from plainview.fleet.release import Filmed, Job, film
from plainview.governance import release_office
from plainview.governance.office import Office
from plainview.governance.person import Person
from plainview.governance.release import (
    Export,
    ExportedFile,
    Order,
    Request,
    note_digest,
    read_document,
    sign_document,
)
from plainview.governance.release_standing import GRANTED, FootageRelease
from plainview.ledger.entry import encode_entry
from plainview.ledger.note import Verifier
from plainview.vault import daykey, release_keys
from plainview.vault.layout import Layout
from plainview.vault.release import opened_keys, pictures

_MOST: Final = 1_000_000
_PIECE: Final = 1 << 20
MANIFEST: Final = "manifest.txt"

Films = Callable[[Job, Iterable[bytes], Callable[[bytes], object]], Filmed]
"""Makes a film of a camera's messages: `fleet.release.film`."""
Step = Callable[[str], object]
"""Called before each step: tests and benchmarks kill there."""
STEPS: Final = ("check", "record", "decrypt", "film", "sign", "tell", "name")


class Exporting(NamedTuple):
    """What is to be exported."""

    id: str
    keys: Path
    """What the second custodian gave back."""
    region: Path | None
    out: Path
    """A folder, made if need be."""
    key: Path
    """The officer's signing key."""


class _Checked(NamedTuple):
    known: FootageRelease
    request: Request
    order: Order
    sealed: bytes
    regions: Regions


def export(wish: Exporting, *, city: Path, state: Path | None) -> Iterator[str]:
    """Make the films of a release; what was made. Raises InputError, PermitRefused, VaultError."""
    daykey.harden()
    layout, _, folder = vault_of(city, state)
    layout.check_identity()
    signer = read_key(wish.key)
    ledger = load_city(city).ledger
    with office_of(folder) as office:
        log = Verifier.from_vkey(office.ledger.vkey)
        asker = WitnessAsker(office.ledger, log, ledger.policy, clock=office.clock)
        done = exported(office, layout, office.person_of(signer), wish, witness=asker.round)
    for one in done.files:
        begin, end = (
            dt.datetime.fromtimestamp(t / 1000, tz=dt.UTC) for t in (one.since, one.until)
        )
        yield (
            f"{wish.out / one.name}: {one.frames} pictures of {one.camera}, "
            f"from {begin:%Y-%m-%d %H:%M:%S} to {end:%H:%M:%S} UTC"
        )
    how = "obscured" if done.redacted else "AS RECORDED"
    yield f"{wish.out / MANIFEST}: export {done.number} of release {done.id}, {how}, signed"


def exported(
    office: Office,
    layout: Layout,
    person: Person,
    wish: Exporting,
    *,
    films: Films = film,
    step: Step = lambda _: None,
    witness: Callable[[], object] = lambda: None,
) -> Export:
    """The same, as a function of its parts; the manifest.

    `witness` has the last checkpoint cosigned, so that the proofs beside the films are.
    """
    step("check")
    checked = _check(office, wish)
    with _alone(wish.out):
        step("record")
        known, number = release_office.opening(
            office, person, wish.id, region=checked.regions.digest
        )
        step("decrypt")
        own = release_keys.load(layout, wish.id)
        keys = opened_keys(checked.sealed, own, checked.order, known.order)
        files = [
            _film(layout, checked, keys, _Part(camera, number, wish.out), films, step)
            for camera in checked.request.cameras
        ]
        made = [one for one in files if one is not None]
        if not made:
            raise InputError(
                "the recordings hold no picture of that time", where=f"release {wish.id}"
            )
        step("sign")
        manifest = Export(
            id=known.id,
            number=number,
            case=checked.request.case,
            request=known.request,
            order=known.order,
            granted=known.granted,
            opened=known.opened[-1],
            files=tuple(made),
            redacted=not checked.request.unredacted,
            region=checked.regions.digest,
            software=__version__,
            ledger=office.ledger.vkey,
            t=office.now(),
        )
        note = sign_document(manifest, office.authority)
        step("tell")
        size = sum(one.bytes for one in made)
        place = release_office.exported(office, known, number, note, size)
        witness()
        step("name")
        places = {"granted": manifest.granted, "opened": manifest.opened, "exported": place}
        for name, index in places.items():
            ((_, entry),) = office.ledger.entries(index, index + 1)
            put(wish.out / f"{name}.json", encode_entry(entry))
            put(wish.out / f"{name}.tlog-proof", office.ledger.proof(index).encode())
        _name(wish.out, manifest, note, checked.regions)
        return manifest


def _check(office: Office, wish: Exporting) -> _Checked:
    """Everything that can be refused before the ledger is told."""
    known = release_office.find(office, wish.id, GRANTED)
    request = release_office.request_of(office, known)
    order = release_office.order_of(office, known)
    regions = NONE if wish.region is None else read_regions(wish.region)
    strange = set(regions.tracks) - set(request.cameras)
    if strange:
        raise InputError(f"there is no {min(strange)!r} in this release", where=str(wish.region))
    if regions.tracks and request.unredacted:
        raise InputError("nothing is obscured in this release", where="--region", mend="Leave it")
    try:
        sealed = read_given(wish.keys, _MOST)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(wish.keys)) from error
    return _Checked(known, request, order, sealed, regions)


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """The folder of the films, empty and for nobody else while the block runs. Raises InputError.

    It is made if need be; what a killed export left half is removed.
    """
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = os.open(out, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if any(not path.name.endswith(".part") for path in out.iterdir()):
                raise InputError("is not empty", where=str(out), mend="Give another --out")
            for half in out.glob("*.part"):
                half.unlink()
            yield
        finally:
            os.close(held)
    except BlockingIOError as error:
        raise InputError(
            "another export is being written there", where=str(out), mend="Give another --out"
        ) from error
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(out)) from error


class _Part(NamedTuple):
    camera: str
    number: int
    out: Path


def _film(
    layout: Layout,
    checked: _Checked,
    keys: tuple[bytes, ...],
    part: _Part,
    films: Films,
    step: Step,
) -> ExportedFile | None:
    """The film of one camera as `.part`; None where it has no picture of that time."""
    camera, number, out = part
    request = checked.request
    job = Job(
        camera=camera,
        text=f"PLAINVIEW RELEASE {request.id}  CASE {request.case}  EXPORT {number}",
        since=request.since * 1000,
        until=request.until * 1000,
        redacted=not request.unredacted,
        visible=request.visible / 100,
        tracks=checked.regions.tracks.get(camera, ()),
    )
    name = f"{request.id}-{number}-{camera}.mp4"
    step("film")
    messages = pictures(layout, checked.order, keys, camera, job.since)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with os.fdopen(os.open(out / f"{name}.part", flags, 0o600), "wb") as file:
        sink = _Sink(file)
        done = films(job, messages, sink.write)
        file.flush()
        os.fsync(file.fileno())
    if not done.told.frames:
        (out / f"{name}.part").unlink()
        return None
    if not done.told.sealed:
        raise LensError(
            f"the film's process could not be sealed ({', '.join(done.told.missing)})",
            where=camera,
            mend="Use a kernel with Landlock and seccomp",
        )
    return ExportedFile(
        name=name,
        sha256=sink.digest.hexdigest(),
        bytes=done.bytes,
        camera=camera,
        frames=done.told.frames,
        since=done.told.first // 1000,
        until=done.told.last // 1000,
    )


class _Sink:
    """Owns the digest of what is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self.digest.update(data)
        self._file.write(data)


def _name(out: Path, manifest: Export, note: str, regions: Regions) -> None:
    """Give the films their names, with what vouches for them beside."""
    if regions.text:
        put(out / "region.toml", regions.text.encode())
    put(out / MANIFEST, note.encode())
    for one in manifest.files:
        (out / f"{one.name}.part").rename(out / one.name)
    sync_folder(out)


def verified(folder: Path, key: str) -> Iterator[str]:
    """Check an export's folder with the authority's key alone; what held. Raises LedgerLie."""
    try:
        note = read_given(folder / MANIFEST, _MOST).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("there is no manifest", where=str(folder)) from error
    manifest, _ = read_document(note, Export, [Verifier.from_vkey(key)])
    yield f"held: the manifest of export {manifest.number} of release {manifest.id} is signed"
    for one in manifest.files:
        yield _held(folder / one.name, one)
    how = "everybody outside of hand-drawn regions is obscured"
    yield how if manifest.redacted else "the pictures are as they were recorded"
    yield f"made by Plainview {manifest.software}; digest of the manifest: {note_digest(note)}"


def _held(path: Path, told: ExportedFile) -> str:
    digest = hashlib.sha256()
    try:
        if path.exists() and not path.is_file():
            raise InputError("this is not a film", where=str(path))
        with path.open("rb") as file:
            while data := file.read(_PIECE):
                digest.update(data)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", where=str(path)) from error
    if digest.hexdigest() != told.sha256:
        raise LedgerLie("is not the film that was given out: it was changed", where=str(path))
    return f"held: {told.name} is as it was given out, {told.frames} pictures of {told.camera}"
