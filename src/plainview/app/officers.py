"""The people of one machine, and the stop switch from the command line."""

import contextlib
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path

from plainview.app import enrolling
from plainview.app.orders import is_centre, kept, said
from plainview.app.state import begun, existing, usual
from plainview.clock import SystemClock
from plainview.document.given import read_given
from plainview.durable import sync_folder
from plainview.errors import InputError, LedgerError, PlainviewError
from plainview.governance.office import Office
from plainview.governance.order import note_of
from plainview.governance.orders import Heard, mark_of, told
from plainview.governance.person import Person, Role
from plainview.governance.standing import Stop
from plainview.governance.switch import Switch, reason
from plainview.ledger.entry import plain
from plainview.ledger.note import Signer

_MOST_KEY = 4096


@contextlib.contextmanager
def office_of(state: Path | None, *, make: bool = False) -> Iterator[Office]:
    """The office of the state folder `state`, beside a running Plainview or without one.

    With `make` the folder is begun if there is none. Raises InputError, LedgerError.
    """
    folder = begun(state) if not make else (state or usual())
    if make:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"the state folder cannot be made ({error.strerror})", where=str(folder)
            ) from error
    with Office(folder, SystemClock()) as office:
        yield office


def read_key(path: Path) -> Signer:
    """The signing key in the file `path`. Raises InputError."""
    try:
        text = read_given(path, _MOST_KEY).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InputError(
            f"the key cannot be read ({reason})",
            where=str(path),
            mend="Give the file that 'plainview officer enrol' wrote",
        ) from error
    try:
        return Signer.from_text(text.strip())
    except InputError as error:
        # The text of a private key is not repeated.
        raise InputError(
            "this is no signing key",
            where=str(path),
            mend="Give the file that 'plainview officer enrol' wrote",
        ) from error


def write_key(path: Path, signer: Signer) -> None:
    """Write a new key, readable by its owner alone. Raises InputError; replaces no file."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{signer.text()}\n")
            file.flush()
            os.fsync(descriptor)
        sync_folder(path.parent)
    except FileExistsError as error:
        raise InputError(
            "there is a file already", where=str(path), mend="Give another with --out"
        ) from error
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise InputError(
            f"cannot be written ({error.strerror})",
            where=str(path),
            mend="Nobody was enrolled. Give another place with --out",
        ) from error


def enrol(name: str, role: Role, out: Path, state: Path | None) -> str:
    """Enrol an officer and write their key to `out`; one line that says so."""
    with office_of(state, make=True) as office, enrolling.alone(office.keys) as note:
        before = enrolling.settle(note, office)
        if out.exists():
            mend = f"{before}. Give another with --out" if before else "Give another with --out"
            raise InputError("there is a file already", where=str(out), mend=mend)

        def keep(signer: Signer) -> None:
            enrolling.begin(note, out, signer)
            try:
                write_key(out, signer)
            except InputError:
                enrolling.end(note)
                raise

        try:
            office.enrol(name, role, keep)
        except PlainviewError:
            with contextlib.suppress(
                LedgerError, InputError
            ):  # the note stays: whoever comes next settles it
                enrolling.settle(note, office)
            raise
        enrolling.end(note)
    said = f"{out}: the key of {plain(name)}, {role}. Keep it where nobody else can read it"
    return f"{before}\n{said}" if before else said


def listing(state: Path | None) -> list[str]:
    """The officers, a line each."""
    with office_of(state) as office:
        return [
            f"{key}: {name or '(name erased)'}, {officer.role}"
            for key, officer, name in office.officers()
        ] or ["no officer is enrolled: see 'plainview officer enrol --help'"]


def remove(key_name: str, why: str, state: Path | None) -> str:
    """Take an officer's rights away; one line that says so."""
    with office_of(state) as office:
        office.dismiss(key_name, reason(why))
    return f"{key_name}: counts no more"


def stop(
    scope: str,
    why: str,
    *,
    key: Path | None,
    name: str | None,
    role: Role,
    state: Path | None,
) -> str:
    """Press a stop switch; one line that says what happens."""
    folder = existing(state)
    with office_of(folder) as office:
        person = office.person_of(read_key(key)) if key else _named(name, role)
        centre = is_centre(folder)
        with contextlib.closing(Switch(office, folder, orders=centre)) as switch:
            if not switch.press(person, scope, why):
                return f"{scope}: stopped, but not yet in the ledger: {switch.trouble}"
    if centre:
        return (
            f"{scope}: stopped. Sites that obey this centre are told within 5 s, or as soon as they"
            " can be reached: 'plainview stop' says which have confirmed. Two people lift it, at"
            " the centre and at each site"
        )
    return f"{scope}: stopped. A Plainview that runs here obeys within 5 s; two people can lift it"


def resume(scope: str, why: str, *, key: Path, state: Path | None) -> str:
    """Agree that what was stopped may start again; one line that says whether it does."""
    folder = existing(state)
    with office_of(folder) as office, contextlib.closing(Switch(office, folder)) as switch:
        done = switch.lift(office.person_of(read_key(key)), scope, why)
    if done:
        return f"{scope}: two people have agreed; it may start again"
    return f"{scope}: agreed. A second person must agree too before it starts again"


def stops(state: Path | None) -> list[str]:
    """The stop switches that are pressed, a line each; at a centre, what each site made of it."""
    folder = existing(state)
    lines = []
    with office_of(folder) as office, contextlib.closing(Switch(office, folder)) as switch:
        sites, amiss = _said_by_sites(folder)
        where = {name: camera.site for name, camera in office.standing().cameras.items()}
        for stop in switch.stops().values():
            why = f"from the centre: {stop.why}" if stop.centre else stop.why
            agreed = f"{len(stop.agreed)} of 2 have agreed to start it again"
            lines.append(f"{stop.scope}: {why} ({agreed})")
            if sites is not None:
                found = told(stop, _mark(office, stop), sites, where)
                lines.append(f"  {said(found, office.clock.utc(), _moment)}")
        lines = lines or ["no stop switch is pressed"]
        if sites is not None:
            lines += [
                "A site obeys this centre once its CITY.toml has these two lines:",
                "[orders]",
                f'centre = "{office.authority.vkey}"',
            ]
    return [*lines, amiss] if amiss else lines


def _mark(office: Office, stop: Stop) -> str:
    """Of the order that `stop` is; empty while it waits for the ledger."""
    if stop.index < 0:
        return ""
    return mark_of(note_of(stop, office.authority))


def _said_by_sites(folder: Path) -> tuple[dict[str, Heard] | None, str]:
    """What sites have said to the centre that this is, and why that cannot be told."""
    try:
        return kept(folder), ""
    except LedgerError as error:
        return None, error.line()


def _moment(t: float) -> str:
    return f"{dt.datetime.fromtimestamp(t, dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def _named(name: str | None, role: Role) -> Person:
    if not name or not name.strip():
        raise InputError(
            "nobody is named who stops it",
            where="--name",
            mend="Give your name with --name, or --key FILE",
        )
    return Person(" ".join(name.split())[:200], role)
