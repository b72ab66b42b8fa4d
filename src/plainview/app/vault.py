"""`plainview vault …`: prove the invariants, destroy what is due, set a hold, confirm the clock."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from plainview.app.officers import office_of, read_key
from plainview.app.recording import entry_of, terms_of, vault_folder
from plainview.app.state import DEFAULT
from plainview.clock import Clock, SystemClock
from plainview.config import load_city
from plainview.config.recording import RecordingConfig
from plainview.document.given import read_given
from plainview.errors import InputError, VaultError
from plainview.governance.office import Office
from plainview.governance.switch import reason
from plainview.ledger.entry import EntryKind
from plainview.plural import counted
from plainview.sweep import CONFIRMED, Sweeper
from plainview.vault import daykey
from plainview.vault.check import INVARIANTS, check
from plainview.vault.hold import Hold, check_hold, ended, held, wanted
from plainview.vault.layout import HOLD, PARTIES, Layout, alone
from plainview.vault.watch import Watch

_SETTLE = 3.0
_MOST_IDENTITY = 65_536


def checked(
    city: Path, state: Path | None, identities: Sequence[Path | None], *, as_json: bool
) -> tuple[bool, Iterator[str]]:
    """Whether every invariant holds, and the lines that say so. Raises InputError, VaultError.

    `identities`: the operator's and the commissioner's age identity files, to open what is there.
    """
    layout, _, _ = vault_of(city, state)
    private: dict[str, bytes] = {}
    given = [path for path in identities if path is not None]
    if len(given) == 1:
        raise InputError("one custodian alone opens nothing", mend="Give both, or neither")
    if given:
        opened = _opener(layout, given)
        private = {folder.name: opened(folder.name) for folder in layout.rings()}
    done = check(layout, SystemClock().utc(), private, settle=_SETTLE)
    if as_json:
        return not done.findings, iter([msgspec.json.encode(done._asdict()).decode()])
    return not done.findings, _check_lines(
        {i: [f.what for f in done.findings if f.invariant == i] for i in INVARIANTS},
        f"{counted(done.keys, 'key')}, {counted(done.recordings, 'recording')}, "
        f"{done.opened:,} opened",
        opened=bool(given),
    )


def _check_lines(found: dict[str, list[str]], counted: str, *, opened: bool) -> Iterator[str]:
    for name, meaning in INVARIANTS.items():
        if found[name]:
            yield f"{name} BROKEN: {meaning}"
            yield from (f"   {what}" for what in found[name][:20])
            if found[name][20:]:
                yield f"   and {len(found[name]) - 20} more"
        elif name == "I9" and not opened:
            yield f"{name} not looked at: give both custodians' identities"
        else:
            yield f"{name} holds: {meaning}"
    yield counted


def sweep(city: Path, state: Path | None) -> str:
    """Destroy what is due, once; what was done. Raises VaultError where that is not in order."""
    layout, config, folder = vault_of(city, state)
    with office_of(folder) as office:
        done = _sweeper(layout, config, office, SystemClock()).turn()
    if done.trouble:
        raise VaultError(done.trouble, where=str(layout.root))
    assert done.swept is not None  # noqa: S101 - otherwise there was trouble
    return f"{done.swept.keys} keys destroyed, {done.swept.rings} days gone as a whole"


def confirm_clock(city: Path, state: Path | None) -> str:
    """Say that this machine's clock is right; the sweeper goes by it at its next pass."""
    layout, _, _ = vault_of(city, state)
    layout.check_identity()
    (layout.root / CONFIRMED).touch()
    now = dt.datetime.now(dt.UTC)
    return f"{now:%Y-%m-%d %H:%M} UTC: what is due by this clock is destroyed within a minute"


class Asked(NamedTuple):
    """A hold as a person asks for it; times as they write them, in UTC."""

    case: str
    cameras: Sequence[str]
    since: str
    until: str
    ends: str
    why: str
    key: Path
    """The officer's signing key."""
    identities: Sequence[Path]
    """The operator's and the commissioner's age identity files."""


def hold(wish: Asked, *, city: Path, state: Path | None) -> str:
    """Set a legal hold with both custodians' identities. The ledger is told before.

    Raises InputError, AccessRefused, LedgerError, VaultError.
    """
    layout, config, folder = vault_of(city, state)
    layout.check_identity()
    now = SystemClock().utc()
    asked = Hold(
        wish.case,
        frozenset(wish.cameras),
        moment_of(wish.since),
        moment_of(wish.until),
        round(moment_of(wish.ends)),
    )
    check_hold(asked, now)
    opened = _opener(layout, wish.identities)
    private = {name: opened(name) for name in wanted(layout, asked)}
    if not private:
        raise InputError("there is nothing of that time", where="--from", mend="See 'vault check'")
    with office_of(folder) as office:
        person = office.person_of(read_key(wish.key))
        office.record(
            office.entry(
                EntryKind.FOOTAGE_HELD,
                "city",
                person,
                case=wish.case,
                why=wish.why,
                cameras=sorted(asked.cameras)[:64],
                since=round(asked.since * 1000),
                until=round(asked.until * 1000),
                ends=asked.ends * 1000,
            )
        )
        with alone(layout.root / "sweeper.lock", "sweeper"):
            count = held(
                layout,
                asked,
                lambda ring: daykey.Task(str(ring), config.operator, config.commissioner),
                private.__getitem__,
            )
    return f"{count} recordings are held for {wish.case} until {wish.ends}, and then destroyed"


def end_hold(
    case: str,
    why: str,
    *,
    key: Path,
    identities: Sequence[Path],
    city: Path,
    state: Path | None,
) -> str:
    """End a legal hold early, with both custodians' identities. The ledger is told before.

    Raises InputError, AccessRefused, LedgerError, VaultError.
    """
    layout, config, folder = vault_of(city, state)
    layout.check_identity()
    if not (layout.keys / f"{HOLD}{case}").is_dir():
        raise InputError(f"there is no hold {case[:60]!r}", where="vault")
    private = _opener(layout, identities)(f"{HOLD}{case}")
    clock = SystemClock()
    with office_of(folder) as office:
        person = office.person_of(read_key(key))
        office.record(
            office.entry(EntryKind.HOLD_ENDED, "city", person, case=case, why=reason(why))
        )
        with alone(layout.root / "sweeper.lock", "sweeper"):
            count = ended(layout, case, private, clock.utc())
        done = _sweeper(layout, config, office, clock).turn()
    if done.trouble:
        raise VaultError(done.trouble, where=str(layout.root))
    return f"the hold {case} is over: {count} recordings of it are destroyed"


def _sweeper(layout: Layout, config: RecordingConfig, office: Office, clock: Clock) -> Sweeper:
    return Sweeper(
        layout,
        Watch(clock, layout.root / "clock"),
        lambda batch: office.record(entry_of(office, batch)),
        lambda: terms_of(office, config.longest),
    )


def vault_of(city: Path, state: Path | None) -> tuple[Layout, RecordingConfig, Path]:
    """The vault of the file `city`, its table, and the state folder. Raises InputError."""
    found = load_city(city)
    if found.recording is None:
        raise InputError(
            "nothing is recorded here", where=str(city), mend="Add a [recording] table"
        )
    folder = state or found.state or DEFAULT
    return Layout(vault_folder(found.recording, folder)), found.recording, folder


def _opener(layout: Layout, files: Sequence[Path]) -> Callable[[str], bytes]:
    """What gives a ring's private half, from both custodians' files. Raises InputError."""
    daykey.harden()
    identities = [identities_in(path) for path in files]

    def opened(ring: str) -> bytes:
        shares = [
            daykey.open_share(layout.keys / ring, party, own)
            for party, own in zip(PARTIES, identities, strict=True)
        ]
        return daykey.joined(*shares)

    return opened


def identities_in(path: Path) -> list[object]:
    """The age identities in a file. Raises InputError."""
    try:
        text = read_given(path, _MOST_IDENTITY).decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("cannot be read", where=str(path), mend="Give an age identity") from error
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    try:
        if keys and keys[0].startswith("AGE-"):
            return [daykey.identity(line) for line in keys]
        return [daykey.identity(text)]
    except InputError as error:
        raise InputError(error.what, where=str(path), mend=error.mend) from error


def moment_of(text: str) -> float:
    """UTC seconds of a time as people write it. Raises InputError."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(
            f"{text[:40]!r} is no time", mend="Write 2026-11-23 or 2026-11-23T18:00, in UTC"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp()
