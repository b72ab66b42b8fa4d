"""Nothing live starts without a grant: each way around it is tried at both walls, one at a time.

The first wall is `LocalFleet.start`. The second is the zygote, which is asked here as if the fleet
had let the start pass: whatever either would let through alone is a hole.
"""

import os
import select
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from tests.fleet.grants import FOREVER, GrantedFleet, Issuer, permit_of

from plainview import __version__
from plainview.clock import SystemClock
from plainview.errors import InputError, LensError, PermitRefused
from plainview.fleet.clip import measure_clip
from plainview.fleet.local import LocalFleet
from plainview.fleet.permission import Permission
from plainview.fleet.zygote import Zygote
from plainview.geometry import View
from plainview.governance.capability import COUNT, FLOW, to_watch
from plainview.governance.fingerprint import bare_source, fingerprint
from plainview.governance.lapse import keys
from plainview.governance.permit import Grant, sign_permit
from plainview.ledger.entry import EntryKind, decode_entry, encode_entry
from plainview.ledger.note import Signer
from plainview.record import CameraStatus, EventKind, LensState, Reading
from plainview.schedule import DAYS, Hours
from plainview.vision.gate import Gate
from plainview.vision.spec import LensSpec, TapSpec
from plainview.vision.task import Claim, Forked, LensTask, Trust

CAMERA = "north"
KINDS = (EventKind.ZONE_INTRUSION, EventKind.FIRE)
DAY = 86_400_000


class Case(NamedTuple):
    """One camera that is to be started, and who could grant it."""

    issuer: Issuer
    stranger: Issuer
    """Another authority with another ledger."""
    tap: TapSpec
    lens: LensSpec
    other: View
    """A view that is not the camera's."""


@pytest.fixture(scope="module")
def case(
    issuer: Issuer,
    clip: Path,
    make_view: Callable[..., View],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Case]:
    """A camera that plays the clip over and over."""
    with Issuer(tmp_path_factory.mktemp("stranger")) as stranger:
        yield Case(
            issuer,
            stranger,
            TapSpec(source=str(clip), live=True, loop=True),
            LensSpec(view=make_view(), every=0.2, rate=10, events=KINDS),
            structs.replace(make_view(), cell=0.5),
        )


def good(case: Case, **changes: object) -> Grant:
    """The camera's grant, of a permit with some fields changed."""
    return case.issuer.grant(CAMERA, case.tap, case.lens, **changes)


def now() -> int:
    """UTC milliseconds."""
    return int(time.time() * 1000)


def forged(case: Case) -> Grant:
    """Someone changes the end of a signed permit, and the start under it is recorded."""
    ends = now() + DAY
    changed = good(case, ends=ends).permit.replace(f'"ends":{ends}', f'"ends":{FOREVER}')
    assert str(FOREVER) in changed
    entry, proof = case.issuer.record(CAMERA, changed, _view(case))
    return Grant(changed, entry, proof)


def foreign_authority(case: Case) -> Grant:
    """Another authority signs, and the start is recorded in the right ledger."""
    note = sign_permit(permit_of(CAMERA, case.tap, case.lens), case.stranger.authority)
    return Grant(note, *case.issuer.record(CAMERA, note, _view(case)))


def same_name(case: Case) -> Grant:
    """Another key under the authority's name signs."""
    false = Signer.generate(case.issuer.authority.name)
    note = sign_permit(permit_of(CAMERA, case.tap, case.lens), false)
    return Grant(note, *case.issuer.record(CAMERA, note, _view(case)))


def foreign_ledger(case: Case) -> Grant:
    """The authority signs, and the start is recorded in another ledger."""
    note = sign_permit(permit_of(CAMERA, case.tap, case.lens), case.issuer.authority)
    return Grant(note, *case.stranger.record(CAMERA, note, _view(case)))


def other_camera(case: Case) -> Grant:
    """A grant of the camera beside, which sees the same."""
    return case.issuer.grant("south", case.tap, case.lens)


def other_view(case: Case) -> Grant:
    """A grant of this camera as it saw before it was calibrated anew."""
    return case.issuer.grant(CAMERA, case.tap, structs.replace(case.lens, view=case.other))


def other_source(case: Case) -> Grant:
    """A grant of this camera before it was moved to another address."""
    return case.issuer.grant(CAMERA, structs.replace(case.tap, source="rtsp://x/1"), case.lens)


def other_start(case: Case) -> Grant:
    """A right permit, with the entry that another permit of this camera was started under."""
    first = good(case, id="test@1")
    second = good(case, id="test@2")
    return Grant(second.permit, first.entry, first.proof)


def other_kind(case: Case) -> Grant:
    """The ledger's entry is of the camera's stop."""
    grant = good(case)
    entry = structs.replace(decode_entry(grant.entry), kind=EntryKind.CAMERA_STOPPED)
    (index,) = case.issuer.ledger.append([entry])
    return Grant(grant.permit, encode_entry(entry), case.issuer.ledger.proof(index))


def fewer_recorded(case: Case) -> Grant:
    """The ledger was told of one capability, the lens has two."""
    note = good(case).permit
    return Grant(note, *case.issuer.record(CAMERA, note, _view(case), [COUNT]))


def changed_entry(case: Case) -> Grant:
    """The entry beside the proof is not the one that was proved."""
    grant = good(case)
    entry = decode_entry(grant.entry)
    return structs.replace(grant, entry=encode_entry(structs.replace(entry, t=entry.t + 1)))


def _view(case: Case) -> str:
    return fingerprint(case.tap.source, case.lens.view)


def _hours_without_now() -> Hours:
    yesterday_and_before = tuple(
        day
        for k, day in enumerate(DAYS)
        if k not in {(time.gmtime().tm_wday + s) % 7 for s in (0, 1)}
    )
    return Hours(days=yesterday_and_before, since=60, until=1380)


def _watched(case: Case) -> tuple[str, ...]:
    """What the camera's lens does, without the last kind of event that it looks for."""
    return to_watch(case.lens.events[:-1])


def fewer_kinds_recorded(case: Case) -> Grant:
    """The permit grants every kind of event, and the ledger was told of one less."""
    note = good(case).permit
    return Grant(note, *case.issuer.record(CAMERA, note, _view(case), _watched(case)))


BAD: dict[str, Callable[[Case], Grant]] = {
    "empty": lambda _: Grant("", b"", ""),
    "no entry": lambda case: structs.replace(good(case), entry=b""),
    "no proof": lambda case: structs.replace(good(case), proof=""),
    "proof cut short": lambda case: structs.replace(good(case), proof=good(case).proof[:-40]),
    "proof without its hashes": lambda case: structs.replace(
        good(case),
        proof="\n".join(good(case).proof.split("\n")[:2] + good(case).proof.split("\n")[3:]),
    ),
    "forged": forged,
    "unsigned": lambda case: structs.replace(
        good(case), permit=good(case).permit.partition("\n\n")[0] + "\n\n"
    ),
    "foreign authority": foreign_authority,
    "authority's name, another key": same_name,
    "foreign ledger": foreign_ledger,
    "ledger's key signs the permit": lambda case: structs.replace(
        good(case), permit=good(case).proof.partition("\n\n")[2]
    ),
    "other camera": other_camera,
    "other view": other_view,
    "other source": other_source,
    "entry of another permit": other_start,
    "entry of a stop": other_kind,
    "entry of fewer capabilities": fewer_recorded,
    "entry changed": changed_entry,
    "count only": lambda case: good(case, capabilities={COUNT: (CAMERA,)}),
    "flow only": lambda case: good(case, capabilities={FLOW: (CAMERA,)}),
    "capability of the camera beside": lambda case: good(
        case, capabilities={COUNT: (CAMERA,), FLOW: ("south",)}
    ),
    "a kind of event less": lambda case: good(
        case, capabilities=dict.fromkeys(_watched(case), (CAMERA,))
    ),
    "a kind of event of the camera beside": lambda case: good(
        case,
        capabilities={
            **dict.fromkeys(_watched(case), (CAMERA,)),
            f"events:{case.lens.events[-1].value}": ("south",),
        },
    ),
    "entry of fewer kinds of event": fewer_kinds_recorded,
    "expired": lambda case: good(case, ends=now() - 1),
    "not yet": lambda case: good(case, begins=now() + DAY),
    "outside its hours": lambda case: good(case, hours=(_hours_without_now(),)),
    "no such timezone": lambda case: good(
        case, hours=(Hours(DAYS, 0, 1440),), timezone="Nowhere/Land"
    ),
    "timezone that is a path": lambda case: good(
        case, hours=(Hours(DAYS, 0, 1440),), timezone="../../etc/passwd"
    ),
    "older software": lambda case: good(case, software="0.1"),
    "newer software": lambda case: good(case, software=__version__ + ".1"),
    "end beyond the calendar": lambda case: good(case, begins=10**15, ends=10**16),
}


@pytest.fixture(scope="module")
def fleet(issuer: Issuer, standin_command: tuple[str, ...]) -> Iterator[GrantedFleet]:
    """A fleet with both walls."""
    with GrantedFleet(
        issuer,
        on_reading=lambda *_: None,
        on_status=lambda *_: None,
        on_plate=lambda *_: None,
        command=standin_command,
    ) as one:
        yield one


@pytest.fixture(scope="module")
def zygote(issuer: Issuer, standin_command: tuple[str, ...]) -> Iterator[Zygote]:
    """The second wall alone."""
    one = Zygote(standin_command, trust=issuer.trust)
    yield one
    one.close()


def children(pid: int) -> list[int]:
    """A process's children."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def childless(pid: int) -> bool:
    """Whether a process's children are gone within ten seconds.

    One that is killed takes a moment, on a busy machine a long one.
    """
    until = time.monotonic() + 10
    while children(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return children(pid) == []


class Descriptors:
    """All that a tap and a lens are given; owns both ends."""

    def __init__(self) -> None:
        """Make them."""
        self.packets, self.status, *others = (os.pipe() for _ in range(5))
        self.pulse = os.eventfd(0)
        self.tap = (self.packets[1], self.status[1])
        self.lens = (self.packets[0], *(pipe[1] for pipe in others), self.pulse)
        self._all = [*self.packets, *self.status, self.pulse, *(fd for o in others for fd in o)]

    def close(self) -> None:
        """Close all."""
        for fd in self._all:
            os.close(fd)


@pytest.fixture
def pipes() -> Iterator[Descriptors]:
    """Descriptors for one start."""
    one = Descriptors()
    yield one
    one.close()


def claim(case: Case, grant: Grant) -> Claim:
    """What a fleet without a wall would say."""
    return Claim(
        camera=CAMERA,
        source=bare_source(case.tap.source),
        view=case.lens.view,
        grant=msgspec.msgpack.encode(grant),
        events=case.lens.events,
    )


def end(zygote: Zygote, forked: Forked) -> list[int]:
    """End both; their numbers."""
    pids = [forked.tap, forked.lens]
    for pid in pids:
        zygote.kill(pid)
    left = set(pids)
    while left:
        select.select([zygote], [], [], 10)
        left -= {exited.pid for exited in zygote.exits()}
    return pids


@pytest.mark.parametrize("name", BAD)
def test_the_fleet_refuses(name: str, case: Case, fleet: GrantedFleet) -> None:
    """At once, by name, and before anything was asked of the zygote."""
    with pytest.raises(PermitRefused) as caught:
        fleet.start(CAMERA, case.tap, case.lens, BAD[name](case))
    assert caught.value.line()
    assert CAMERA not in fleet._cameras
    assert children(fleet.processes()["zygote"][0]) == []


@pytest.mark.parametrize("name", BAD)
def test_the_zygote_refuses_by_itself(
    name: str, case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """Asked as if the fleet had let it pass it forks nothing, says why, and goes on serving."""
    with pytest.raises(PermitRefused) as caught:
        zygote.start(
            claim(case, BAD[name](case)), case.tap, LensTask(case.lens), (pipes.tap, pipes.lens)
        )
    assert caught.value.line()
    assert children(zygote.pid) == []


def test_both_walls_open_for_a_grant_that_holds(
    case: Case, fleet: GrantedFleet, zygote: Zygote, pipes: Descriptors
) -> None:
    """What is refused above is refused for its one fault, not for everything."""
    grant = good(case, hours=(Hours(DAYS, 0, 1440),), timezone="Asia/Hong_Kong")
    fleet.start(CAMERA, case.tap, case.lens, grant)
    fleet.stop(CAMERA)
    forked = zygote.start(
        claim(case, grant), case.tap, LensTask(case.lens), (pipes.tap, pipes.lens)
    )
    assert children(zygote.pid) == [forked.lens, forked.tap]
    end(zygote, forked)


@pytest.fixture(scope="module")
def held(case: Case) -> Grant:
    """A grant that holds."""
    return good(case)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(Grant.__struct_fields__), st.floats(0, 1, exclude_max=True), st.integers(0, 126)
)
def test_one_changed_character_is_refused_by_both(
    case: Case, held: Grant, field: str, place: float, new: int
) -> None:
    """Whatever one byte of a grant becomes, neither wall takes it for a grant."""
    part = getattr(held, field)
    text = part if isinstance(part, bytes) else part.encode(errors="strict")
    at = int(place * len(text))
    if text[at] > 127:  # a letter of several bytes: half of it would be no text at all
        at = 0
    byte = new if new < text[at] else new + 1
    changed = text[:at] + bytes([byte]) + text[at + 1 :]
    bad = structs.replace(held, **{field: changed if isinstance(part, bytes) else changed.decode()})
    trusted = keys(case.issuer.trust.authority, case.issuer.trust.ledger)
    with pytest.raises(PermitRefused):
        Permission(CAMERA, case.tap, case.lens, bad, trusted).check(now())
    with pytest.raises(PermitRefused):
        Gate(case.issuer.trust).admit(msgspec.msgpack.encode(claim(case, bad)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_a_claim_that_is_none_is_refused(issuer: Issuer, noise: bytes) -> None:
    """Bytes that are no claim admit nothing live, and never raise another error."""
    try:
        admitted = Gate(issuer.trust).admit(noise)
    except PermitRefused:
        return
    assert admitted.source is None


OTHER_TASKS: dict[str, Callable[[Case], tuple[TapSpec, LensTask]]] = {
    "another source": lambda case: (
        structs.replace(case.tap, source="rtsp://127.0.0.1:9/other"),
        LensTask(case.lens),
    ),
    "a host hidden behind the permitted one": lambda case: (
        structs.replace(case.tap, source=f"rtsp://127.0.0.1:9?x@{case.tap.source}"),
        LensTask(case.lens),
    ),
    "another view": lambda case: (
        case.tap,
        LensTask(structs.replace(case.lens, view=case.other)),
    ),
    "a tap that is not live": lambda case: (
        structs.replace(case.tap, live=False, loop=False),
        LensTask(case.lens),
    ),
    "a lens that is not live": lambda case: (
        case.tap,
        LensTask(structs.replace(case.lens, live=False)),
    ),
}


@pytest.mark.parametrize("name", OTHER_TASKS)
def test_what_runs_is_what_was_granted(
    name: str, case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """Under a grant that holds, a tap or lens that was told something else ends before it acts."""
    tap, lens = OTHER_TASKS[name](case)
    with pytest.raises(PermitRefused, match="not the one of the permit"):
        zygote.start(claim(case, good(case)), tap, lens, (pipes.tap, pipes.lens))
    assert children(zygote.pid) == []


def test_a_lens_looks_only_for_what_its_start_claimed(
    case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """One kind of event more in the lens's task than in the claim, which was judged: it ends."""
    more = structs.replace(case.lens, events=(*KINDS, EventKind.PERSON_DOWN))
    with pytest.raises(PermitRefused, match="events not permitted: person-down"):
        zygote.start(claim(case, good(case)), case.tap, LensTask(more), (pipes.tap, pipes.lens))
    assert children(zygote.pid) == []


def test_a_lens_is_fed_by_its_own_tap_only(case: Case, zygote: Zygote, pipes: Descriptors) -> None:
    """Two cameras that are both permitted cannot be crossed: one pipe joins tap and lens."""
    other = Descriptors()
    with pytest.raises(PermitRefused, match="one pipe"):
        zygote.start(
            claim(case, good(case)), case.tap, LensTask(case.lens), (other.tap, pipes.lens)
        )
    other.close()
    assert children(zygote.pid) == []


@pytest.mark.parametrize("missing", range(7))
def test_a_start_without_a_descriptor_is_refused(
    missing: int, case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """A request that is not whole harms nobody."""
    every = [*pipes.tap, *pipes.lens]
    del every[missing]
    with pytest.raises((PermitRefused, LensError)):
        zygote.start(claim(case, good(case)), case.tap, LensTask(case.lens), (every[:2], every[2:]))
    assert children(zygote.pid) == []


def test_a_zygote_without_keys_starts_nothing_live(
    case: Case, standin_command: tuple[str, ...], pipes: Descriptors
) -> None:
    """The one that measures recordings takes no grant, however good."""
    bare = Zygote(standin_command)
    with pytest.raises(PermitRefused, match="no keys"):
        bare.start(claim(case, good(case)), case.tap, LensTask(case.lens), (pipes.tap, pipes.lens))
    bare.close()


def _fifo(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return str(folder / "pipe")


def _linked(folder: Path) -> str:
    (folder / "clip.mp4").symlink_to("/dev/zero")
    return str(folder / "clip.mp4")


NOT_RECORDINGS: dict[str, Callable[[Path], TapSpec]] = {
    "an address": lambda _: TapSpec(source="rtsp://127.0.0.1:9/x", live=False),
    "an address with a password": lambda _: TapSpec(source="rtsp://u:secret@[::1]/", live=False),
    "a page": lambda _: TapSpec(source="http://127.0.0.1:9/x.mjpg", live=False),
    "a camera": lambda _: TapSpec(source="/dev/video0", live=False),
    "a device": lambda _: TapSpec(source="/dev/zero", live=False),
    "a device by another name": lambda folder: TapSpec(source=_linked(folder), live=False),
    "a pipe": lambda folder: TapSpec(source=_fifo(folder), live=False),
    "a kind that is not taken": lambda _: TapSpec(source="srt://127.0.0.1:9", live=False),
    "a file, live": lambda _: TapSpec(source=__file__, live=True),
    "a file, over and over": lambda _: TapSpec(source=__file__, live=False, loop=True),
}


@pytest.mark.parametrize("name", NOT_RECORDINGS)
def test_without_a_grant_only_a_recording_is_measured(
    name: str, tmp_path: Path, case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """Whatever is not a file that somebody holds is refused, before it was opened."""
    spec = NOT_RECORDINGS[name](tmp_path)
    lens = structs.replace(case.lens, live=False)
    with pytest.raises(PermitRefused) as caught:
        zygote.start(None, spec, LensTask(lens), (pipes.tap, pipes.lens))
    assert "secret" not in caught.value.line()
    assert children(zygote.pid) == []
    with pytest.raises(PermitRefused):
        list(measure_clip(spec, lens, zygote=zygote))
    assert children(zygote.pid) == []


def test_without_a_grant_no_lens_is_live(
    clip: Path, case: Case, zygote: Zygote, pipes: Descriptors
) -> None:
    """A lens that would tell Readings of now is refused though its tap reads a recording."""
    spec = TapSpec(source=str(clip), live=False)
    with pytest.raises(PermitRefused, match="a live lens"):
        zygote.start(None, spec, LensTask(case.lens), (pipes.tap, pipes.lens))
    assert children(zygote.pid) == []
    with pytest.raises(PermitRefused, match="recording"):
        next(measure_clip(spec, case.lens, zygote=zygote))


# --- the end -------------------------------------------------------------------------------------


def test_a_permit_s_end_needs_nobody_to_watch(
    case: Case, standin_command: tuple[str, ...], pipes: Descriptors
) -> None:
    """With zygote and parent hung, tap and lens end with their permit: the kernel sees to it."""
    zygote = Zygote(standin_command, trust=case.issuer.trust)
    ends = now() + 1500
    grant = good(case, ends=ends)
    forked = zygote.start(
        claim(case, grant), case.tap, LensTask(case.lens), (pipes.tap, pipes.lens)
    )
    watched = [os.pidfd_open(pid) for pid in (forked.tap, forked.lens)]
    os.kill(zygote.pid, signal.SIGSTOP)
    try:
        assert select.select(watched, [], [], 0)[0] == [], "they were to run until then"
        for pidfd in watched:
            assert select.select([pidfd], [], [], 5)[0], "it outlived its permit"
        assert ends <= now() < ends + 1000
    finally:
        os.kill(zygote.pid, signal.SIGCONT)
        for pidfd in watched:
            os.close(pidfd)
        zygote.close()


class Shifted(SystemClock):
    """The machine's clock, whose UTC a test sets."""

    def __init__(self) -> None:
        """As it is."""
        self.by = 0.0

    def utc(self) -> float:
        """Seconds since 1970, shifted."""
        return super().utc() + self.by


class Log:
    """What a fleet told; owns it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.statuses: list[CameraStatus] = []
        self.readings = 0

    def status(self, _camera: str, status: CameraStatus) -> None:
        """Be a callback."""
        self.statuses.append(status)

    def reading(self, _camera: str, _reading: Reading) -> None:
        """Be a callback."""
        self.readings += 1

    def until(self, seen: Callable[["Log"], object], limit: float = 20.0) -> float:
        """Wait for what `seen` tells of; the seconds it took."""
        begun = time.monotonic()
        while not seen(self):
            assert time.monotonic() - begun < limit, self.statuses[-3:]
            signal.sigtimedwait([], 0.02)
        return time.monotonic() - begun

    def stopped(self) -> bool:
        """Whether the last status says so."""
        return bool(self.statuses) and self.statuses[-1].state is LensState.STOPPED


@pytest.fixture
def log() -> Log:
    """What the fleet tells."""
    return Log()


@pytest.fixture
def clock() -> Shifted:
    """The fleet's clock; the zygote has the machine's."""
    return Shifted()


@pytest.fixture
def timed(
    issuer: Issuer, standin_command: tuple[str, ...], log: Log, clock: Shifted
) -> Iterator[GrantedFleet]:
    """A fleet that tells `log` and has `clock`."""
    with GrantedFleet(
        issuer,
        on_reading=log.reading,
        on_status=log.status,
        on_plate=lambda *_: None,
        command=standin_command,
        clock=clock,
    ) as one:
        yield one


def test_a_camera_ends_with_its_permit(case: Case, timed: GrantedFleet, log: Log) -> None:
    """It measures until then, is stopped and says why; no restart is tried, nothing runs."""
    timed.begin(CAMERA, case.tap, case.lens, ends=now() + 2500)
    log.until(lambda told: told.readings > 2)
    log.until(Log.stopped)
    assert "it ended" in log.statuses[-1].note
    assert log.statuses[-1].restarts == 0
    assert childless(timed.processes()["zygote"][0])
    heard = len(log.statuses)
    log.until(lambda told: len(told.statuses) > heard + 1)
    assert all(status.restarts == 0 for status in log.statuses)
    assert log.stopped()


@pytest.mark.parametrize(("by", "why"), [(DAY, "it ended"), (-DAY, "it begins")])
def test_a_clock_that_is_set_is_noticed_within_a_second(
    by: int, why: str, case: Case, timed: GrantedFleet, log: Log, clock: Shifted
) -> None:
    """Where UTC steps out of the permit's period, forth or back, the camera is stopped."""
    timed.begin(CAMERA, case.tap, case.lens, begins=now() - 1000, ends=now() + DAY // 2)
    log.until(lambda told: told.readings > 0)
    clock.by = by / 1000
    assert log.until(Log.stopped) < 1.0 + 0.5  # a busy machine's half a second
    assert why in log.statuses[-1].note


def test_hours_end_like_the_permit(
    case: Case, timed: GrantedFleet, log: Log, clock: Shifted
) -> None:
    """Outside of its hours a camera does not run on; when they begin a new grant starts it."""
    today = time.gmtime().tm_wday
    days = tuple(DAYS[(today + step) % 7] for step in (-1, 0, 1))
    hours = (Hours(days=days, since=0, until=1440),)
    timed.begin(CAMERA, case.tap, case.lens, hours=hours)
    log.until(lambda told: told.readings > 0)
    clock.by = 3 * DAY / 1000
    log.until(Log.stopped)
    assert "hours" in log.statuses[-1].note
    clock.by = 0
    before = log.readings
    timed.begin(CAMERA, case.tap, case.lens, hours=hours)
    log.until(lambda told: told.readings > before)


def test_a_restart_is_judged_again(
    case: Case, timed: GrantedFleet, log: Log, clock: Shifted
) -> None:
    """A lens that dies when its permit has ended is not started again."""
    timed.begin(CAMERA, case.tap, case.lens, ends=now() + DAY // 2)
    log.until(lambda told: told.readings > 0)
    lens = timed.processes()["lens"][0]
    clock.by = DAY / 1000
    os.kill(lens, signal.SIGKILL)
    log.until(Log.stopped)
    assert childless(timed.processes()["zygote"][0])


def test_what_the_zygote_refuses_is_shown_and_not_tried_again(
    case: Case, timed: GrantedFleet, log: Log, clock: Shifted
) -> None:
    """A fleet whose clock is wrong admits what has ended; the zygote does not, and that is that."""
    clock.by = -2 * DAY / 1000
    timed.begin(CAMERA, case.tap, case.lens, ends=now() - DAY)
    log.until(Log.stopped)
    assert "it ended" in log.statuses[-1].note
    assert log.statuses[-1].restarts == 0
    heard = len(log.statuses)
    log.until(lambda told: len(told.statuses) > heard + 2)
    assert log.stopped()
    assert log.readings == 0
    assert "it ended" in timed.refused()[CAMERA]
    timed.stop(CAMERA)
    assert timed.refused() == {}


def test_a_refused_replacement_leaves_what_runs(case: Case, timed: GrantedFleet, log: Log) -> None:
    """A camera that runs under a grant goes on when a second start of it is refused."""
    timed.begin(CAMERA, case.tap, case.lens)
    log.until(lambda told: told.readings > 0)
    with pytest.raises(PermitRefused):
        timed.start(CAMERA, case.tap, case.lens, other_view(case))
    before = log.readings
    log.until(lambda told: told.readings > before + 2)
    assert log.statuses[-1].restarts == 0


def test_keys_that_are_none_start_no_fleet(
    issuer: Issuer, standin_command: tuple[str, ...]
) -> None:
    """A fleet is not started with something else than two keys."""
    with pytest.raises(InputError):
        LocalFleet(
            on_reading=lambda *_: None,
            on_status=lambda *_: None,
            on_plate=lambda *_: None,
            trust=Trust(authority=issuer.trust.authority, ledger="nonsense"),
            command=standin_command,
        )
