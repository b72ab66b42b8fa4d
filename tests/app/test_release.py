"""Films of opened footage: an entry before each decryption, whatever is killed."""

import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from tests.governance.offices import OPERATOR
from tests.vault.released import BEGIN, RATE, World

from plainview.app.release import line_of, words_of
from plainview.app.release_custodian import Unwrapping, checked, unwrap
from plainview.app.release_export import MANIFEST, STEPS, Exporting, exported, verified
from plainview.app.release_region import read_regions
from plainview.errors import (
    AccessRefused,
    ConfigError,
    InputError,
    LedgerLie,
    PlainviewError,
    VaultError,
)
from plainview.fleet.release import Filmed, Job
from plainview.governance import release_office
from plainview.governance.release_proof import encode_bundle
from plainview.governance.release_standing import at
from plainview.ledger.entry import EntryKind
from plainview.vault import custody
from plainview.vision.redact_job import Told

REGION = """
[[region]]
camera = "north"
[[region.keys]]
at = "{}"
rect = [0, 40, 40, 80]
[[region.keys]]
at = "{}"
rect = [40, 40, 80, 80]
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A release, granted, with the keys that came back in `keys.age`."""
    made = World(tmp_path_factory.mktemp("release"))
    identifier = made.granted()
    (made.folder / "keys.age").write_bytes(made.keys(identifier))
    yield made
    made.office.close()


def exporting(
    world: World, out: Path, *, region: Path | None = None, keys: Path | None = None
) -> Exporting:
    """The wish to export the one release there is."""
    (identifier,) = world.office.standing().footage
    return Exporting(identifier, keys or world.folder / "keys.age", region, out, out)


def as_file(job: Job, messages: Iterable[bytes], out: Callable[[bytes], object]) -> Filmed:
    """In place of the sealed process: the film is what it would be made of."""
    count = size = 0
    for message in messages:
        out(message)
        count, size = count + 1, size + len(message)
    return Filmed(Told(count, job.since, job.until, 0, sealed=True), size)


def test_a_film_is_marked_obscured_counted_and_vouched_for(world: World, tmp_path: Path) -> None:
    """By a really sealed process: only the region has the pictures, and the ledger had it first."""
    region = tmp_path / "region.toml"
    times = ("2026-11-16T12:10:01", "2026-11-16T12:10:03")
    region.write_text(REGION.format(*times), encoding="utf-8")
    out = tmp_path / "film"
    wish = exporting(world, out, region=region)
    before = len(world.office.standing().footage[wish.id].opened)
    manifest = exported(world.office, world.layout, OPERATOR, wish, witness=world.witness)
    known = world.office.standing().footage[wish.id]
    assert len(known.opened) == before + 1 == manifest.number
    assert manifest.opened == known.opened[-1] > known.granted == manifest.granted
    assert known.exported[-1] == manifest.number
    (one,) = manifest.files
    assert (one.frames, one.since) == (2 * RATE, (BEGIN + 1) * 1000)
    with av.open(str(out / one.name)) as film:
        pictures = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert len(pictures) == 2 * RATE
    # The square is at 30 to 50 now, in the region; in the last picture at 84, beyond it.
    assert pictures[0][48:72, 32:38].mean() > 200
    assert pictures[-1][48:72, 104:110].mean() < 200
    assert len(list(verified(out, world.office.authority.vkey))) == 4
    with (out / one.name).open("ab") as file:
        file.write(b"x")
    with pytest.raises(LedgerLie, match="it was changed"):
        list(verified(out, world.office.authority.vkey))


@pytest.mark.parametrize("step", [*STEPS, "half a film"])
def test_a_kill_at_any_step_leaves_no_picture_without_its_entry(
    world: World, tmp_path: Path, step: str
) -> None:
    """SIGKILL there; what is decrypted by then stands in the ledger, and the next try goes on."""
    out, seen = tmp_path / "film", tmp_path / "seen"
    wish = exporting(world, out)
    (identifier,) = world.office.standing().footage
    before = len(world.office.standing().footage[identifier].opened)

    def at(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def films(job: Job, messages: Iterable[bytes], sink: Callable[[bytes], object]) -> Filmed:
        for message in messages:
            seen.write_bytes(message)
            sink(message)
            at("half a film")
        return as_file(job, (), sink)._replace(told=Told(1, 0, 0, 0, sealed=True))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child has one thread, this one
        pid = os.fork()
    if pid == 0:
        try:
            with world.open() as office:
                exported(office, world.layout, OPERATOR, wish, films=films, step=at)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    world.office.refresh()
    opened = len(world.office.standing().footage[identifier].opened) - before
    assert opened == (step not in {"check", "record"})
    assert opened or not seen.exists()
    assert seen.exists() == (step in {"sign", "tell", "name", "half a film"})
    assert not list(out.glob("*.mp4")), "a film has its name when all of it is told"
    done = exported(world.office, world.layout, OPERATOR, wish, films=as_file)
    assert done.number == before + opened + 1
    assert {path.suffix for path in out.iterdir()} == {".mp4", ".txt", ".json", ".tlog-proof"}


def test_what_cannot_be_told_is_not_opened(world: World, tmp_path: Path) -> None:
    """Wrong keys, a foreign region, a folder with something in it, a stranger: no picture."""
    other = tmp_path / "other.age"
    other.write_bytes(b"no keys")
    region = tmp_path / "region.toml"
    text = REGION.format("2026-11-16T12:10:01", "2026-11-16T12:10:02")
    region.write_text(text.replace("north", "south"), encoding="utf-8")
    full = tmp_path / "full"
    full.mkdir()
    (full / "film.mp4").touch()
    for wish, error in (
        (exporting(world, tmp_path / "a", keys=other), VaultError),
        (exporting(world, tmp_path / "b", keys=tmp_path / "none"), InputError),
        (exporting(world, tmp_path / "c", region=region), InputError),
        (exporting(world, full), InputError),
        (exporting(world, tmp_path / "d")._replace(id="0" * 10), InputError),
    ):
        with pytest.raises(error):
            exported(world.office, world.layout, OPERATOR, wish, films=as_file)
    assert not list(tmp_path.glob("[abcd]/*"))


def test_a_custodian_is_asked_before_the_identity_is_read(world: World, tmp_path: Path) -> None:
    """By name of who asked and approved; without a yes nothing is unwrapped."""
    (identifier,) = world.office.standing().footage
    world.witness()
    file, policy = tmp_path / "a.release", tmp_path / "city.policy"
    file.write_bytes(encode_bundle(world.bundle(identifier)))
    witness = world.policy().witnesses[0]
    policy.write_text(
        f"log {world.office.ledger.vkey}\nwitness w {witness.keys[0].vkey}\nquorum w\n",
        encoding="utf-8",
    )
    late = "the release is over, or not begun"
    with pytest.raises(PlainviewError, match=late):  # by this machine's real clock
        list(checked(file, policy))
    wish = Unwrapping(file, policy, "nobody", tmp_path / "none", (), None, tmp_path / "out")
    for wrong in (wish, wish._replace(party="operator")):
        with pytest.raises(InputError):
            unwrap(wrong, lambda _: True)
    assert not (tmp_path / "out").exists()
    assert AccessRefused.exit_code == 1


@pytest.mark.parametrize("call", ["open", "fsync", "replace", "the folder's fsync"])
@pytest.mark.parametrize("second", [False, True])
def test_a_custodian_who_is_killed_tries_again(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    *,
    second: bool,
) -> None:
    """What they hand over is there whole or not at all, and never on the disk unsealed."""
    (identifier,) = world.office.standing().footage
    world.witness()
    monkeypatch.setattr("plainview.app.release_custodian.SystemClock", lambda: world.clock)
    monkeypatch.setattr("plainview.vault.daykey.harden", lambda: None)  # ends this process's dumps
    bundle = world.bundle(identifier)
    files = {
        "a.release": encode_bundle(bundle),
        "city.policy": (
            f"log {world.office.ledger.vkey}\n"
            f"witness w {world.policy().witnesses[0].keys[0].vkey}\nquorum w\n"
        ).encode(),
        "other": custody.hand(
            world.custodian("commissioner"),
            bundle,
            [str(world.identities["operator"].to_public())],
            world.clock.utc(),
        ),
        **{party: str(one).encode() for party, one in world.identities.items()},
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    party = "operator" if second else "commissioner"
    to = () if second else (str(world.identities["operator"].to_public()),)
    wish = Unwrapping(
        *(tmp_path / "a.release", tmp_path / "city.policy", party, tmp_path / party, to),
        tmp_path / "other" if second else None,
        tmp_path / "out",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child has one thread, this one
        pid = os.fork()
    if pid == 0:
        try:
            dying_at(call, tmp_path)
            unwrap(wish, lambda _: True)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL
    assert wish.out.exists() == (call == "the folder's fsync")
    for left in set(tmp_path.iterdir()) - {tmp_path / name for name in files}:
        assert left.read_bytes()[:18] in {b"", b"age-encryption.org"}
    unwrap(wish, lambda _: True)
    assert wish.out.read_bytes().startswith(b"age-encryption.org")


def dying_at(call: str, folder: Path) -> None:
    """From now on this process dies where it would make a file in `folder` whole, at `call`."""
    name = call.rpartition(" ")[2]
    real = getattr(os, name)

    def die(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it takes
        what = Path(f"/proc/self/fd/{given[0]}").resolve() if name == "fsync" else Path(given[0])
        new = what.parent == folder and what.name.endswith(".new")
        if what == folder if call.startswith("the") else new:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **more)

    setattr(os, name, die)


def test_a_release_ends_and_is_told_in_words(tmp_path: Path) -> None:
    """After its end nothing is opened; everybody can read what was."""
    world = World(tmp_path)
    identifier = world.granted(unredacted=True)
    known = release_office.find(world.office, identifier)
    asked = release_office.request_of(world.office, known)
    assert "AS RECORDED: everybody can be seen" in " ".join(words_of(asked))
    assert "granted until" in line_of(known)
    assert "as recorded" in line_of(known)
    assert at(known, known.ends - 1) == known
    assert at(known, known.ends).state == "ended"
    release_office.end(world.office, identifier, "handed over", OPERATOR)
    with pytest.raises(InputError, match="is ended"):
        release_office.opening(world.office, OPERATOR, identifier, region="")
    kinds = [e.kind for _, e in world.office.ledger.entries(0, world.office.standing().size)]
    assert kinds[-1] is EntryKind.RELEASE_ENDED
    world.office.close()


@pytest.mark.parametrize(
    ("times", "change", "says"),
    [
        (("2026-11-16T12:10:01", "2026-11-16T12:10:12"), ("", ""), "follow within 10 s"),
        (("2026-11-16T12:10:02", "2026-11-16T12:10:01"), ("", ""), "follow within 10 s"),
        (("noon", "2026-11-16T12:10:01"), ("", ""), "is no time"),
        (("2026-11-16T12:10:01", "2026-11-16T12:10:02"), ("[0, 40,", "[50, 40,"), "left, top"),
        (("2026-11-16T12:10:01", "2026-11-16T12:10:02"), ("camera", "person"), "person"),
    ],
)
def test_a_region_is_drawn_by_a_person(
    tmp_path: Path, times: tuple[str, str], change: tuple[str, str], says: str
) -> None:
    """Key by key, none far from the one before; one line says what is wrong."""
    path = tmp_path / "region.toml"
    path.write_text(REGION.format(*times).replace(*change), encoding="utf-8")
    with pytest.raises(ConfigError, match=says):
        read_regions(path)


def test_two_who_export_into_one_folder_do_not_meet(world: World, tmp_path: Path) -> None:
    """The second removed the first's half films, whose export failed when it was told already."""
    wish = exporting(world, tmp_path / "film")

    def films(job: Job, messages: Iterable[bytes], out: Callable[[bytes], object]) -> Filmed:
        told = len(world.office.standing().footage[wish.id].opened)
        with pytest.raises(InputError, match="another export"):
            exported(world.office, world.layout, OPERATOR, wish, films=as_file)
        assert len(world.office.standing().footage[wish.id].opened) == told
        return as_file(job, messages, out)

    exported(world.office, world.layout, OPERATOR, wish, films=films)
    assert (wish.out / MANIFEST).exists()


def test_the_manifest_is_the_last_word(world: World, tmp_path: Path) -> None:
    """Signed by the authority alone; another key does not hold."""
    out = tmp_path / "film"
    exported(world.office, world.layout, OPERATOR, exporting(world, out), films=as_file)
    assert (out / MANIFEST).exists()
    with pytest.raises(LedgerLie):
        list(verified(out, world.office.ledger.vkey))
