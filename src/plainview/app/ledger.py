"""`plainview ledger verify`: everything that can be checked, from a folder or an address."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from plainview.app.attested import Attested, fetcher
from plainview.app.state import existing
from plainview.clock import SystemClock
from plainview.document.toml import read_text
from plainview.durable import put
from plainview.errors import InputError, LedgerError, LedgerLie
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.cosignature import CosignatureVerifier
from plainview.ledger.keys import load
from plainview.ledger.log import KEY, PUBLIC
from plainview.ledger.note import Verifier, split_note
from plainview.ledger.policy import QuorumPolicy, parse_policy
from plainview.ledger.source import DirectorySource, HttpSource, TileSource
from plainview.ledger.tiles import CHECKPOINT
from plainview.ledger.verify import Report, verify

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ledger's public files are, and who may say what runs there."""

    source: TileSource
    where: str
    base: str | None = None
    """Address of the Plainview that serves it; None for a folder or a mere copy."""


@contextmanager
def place_of(where: str | None, state: Path | None = None) -> Iterator[Place]:
    """The ledger at `where`: a folder or an HTTP address; without it, that of the state folder.

    Raises InputError if there is none, LedgerError if an address does not answer.
    """
    if where is None:
        where = str(existing(state) / PUBLIC)
    with ExitStack() as stack:
        if where.startswith(("http://", "https://")):
            yield _at_address(where.rstrip("/"), stack)
        else:
            yield _in_folder(Path(where))


def head_of(place: Place) -> tuple[str, Checkpoint]:
    """The checkpoint there and what it says; its signature is not checked here.

    Raises LedgerError, LedgerLie.
    """
    try:
        note = place.source.read(CHECKPOINT).decode()
    except UnicodeDecodeError as error:
        raise LedgerLie("the checkpoint is not text", where=place.where) from error
    return note, parse_checkpoint(split_note(note)[0])


def _in_folder(folder: Path) -> Place:
    for candidate in (folder, folder / PUBLIC):
        if (candidate / CHECKPOINT).is_file():
            return Place(DirectorySource(candidate), str(candidate))
    raise InputError(
        "there is no ledger here",
        where=str(folder),
        mend="Give the folder that holds 'checkpoint' and 'tile', a state folder, or an address",
    )


def _at_address(url: str, stack: ExitStack) -> Place:
    def source(url: str) -> HttpSource:
        found = HttpSource(url)
        stack.callback(found.close)
        return found

    if url.endswith(f"/{PUBLIC}"):
        return Place(source(url), url, url.removesuffix(f"/{PUBLIC}"))
    inside, plain = source(f"{url}/{PUBLIC}"), source(url)
    try:
        inside.read(CHECKPOINT)
    except LedgerError as error:
        try:
            plain.read(CHECKPOINT)
        except LedgerError:
            raise error from None
        return Place(plain, url)
    return Place(inside, f"{url}/{PUBLIC}", url)


def policy_from(
    file: Path | None, witnesses: Sequence[str], quorum: int | None
) -> QuorumPolicy | None:
    """The policy in `file` (C2SP tlog-policy), or `quorum` (default: all) of `witnesses`.

    None if nothing is asked for. Raises InputError.
    """
    if file is not None:
        if witnesses or quorum is not None:
            raise InputError(
                "a policy file says who must cosign: --witness and --quorum say it again",
                where="--policy",
                mend="Give the one or the other",
            )
        return parse_policy(read_text(file, "policy"), where=str(file))
    if not witnesses:
        if quorum:
            raise InputError("a quorum of nobody", where="--quorum", mend="Name them: --witness")
        return None
    keys = [CosignatureVerifier.from_vkey(vkey) for vkey in witnesses]
    return QuorumPolicy.of(len({key.name for key in keys}) if quorum is None else quorum, keys)


def verify_ledger(
    where: str,
    *,
    key: str,
    remember: Path | None = None,
    policy: QuorumPolicy | None = None,
    log_only: bool = False,
    state_url: str | None = None,
    say: Say,
) -> bool:
    """Check everything that can be checked, say it line by line; whether no lie was found.

    `remember` holds the checkpoint of the last visit; where all held, it gets the present one.
    `state_url` is the address of the Plainview that must be running as the ledger says, where it
    is not the one that serves the ledger. Raises InputError, LedgerError.
    """
    verifier = Verifier.from_vkey(key)
    now = SystemClock().utc()
    remembered = _read_remembered(remember)
    lies: list[str] = []
    with place_of(where) as place:
        base = None if log_only else (state_url or place.base)
        attested = None if base is None else _attested(base.rstrip("/"), lies)
        report = verify(
            place.source,
            verifier,
            remembered=remembered,
            policy=policy,
            heads=() if attested is None else (attested.head,),
            now=now,
            each=None if attested is None else attested.fold,
        )
    checked = list(report.checked)
    if attested is not None and report.checkpoint is not None:
        checked += attested.checked()
        lies += attested.lies(verifier.name, now=now)
    lies = [*report.lies, *lies]
    _tell(report, checked, lies, say)
    if base is None:
        say("not checked: what runs now, for this is a copy of the log alone")
    if remember is None:
        say("not checked: whether it was rolled back or forked since your last visit (--remember)")
    say(_verdict(len(lies)))
    if remember is not None and not lies:
        write_whole(remember, report.note)
        say(f"remembered in {remember}")
    return not lies


def _attested(base: str, lies: list[str]) -> Attested | None:
    try:
        return Attested(fetcher(base))
    except LedgerError as error:
        lies.append(
            f"what runs now is not said: {error.line()} (--log-only leaves this out, for a copy "
            "of the log)"
        )
        return None


def _verdict(lies: int) -> str:
    if lies == 0:
        return "All held: no lie was found."
    return "1 lie was found." if lies == 1 else f"{lies} lies were found."


def _tell(report: Report, checked: Sequence[str], lies: Sequence[str], say: Say) -> None:
    for line in checked:
        say(printable(f"checked: {line}"))
    for line in report.remarks:
        say(printable(f"note: {line}"))
    for line in lies:
        say(printable(f"LIE: {line}"))


def _read_remembered(remember: Path | None) -> str | None:
    if remember is None or not remember.exists():
        return None
    return read_text(remember, "checkpoint")


def printable(line: str) -> str:
    """`line` without signs that would steer the terminal: much of it was written by others."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def vkey(state: Path | None) -> str:
    """The verifier key of the ledger in the state folder. Raises InputError if there is none."""
    folder = existing(state)
    signer = load(folder, KEY)
    if signer is None:
        raise InputError(
            "there is no ledger here yet", where=str(folder), mend="'plainview run' begins one"
        )
    return signer.vkey


def write_whole(path: Path, text: str) -> None:
    """Write the file, whole or not at all. Raises InputError."""
    try:
        put(path, text.encode(), mode=0o666)
    except OSError as error:
        raise InputError(f"cannot be written ({error.strerror})", where=str(path)) from error
