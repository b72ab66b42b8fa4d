"""`plainview evaluate events`: renders scenes, measures them as a person would, judges."""

import datetime as dt
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec

from plainview import __version__
from plainview.app.clips import tell
from plainview.app.event_clips import measured_events, real_clips
from plainview.clock import Clock
from plainview.config import load_camera
from plainview.errors import InputError, PlainviewError
from plainview.evaluate.card import scorecard
from plainview.evaluate.event_table import by_kind, event_report, ordinary_report
from plainview.evaluate.event_truth import read_event_truth
from plainview.evaluate.events import EventScore, Judged, score
from plainview.evaluate.table import json_text, write_between
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
    gets the tables between its `events` markers. Raises InputError for an unknown kind or part,
    PlainviewError when rendering or measuring fails.
    """
    for kind in size.kinds:
        story_of(kind, 0)
    scenes = [(kind, k) for kind in size.kinds for k in numbers(size.part, size.scenes)]
    stretches = math.ceil(size.hours * 3600 / SECONDS)
    ordinary = [(ORDINARY, k) for k in numbers(size.part, stretches)]
    with tempfile.TemporaryDirectory(prefix="plainview-events-") as scratch:
        judged = list(_all([*scenes, *ordinary], keep or Path(scratch), jobs))
    of_suite = [one for one in judged if one.truth.scene and one.truth.scene.kind != ORDINARY]
    of_days = [
        one for one in judged
        if one.truth.scene and one.truth.scene.kind == ORDINARY and one.kind in size.kinds
    ]  # fmt: skip
    parts = []
    if of_suite:
        parts.append(event_report(of_suite))
    if of_days:
        parts.append(f"### Ordinary life\n\n{ordinary_report(of_days)}")
    real = list(real_clips(size.data, size.kinds)) if size.data else []
    if real:
        parts.append(f"### Real clips\n\n{_ABOUT_REAL}\n\n{event_report(real)}")
    text = "\n\n".join(parts)
    told = {"suite": _numbers(of_suite), "ordinary": _numbers(of_days), "real": _numbers(real)}
    sys.stdout.write((json_text(told) if as_json else text) + "\n")
    if write is not None:
        write_between(write, "events", text)


_ABOUT_REAL = (
    "No object is left, nobody falls and nothing burns in them: whatever is told is false. All\n"
    "but PETS are measured with a guess of their calibration."
)


def _numbers(judged: Sequence[Judged]) -> dict[str, EventScore]:
    return {kind.value: score(ones) for kind, ones in by_kind(judged).items()}


def _all(wanted: Sequence[tuple[str, int]], folder: Path, jobs: int) -> Iterator[Judged]:
    """Every wanted scene, `jobs` at a time, in order; what was told of each on standard error."""
    with ProcessPoolExecutor(max_workers=jobs, mp_context=get_context("spawn")) as pool:
        work = [pool.submit(_one, kind, number, folder) for kind, number in wanted]
        try:
            for (kind, number), future in zip(wanted, work, strict=True):
                found = future.result()
                tell(f"{kind}-{number:03d}{_said(found)}")
                yield from found
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
    config = load_camera(camera)
    told = [read_event_truth(path) for path in truths]
    judged: list[Judged] = []
    for video, truth in zip(videos, told, strict=True):
        tell(f"measuring {video.name}")
        found = measured_events(video, camera, truth)
        tell(f"{video.name}{_said(found)}")
        judged += found
    report = scorecard(
        judged, told, camera=config.id, view=config.view,
        made=dt.datetime.fromtimestamp(clock.utc(), tz=dt.UTC).date().isoformat(),
    )  # fmt: skip
    sys.stdout.write(event_report(judged) + "\n")
    for one in report.kinds:
        verdict = judgement(
            report, camera=config.id, view=config.view, kind=one.kind, version=__version__
        )
        sys.stdout.write(f"{one.kind}: {verdict.standing}: {verdict.why}\n")
    if card is not None:
        _write_card(card, report)


def _write_card(path: Path, card: Scorecard) -> None:
    text = msgspec.json.format(msgspec.json.encode(card), indent=1) + b"\n"
    try:
        path.write_bytes(text)
    except OSError as error:
        raise PlainviewError(
            f"cannot be written ({error.strerror})", where=str(path), mend="Name another file"
        ) from error
    tell(f'{path}: name it in CAMERA.toml: [events] scorecard = "{path.name}"')
