"""`plainview evaluate events`: renders scenes, measures them as a person would, judges."""

import datetime as dt
import hashlib
import math
import signal
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec

from plainview import __version__
from plainview.app.clips import tell
from plainview.app.event_clips import judged_kinds, measured, measured_events, real_clips
from plainview.clock import Clock
from plainview.config import load_camera
from plainview.errors import InputError, PlainviewError
from plainview.evaluate.card import Clip, scorecard
from plainview.evaluate.event_table import by_kind, event_report, ordinary_report
from plainview.evaluate.event_truth import EventTruth, read_event_truth
from plainview.evaluate.events import EventScore, Judged, score
from plainview.evaluate.table import has_places, json_text, write_between
from plainview.governance.scorecard import Scorecard, judgement
from plainview.synth.events.ordinary import SECONDS
from plainview.synth.events.suite import (
    KINDS,
    ORDINARY,
    PER_PART,
    event_scene,
    is_rendered,
    numbers,
    render_event_scene,
    story_of,
)

AT_ONCE = 2
"""Scenes rendered and measured at the same time."""
_APART, _APART_SHARE = 5.0, 0.01
"""Seconds, or share of the clip, by which a truth's length may differ from what was measured."""
_SHORT = 0.1
"""Hours below which a time is told in seconds."""
WRITTEN = 10
"""Scenes after which the page is written again: not even a kill loses more."""


class Size(NamedTuple):
    """Which scenes, and how many."""

    kinds: tuple[str, ...] = KINDS
    part: str = "tune"
    scenes: int = PER_PART
    """Of each kind."""
    hours: float = 0.0
    """Camera-hours of ordinary life."""
    data: Path | None = None
    """Folder of real clips; None: none."""


def suite(
    *, size: Size, keep: Path | None, write: Path | None, as_json: bool, jobs: int = AT_ONCE
) -> None:
    """Render, measure and judge the suite's scenes; print the tables.

    `keep` is a folder where rendered scenes stay and are found again; `write` a Markdown page that
    gets the tables between its `events` markers. Where a signal stops it the tables are of what
    was measured by then, and say of how much. Raises InputError for an unknown kind or part, and
    PlainviewError at its end where scenes could not be rendered or measured.
    """
    for kind in size.kinds:
        story_of(kind, 0)
    has_places(write, "events")
    # Kind by turns: whenever it is stopped, as much is known of each.
    scenes = [(kind, k) for k in numbers(size.part, size.scenes) for kind in size.kinds]
    stretches = math.ceil(size.hours * 3600 / SECONDS)
    ordinary = [(ORDINARY, k) for k in numbers(size.part, stretches)]
    found = _Found([], [], [], len(scenes), len(ordinary))
    with tempfile.TemporaryDirectory(prefix="plainview-events-") as scratch:
        folder = keep or Path(scratch)

        def take(wanted: Sequence[tuple[str, int]], into: list[list[Judged]]) -> None:
            for k, one in enumerate(_all(wanted, folder, jobs), start=1):
                into.append(one)
                if write is not None and k % WRITTEN == 0:
                    write_between(write, "events", _report(found, size.kinds))

        try:
            take(scenes, found.suite)
            found.real.extend(real_clips(size.data, size.kinds) if size.data else ())
            take(ordinary, found.ordinary)
        finally:
            # Also of what a signal stops: hours of work are in it.
            text = _as_json(found, size.kinds) if as_json else _report(found, size.kinds)
            sys.stdout.write(text + "\n")
            if write is not None:
                write_between(write, "events", _report(found, size.kinds))
    lost = len(scenes) + len(ordinary) - len(found.suite) - len(found.ordinary)
    if lost:
        raise PlainviewError(f"{lost} scenes could not be measured", mend="Why stands above")


class _Found(NamedTuple):
    """What was measured so far: each scene's judgements, and how many scenes were wanted."""

    suite: list[list[Judged]]
    ordinary: list[list[Judged]]
    real: list[Judged]
    scenes: int
    stretches: int


def _report(found: _Found, kinds: Sequence[str]) -> str:
    """Markdown of all of `found`; what is missing is said."""
    parts = []
    if found.suite:
        parts += _lacking(len(found.suite), found.scenes)
        parts.append(event_report(list(chain.from_iterable(found.suite))))
    if found.ordinary:
        parts.append("### Ordinary life")
        parts += _lacking(len(found.ordinary), found.stretches)
        parts.append(ordinary_report(_of_days(found, kinds)))
    if found.real:
        parts.append(f"### Real clips\n\n{_ABOUT_REAL}\n\n{event_report(found.real)}")
    return "\n\n".join(parts) or "Nothing was measured."


def _lacking(measured: int, wanted: int) -> list[str]:
    """A line that says so where less was measured than was wanted."""
    if measured == wanted:
        return []
    return [f"**Not the whole: {measured} of {wanted} scenes were measured.**"]


def _of_days(found: _Found, kinds: Sequence[str]) -> list[Judged]:
    return [one for one in chain.from_iterable(found.ordinary) if one.kind in kinds]


def _as_json(found: _Found, kinds: Sequence[str]) -> str:
    return json_text({
        "measured": {
            "scenes": [len(found.suite), found.scenes],
            "ordinary": [len(found.ordinary), found.stretches],
        },
        "suite": _numbers(list(chain.from_iterable(found.suite))),
        "ordinary": _numbers(_of_days(found, kinds)),
        "real": _numbers(found.real),
    })  # fmt: skip


_ABOUT_REAL = (
    "No object is left, nobody falls, nothing burns and nobody drives the wrong way in them; one\n"
    "cyclist is where he must not be. All but PETS are measured with a guess of their calibration."
)


def _numbers(judged: Sequence[Judged]) -> dict[str, EventScore]:
    return {kind.value: score(ones) for kind, ones in by_kind(judged).items()}


def _all(wanted: Sequence[tuple[str, int]], folder: Path, jobs: int) -> Iterator[list[Judged]]:
    """Every wanted scene, `jobs` at a time, in order; what was told of each on standard error.

    One that cannot be measured is named there, and left out.
    """
    # Ctrl-C reaches the whole group, and it is this process that stops the others.
    with ProcessPoolExecutor(
        jobs, get_context("spawn"), signal.signal, (signal.SIGINT, signal.SIG_IGN)
    ) as pool:
        work = [pool.submit(_one, kind, number, folder) for kind, number in wanted]
        try:
            for (kind, number), future in zip(wanted, work, strict=True):
                try:
                    found = future.result()
                except InputError:
                    raise
                except PlainviewError as error:
                    tell(f"{kind}-{number:03d} is left out: {error.line()}")
                else:
                    tell(f"{kind}-{number:03d}{_said(found)}")
                    yield found
        finally:
            pool.shutdown(cancel_futures=True)


def _said(found: Sequence[Judged]) -> str:
    """One scene's outcome in one line."""
    scene = found[0].truth.scene
    missed = [event for one in found for event, delay in one.found if delay is None]
    told = [
        f"{verdict} {one.kind} at {one.start:.1f} s ({one.at[0]:.1f}, {one.at[1]:.1f}) m"
        for judged in found
        for one, verdict in judged.told
    ]
    told += [f"MISSED {event.kind} of {event.start:.1f} s" for event in missed]
    spell = found[0].truth.spell_at(0.0)
    about = f" ({scene.story}; {spell.light}, {spell.weather}, {spell.quality})" if scene else ""
    return f"{about}: {', '.join(told) or 'nothing, rightly'}"


def _one(kind: str, number: int, folder: Path) -> list[Judged]:
    scene = event_scene(kind, number)
    place = folder / scene.name
    if not is_rendered(scene, place):
        render_event_scene(scene, place)
    return measured_events(
        place / "video.mp4", place / "camera.toml", read_event_truth(place / "events.json")
    )


def site(
    *, camera: Path, videos: Sequence[Path], truths: Sequence[Path], card: Path | None, clock: Clock
) -> None:
    """Measure a site's own recordings, judge them against their truth and print the tables.

    `videos` and `truths` go together in their order. `card` is a file that gets the scorecard.
    Raises InputError for what was given wrongly, PlainviewError when measuring or writing fails.
    """
    if not videos or len(videos) != len(truths):
        raise InputError(
            f"{len(videos)} videos and {len(truths)} truths",
            where="--truth",
            mend="Give one --truth for each --video, in the same order",
        )
    _refuse_twice(videos)
    config = load_camera(camera)
    told = [read_event_truth(path) for path in truths]
    zones = {zone.name for zone in config.view.zones}
    for truth, path in zip(told, truths, strict=True):
        for k, event in enumerate(truth.events):
            if event.zone is not None and event.zone not in zones:
                raise InputError(
                    f"events[{k}] is in the zone {event.zone!r}, which the camera has not",
                    where=str(path),
                    mend=f"Use {', '.join(sorted(zones)) or 'null: it has none'}",
                )
    judged: list[Judged] = []
    clips: list[Clip] = []
    for video, truth, path in zip(videos, told, truths, strict=True):
        tell(f"measuring {video.name}")
        seen = measured(video, camera)
        refuse_other_length(seen.intervals[-1].t if seen.intervals else 0.0, truth, video, path)
        found = judged_kinds(seen, truth)
        tell(f"{video.name}{_said(found)}")
        judged += found
        clips.append(Clip(truth, seen.doubted()))
    report = scorecard(
        judged, clips, camera=config.id, view=config.view,
        made=dt.datetime.fromtimestamp(clock.utc(), tz=dt.UTC).date().isoformat(),
    )  # fmt: skip
    sys.stdout.write(event_report(judged) + "\n\n" + _watched(report, clips) + "\n\n")
    for one in report.kinds:
        verdict = judgement(
            report, camera=config.id, view=config.view, kind=one.kind, version=__version__
        )
        besides = one.in_doubt()
        more = f"; {besides}" if besides and besides not in verdict.why else ""
        sys.stdout.write(f"{one.kind}: {verdict.standing}: {verdict.why}{more}\n")
    if card is not None:
        _write_card(card, report)


def _watched(report: Scorecard, clips: Sequence[Clip]) -> str:
    """One line: how long counts, and how long does not, and why."""
    hours: defaultdict[str, float] = defaultdict(float)
    for one in chain.from_iterable(clip.doubted for clip in clips):
        hours[" and ".join(one.health)] += (one.end - one.start) / 3600
    text = f"{_long(report.hours)} were watched."
    if hours:
        why = ", ".join(f"{name} {_long(spent)}" for name, spent in sorted(hours.items()))
        text += f" Left out, as the camera must not be believed then: {why}."
    return text


def _long(hours: float) -> str:
    return f"{hours:.1f} hours" if hours >= _SHORT else f"{hours * 3600:.0f} s"


def _refuse_twice(videos: Sequence[Path]) -> None:
    """Hours that are counted twice would make the false alarms of a day half as many."""
    sizes: dict[int, list[Path]] = {}
    for video in videos:
        if video.is_file():
            sizes.setdefault(video.stat().st_size, []).append(video)
    for alike in sizes.values():
        digests: dict[str, Path] = {}
        for video in alike if len(alike) > 1 else ():
            with video.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if digest in digests:
                raise InputError(
                    f"is the same film as {digests[digest]}",
                    where=str(video),
                    mend="Give each recording once",
                )
            digests[digest] = video


def refuse_other_length(seconds: float, truth: EventTruth, video: Path, path: Path) -> None:
    """Raise InputError where the truth is of another length than what was measured, `seconds`.

    False alarms are counted by the hours that the truth tells.
    """
    if abs(seconds - truth.seconds) > max(_APART, truth.seconds * _APART_SHARE):
        raise InputError(
            f"tells of {truth.seconds:g} s, and {video.name} was measured for {seconds:g} s",
            where=str(path),
            mend="Write the clip's own length as 'seconds', or give the video that it is of",
        )


def _write_card(path: Path, card: Scorecard) -> None:
    text = msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"
    try:
        path.write_bytes(text)
    except OSError as error:
        raise PlainviewError(
            f"cannot be written ({error.strerror})", where=str(path), mend="Name another file"
        ) from error
    tell(f'{path}: name it in CAMERA.toml: [events] scorecard = "{path.name}"')
