"""Keeps what runs equal to what is permitted: the only caller that starts and stops cameras.

A thread looks several times a second at the ledger's standing, the stop switches, the clock and the
configuration, and starts or stops cameras until what runs is what may run. A start is recorded
before it happens; a stop happens, and is then recorded. Where the ledger cannot be written nothing
new starts, and stops go on working.
"""

import concurrent.futures
import threading
from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog
from msgspec import Struct, structs

from plainview.app.specs import live_specs
from plainview.clock import Clock
from plainview.config import CameraConfig
from plainview.errors import InputError, LedgerError, LensError, PermitRefused, PlainviewError
from plainview.fleet import Starting
from plainview.governance import cameras
from plainview.governance.attest import RunningCamera, State, sign_state
from plainview.governance.cameras import MOVED, Seen, Stopped, Suspended, Wanted
from plainview.governance.capability import MEASURING, RECORD, VIEW, watched
from plainview.governance.changes import ENDED, NOT_TOLD, PRESSED
from plainview.governance.office import LivePermit, Office
from plainview.governance.permit import OUTSIDE_HOURS, NotCovered
from plainview.governance.standing import stopped_by
from plainview.governance.switch import Switch
from plainview.ledger.checkpoint import Checkpoint, parse_checkpoint
from plainview.ledger.note import Verifier, open_note
from plainview.record import Health, Reading

TICK = 0.25
"""Seconds between looks at what may run; a stop switch is pressed and looked for in between."""
MOVED_AFTER = 20.0
"""Seconds in which every Reading must say that the camera moved before it is suspended."""
_AGAIN = 10.0
"""Seconds after which a camera that could not be started is tried again."""
ELSEWHERE = "it runs at its site, by that site's own permits and stop switch"
_MOVED_WHY = f"its picture has shown another view for {MOVED_AFTER:.0f} s"
_log = structlog.get_logger(__name__)


class CameraState(NamedTuple):
    """Whether a camera may run, and why not."""

    state: str
    """running, waiting, suspended, stopped or outside-hours; elsewhere: it is not run from here."""
    why: str
    permit: str
    """What permits it now, whether it runs or is still waited for; empty where nothing does."""
    capabilities: tuple[str, ...]
    mend: str = ""
    """How to mend it by command: pages have buttons for it, and words of their own."""

    @property
    def said(self) -> str:
        """Why, and how to mend it, for whom is at a command line."""
        return _joined(self.why, self.mend)


class Configured(Struct, frozen=True):
    """A camera of the city as it is configured now."""

    config: CameraConfig
    seen: Seen


class _Running(Struct, frozen=True):
    wanted: Wanted
    index: int


class Governor:
    """Owns the thread that starts and stops cameras, and knows why each runs or does not."""

    def __init__(  # noqa: PLR0913 - one keyword for each thing that a start needs to know
        self,
        office: Office,
        switch: Switch,
        fleet: Starting,
        *,
        plate: Callable[[str], bytes | None],
        clock: Clock,
        records: bool = False,
        admitted: Callable[[str], bytes | None] = lambda _: None,
        looks: Callable[[str], bytes | None] = lambda _: None,
        elsewhere: bool = False,
    ) -> None:
        """Nothing runs before `configure` and `start`. `plate` reads a camera's saved plate.

        `admitted` reads the plate that a person admitted to its redacted view, `looks` what was
        seen for the next one.

        `records`: whether there is a recorder, for cameras that are permitted to record.
        `elsewhere`: the cameras run at their sites, each by its own office: none is started here,
        and whether one runs this office does not know.
        """
        self._office = office
        self._switch = switch
        self._fleet = fleet
        self._plate = plate
        self._records = records
        self._admitted = admitted
        self._looks = looks
        self._elsewhere = elsewhere
        self._clock = clock
        self._configured: dict[str, Configured] = {}
        self._configuration = ""
        self._running: dict[str, _Running] = {}
        self._states: dict[str, CameraState] = {}
        self._moved: dict[str, float] = {}
        self._retry: dict[str, float] = {}
        self._refused: dict[str, str] = {}
        """Why a camera's last start failed, until one succeeds."""
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._closing = False
        self._enabled = False
        self._unwritten = ""
        self.trouble = ""
        """Why nothing new can start now; empty while all is well."""
        self.turns_failed = 0
        self._stoppers = concurrent.futures.ThreadPoolExecutor(16, thread_name_prefix="stop")
        self._thread = threading.Thread(target=self._run, name="governor", daemon=True)
        self._thread.start()

    # --- told from outside ---------------------------------------------------------------------

    def configure(self, configured: Mapping[str, Configured], configuration: str) -> None:
        """These are the cameras now. Recorded before any of it takes effect.

        Raises LedgerError; then the cameras stay as they were.
        """
        with self._lock:
            cameras.register(
                self._office,
                {name: camera.seen for name, camera in configured.items()},
                configuration=configuration,
            )
            self._configured = dict(configured)
            self._configuration = configuration
        self.wake()

    def enable(self) -> None:
        """Cameras may start from now on."""
        self._enabled = True
        self.wake()

    def wake(self) -> None:
        """Look now, not only at the next turn."""
        self._wake.set()

    def heard(self, camera: str, reading: Reading) -> None:
        """What a camera's Reading says of its view. Quick: called on the fleet's thread."""
        if Health.MOVED not in reading.health:
            self._moved.pop(camera, None)
        elif camera not in self._moved:
            self._moved[camera] = self._clock.monotonic()

    def close(self) -> None:
        """Stop every camera, and record it. May be called twice."""
        self._closing = True
        self.wake()
        self._thread.join()
        self._stoppers.shutdown()

    # --- asked from outside --------------------------------------------------------------------

    def states(self) -> dict[str, CameraState]:
        """Whether each configured camera runs, and why not."""
        with self._lock:
            return dict(self._states)

    def attest(self, nonce: str) -> str:
        """The signed note of what runs now. Raises LedgerError."""
        with self._lock, self._office.lock:
            checkpoint = self._checkpoint()
            return sign_state(
                State(
                    t=self._office.now(),
                    nonce=nonce,
                    origin=checkpoint.origin,
                    size=checkpoint.size,
                    root=checkpoint.root.hex(),
                    software=self._office.software,
                    configuration=self._configuration,
                    running={
                        name: RunningCamera(
                            capabilities=one.wanted.capabilities,
                            permit=one.wanted.live.record.digest,
                            fingerprint=one.wanted.fingerprint,
                            index=one.index,
                        )
                        for name, one in self._running.items()
                    },
                ),
                self._office.state_key,
            )

    def _checkpoint(self) -> Checkpoint:
        verifier = Verifier.from_vkey(self._office.ledger.vkey)
        while True:
            self._office.refresh()
            note = open_note(self._office.ledger.checkpoint(), [verifier])
            checkpoint = parse_checkpoint(note.text)
            if checkpoint.size == self._office.standing().size:
                return checkpoint

    # --- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._closing:
            self._turn_safely()
            self._wake.wait(TICK)
            self._wake.clear()
        with self._lock:
            self._stop(list(self._running), ENDED)

    def _turn_safely(self) -> None:
        """One turn. An error is logged once, counted, shown, and the next turn is tried."""
        try:
            line = self.turn()
        except (PlainviewError, OSError) as error:
            line = error.line() if isinstance(error, PlainviewError) else str(error)
            self._fail_safe()
            self._show(line)
        except Exception as error:  # noqa: BLE001 - see below; it is logged and told
            # Without this thread nothing could be stopped any more, so it must outlive its errors.
            _log.exception("the governor's turn failed")
            line = f"{type(error).__name__}: what may run cannot be told, so nothing does"
            self._fail_safe(everything=True)
            self._show(line)
        if line:
            self.turns_failed += 1
            if line != self.trouble:
                _log.error("nothing new starts", why=line)
        self.trouble = line

    def _show(self, why: str) -> None:
        """Of what does not run, `why` is all that can be told."""
        with self._lock:
            self._told(
                {
                    name: self._states[name]
                    if name in self._running and name in self._states
                    else CameraState("waiting", why, "", ())
                    for name in self._configured
                }
            )

    def turn(self) -> str:
        """Look once, and start and stop what must be; why not all could be recorded, or empty.

        What may not run stops, whether that can be recorded or not. Raises LedgerError and the
        like where it cannot even be told what may run.
        """
        with self._lock:
            self._switch.record_waiting()
            self._unwritten = self._switch.trouble
            self._office.refresh()
            self._end_ghosts()
            moved = self._suspend_moved()
            live = self._office.live_permits(self._office.now(), unsound=self._note)
            wanted = self._decide(list(live), moved)
            refused = self._fleet.refused()
            gone = {
                name: refused.get(name) or self._why(name)
                for name, runs in self._running.items()
                if name in refused or name not in wanted or not _same(wanted[name], runs.wanted)
            }
            for name, why in gone.items():
                _log.info("camera stops", camera=name, why=why or "another permit")
            self._stop(list(gone), "; ".join(sorted({why for why in gone.values() if why}))[:400])
            again = self._clock.monotonic() + _AGAIN
            self._retry.update(dict.fromkeys(refused.keys() & gone.keys(), again))
            self._refused.update({name: refused[name] for name in refused.keys() & gone.keys()})
            new = [one for name, one in wanted.items() if name not in self._running]
            if self._enabled and new:
                self._recorded(lambda: self._start(new))
            self._tell_waiting()
            return self._unwritten

    def _tell_waiting(self) -> None:
        """Nothing is said to run that does not."""
        for name, state in list(self._states.items()):
            if state.state == "running" and name not in self._running:
                why = self._refused.get(name) or self._unwritten or "it has not started yet"
                self._states[name] = CameraState("waiting", why, state.permit, ())

    def _why(self, name: str) -> str:
        """Why `name` may not run, as far as it is known."""
        return self._states[name].why if name in self._states else "no longer configured"

    def _recorded(self, act: Callable[[], object]) -> bool:
        """Whether `act`, which records, could. Why not is what the turn ends with."""
        try:
            act()
        except LedgerError as error:
            self._note(error)
            return False
        return True

    def _note(self, error: PlainviewError) -> None:
        """The turn goes on without what `error` tells of, and ends with it."""
        self._unwritten = error.line()

    def _decide(self, live: list[LivePermit], moved: set[str]) -> dict[str, Wanted]:
        """What may run; why the others may not goes into `states`."""
        stops = self._switch.stops()
        wanted: dict[str, Wanted] = {}
        states: dict[str, CameraState] = {}
        for name, camera in self._configured.items():
            try:
                if name in moved:
                    raise Suspended(_MOVED_WHY, where=name)
                one = cameras.permit_for(self._office, name, camera.seen, MEASURING, live, stops)
                one = cameras.with_events(one, camera.seen.site, stops)
                one = cameras.with_view(one, camera.seen.site, stops)
                if self._records:
                    one = cameras.with_recording(one, camera.seen.site, stops)
            except PermitRefused as error:
                state = self._state_of(name, error)
                states[name] = CameraState(state, error.what, "", (), error.mend)
            else:
                if self._resumed(name, one):
                    wanted[name] = one
                    states[name] = CameraState("running", "", one.live.permit.id, one.capabilities)
                else:
                    states[name] = CameraState("waiting", self._unwritten, "", ())
        self._told(states)
        return wanted

    def _told(self, states: dict[str, CameraState]) -> None:
        """Take `states`. What runs elsewhere does so whatever this office permits or stopped."""
        self._states = states
        if self._elsewhere:
            for name, one in states.items():
                why = f"{ELSEWHERE}. Here: {one.why}" if one.why else ELSEWHERE
                states[name] = CameraState("elsewhere", why, one.permit, one.capabilities)

    def _resumed(self, name: str, one: Wanted) -> bool:
        """Whether nothing suspends `name` any more, now that a permit covers it again."""
        if name not in self._office.standing().suspensions:
            return True
        digest = one.live.record.digest
        return self._recorded(lambda: cameras.resume(self._office, name, digest))

    def _state_of(self, name: str, error: PermitRefused) -> str:
        """The word for `error`. What changed since it was assessed is suspended, and recorded."""
        if isinstance(error, Stopped):
            return "stopped"
        if isinstance(error, Suspended):
            return "suspended"
        if isinstance(error, NotCovered) and error.reason == OUTSIDE_HOURS:
            return "outside-hours"
        if isinstance(error, NotCovered) and error.reason in cameras.BY_COVER:
            reason, what = error.reason, error.what
            self._recorded(lambda: cameras.suspend(self._office, name, reason, what))
            return "suspended"
        return "waiting"

    def _end_ghosts(self) -> None:
        """Record the end of what the ledger says runs and does not.

        A Plainview that was killed could not tell, nor one whose ledger could not be written.
        """
        ghosts = sorted(set(self._office.standing().running) - set(self._running))
        if ghosts:
            self._recorded(lambda: cameras.stopped(self._office, ghosts, cameras.SILENT_END))

    def _suspend_moved(self) -> set[str]:
        """Suspend the cameras that have looked elsewhere for long; those whose entry must wait."""
        since = self._clock.monotonic() - MOVED_AFTER
        waiting = set()
        for name, began in list(self._moved.items()):
            if began <= since:
                if self._recorded(
                    lambda name=name: cameras.suspend(self._office, name, MOVED, _MOVED_WHY)  # type: ignore[misc]
                ):
                    self._moved.pop(name, None)
                else:
                    waiting.add(name)
        return waiting

    def _fail_safe(self, *, everything: bool = False) -> None:
        """Stop what is switched off; everything, also where that cannot be told."""
        try:
            if not everything:
                self._stop_switched()
        except (PlainviewError, OSError):
            everything = True  # which stops are in force cannot be read
        if everything:
            with self._lock:
                try:
                    self._stop(list(self._running), NOT_TOLD)
                except (PlainviewError, OSError):
                    _log.exception("not everything could be stopped; it is tried again")

    def _stop_switched(self) -> None:
        """Stop what a stop switch names, even though nothing can be recorded."""
        with self._lock:
            stops = self._switch.stops()
            named = [
                name
                for name, runs in self._running.items()
                if name in self._configured
                and stopped_by(
                    stops, name, self._configured[name].seen.site, runs.wanted.capabilities
                )
            ]
            self._stop(named, PRESSED)

    def _stop(self, names: list[str], why: str) -> None:
        if not names:
            return
        list(self._stoppers.map(self._fleet.stop, names))
        for name in names:
            del self._running[name]
        self._recorded(lambda: cameras.stopped(self._office, names, why or "another permit"))

    def _start(self, wanted: list[Wanted]) -> None:
        now = self._clock.monotonic()
        due = [one for one in wanted if self._retry.get(one.camera, now) <= now]
        if not due:
            return
        grants = cameras.start(self._office, due)
        places = self._office.standing().running
        for one in due:
            config = self._configured[one.camera].config
            try:
                tap, lens = live_specs(config, now=now, events=watched(one.capabilities))
                tap = structs.replace(tap, record=RECORD in one.capabilities)
                grant = grants[one.camera]
                lens = structs.replace(lens, picture=VIEW in one.capabilities)
                self._fleet.start(
                    one.camera,
                    tap,
                    lens,
                    grant,
                    plate=self._plate(one.camera),
                    admitted=self._admitted(one.camera) if lens.picture else None,
                    looks=self._looks(one.camera) if lens.picture else None,
                )
            except (InputError, PermitRefused, LensError) as error:
                _log.error("a camera was refused its start", camera=one.camera, why=error.line())
                self._refused[one.camera] = _said(error)
                self._retry[one.camera] = now + _AGAIN
                cameras.stopped(self._office, [one.camera], _said(error)[:400])
            else:
                self._retry.pop(one.camera, None)
                self._refused.pop(one.camera, None)
                self._moved.pop(one.camera, None)
                self._running[one.camera] = _Running(one, places[one.camera].index)


def _same(new: Wanted, old: Wanted) -> bool:
    return (new.fingerprint, new.capabilities, new.live.record.digest) == (
        old.fingerprint,
        old.capabilities,
        old.live.record.digest,
    )


def _said(error: PlainviewError) -> str:
    """`error` for where its camera is named already."""
    return _joined(error.what, error.mend)


def _joined(what: str, mend: str) -> str:
    return f"{what}. {mend}" if mend else what
