"""From frames to Readings: every interval once, in order, and never a false empty scene."""

from functools import cache
from pathlib import Path

import av
import cv2
import msgspec
import numpy as np
import pytest
from shapely import contains_xy
from shapely.geometry import Polygon
from tests.vision.scenes import (
    CAMERA,
    NOBODY,
    RATE,
    WORLD,
    Luma,
    count_of,
    film,
    grey,
    readings,
    view,
)
from tests.vision.test_health import WIDTH, noisy, scene

from plainview.app.measure import header_line
from plainview.config.camera import load_camera
from plainview.evaluate.measured import parse_measured
from plainview.evaluate.score import score
from plainview.evaluate.truth import read_truth
from plainview.geometry import Line
from plainview.record import (
    COUNT_STEP,
    CROSSING_STEP,
    Health,
    Reading,
    decode,
    encode,
    interval_json,
    unpack_cells,
)
from plainview.synth.light import OVERCAST
from plainview.synth.picture import Fault
from plainview.synth.render import Renderer
from plainview.synth.simulate import side_by_side, walker
from plainview.vision.measure import Measurer
from plainview.vision.optics import Floats
from plainview.vision.plate import Plate, read_plate
from plainview.vision.scene import BOOTSTRAP
from plainview.vision.spec import LensSpec
from plainview.vision.timeline import Pace

WALK = walker((-7, 1), (7, 1), 1.2, begin=3.0)
GATE = Line(name="gate", start=(0.0, 5.0), end=(0.0, -3.0))
"""Forward is towards larger x."""
CLIP = LensSpec(view=view(lines=(GATE,)), live=False)
LIVE = LensSpec(view=view(lines=(GATE,)), live=True)
NOISE = [
    (k / 5, np.random.default_rng(k).integers(0, 256, (180, 320), np.uint8)) for k in range(40)
]


@cache
def _rendered(rate: float) -> tuple[tuple[float, Luma], ...]:
    """Forty seconds of WALK, rendered once for all tests; nobody may write into them."""
    frames = tuple(film(WALK, 40, rate=rate))
    for _, luma in frames:
        luma.setflags(write=False)
    return frames


def walked(seconds: float, *, rate: float = RATE) -> tuple[tuple[float, Luma], ...]:
    """The first `seconds` of WALK."""
    return _rendered(rate)[: round(seconds * rate)]


def said(measurer: Measurer, end: float, span: float = 1.0) -> list[Reading]:
    """What comes of an interval that ends at `end` seconds."""
    data = measurer.interval(round(end * 1000), round(span * 1000), dropped=0, health=())
    return [decode(one) for one in data]


def ends(found: list[Reading]) -> list[int]:
    """The intervals' ends, ms."""
    return [one.t for one in found]


def test_a_clip_is_held_back_and_then_told_wholly_and_in_order() -> None:
    """Nothing is said until the plate is learned; then each interval once, in order."""
    measurer = Measurer(CLIP)
    frames = walked(BOOTSTRAP + 6, rate=2.5)
    order: list[int] = []
    first = None
    for k, (t, luma) in enumerate(frames):
        measurer.frame(luma, t)
        if k % 5 == 4:
            new = said(measurer, (k + 1) / 2.5, 2.0)
            if new and first is None:
                first = t
            order += ends(new)
    order += [decode(data).t for data in measurer.finish()]
    assert first is not None
    assert BOOTSTRAP - 1 <= first <= BOOTSTRAP + 3
    assert order == [2000 * (k + 1) for k in range(len(frames) // 5)]


def test_a_clips_first_seconds_are_measured_like_its_last() -> None:
    """Someone who walks through before the plate is known is counted and crosses all the same."""
    found = readings(walked(34), Measurer(CLIP), CLIP)
    assert [one.t for one in found] == [1000 * (k + 1) for k in range(34)]
    there = [count_of(one) for one in found]
    assert np.mean(there[6:11]) == pytest.approx(1, abs=0.15)
    assert max(there[15:]) < 0.2
    forward, backward = np.sum([one.crossings[0] for one in found], axis=0) * CROSSING_STEP
    assert forward == pytest.approx(1, abs=0.2)
    assert backward == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 12])
def test_a_clip_shorter_than_its_plate_takes_is_told_at_its_end(frames: int) -> None:
    """However short a clip, each of its intervals is told once, at `finish` at the latest."""
    measurer = Measurer(CLIP)
    for t, luma in film(NOBODY, frames / 5):
        measurer.frame(luma, t)
    found = said(measurer, 1.0, 1.0)
    found += [decode(data) for data in measurer.finish()]
    assert ends(found) == [1000]
    assert found[0].frames == frames


def test_a_clip_without_frames_is_told_as_not_seen() -> None:
    """Intervals without any frame come out, and claim nothing."""
    measurer = Measurer(CLIP)
    found = said(measurer, 1.0) + said(measurer, 2.0)
    found += [decode(data) for data in measurer.finish()]
    assert ends(found) == [1000, 2000]
    assert all(one.frames == 0 and one.high * COUNT_STEP > 100 for one in found)


def test_a_live_lens_speaks_from_the_first_interval() -> None:
    """Live, each interval's Reading comes at its end; its doubt shrinks as the plate is learned."""
    measurer = Measurer(LIVE)
    widths = []
    for k, (t, luma) in enumerate(film(NOBODY, BOOTSTRAP + 4)):
        measurer.frame(luma, t + 1e9)
        if k % 5 == 4:
            (reading,) = said(measurer, 1e9 + (k + 1) / 5)
            widths.append(reading.high - reading.low)
    assert measurer.finish() == []
    assert widths[-1] < widths[0]
    assert len(widths) == int(BOOTSTRAP) + 4


def test_a_live_walker_is_one() -> None:
    """Live, with a learned plate, one who walks through is one, and crosses once."""
    late = walker((-7, 1), (7, 1), 1.2, begin=BOOTSTRAP + 2)
    found = readings(film(late, BOOTSTRAP + 15), Measurer(LIVE), LIVE)
    there = [count_of(one) for one in found]
    assert np.mean(there[36:41]) == pytest.approx(1, abs=0.15)
    crossed = np.sum([one.crossings[0] for one in found], axis=0) * CROSSING_STEP
    assert crossed == pytest.approx((1, 0), abs=0.2)


def test_an_empty_scene_is_empty_and_well() -> None:
    """Nobody, no flags, no cells, no crossings; and an interval that holds zero narrowly."""
    frames = list(film(NOBODY, 36, rate=2.5))
    for spec in (CLIP, LIVE):
        found = readings(frames, Measurer(spec), spec)
        assert len(found) == 36
        for one in found[3:]:
            assert one.health == ()
            assert one.count == 0
            assert one.cells == ()
            assert one.crossings == ((0, 0),)
        assert max(one.high for one in found[33:]) * COUNT_STEP < 2


def saved() -> bytes:
    """A plate of the empty scene as it is saved, of the working size."""
    measurer = Measurer(LIVE)
    for t, luma in film(NOBODY, BOOTSTRAP + 2, rate=2):
        measurer.frame(luma, t)
    data = measurer.plate()
    assert data is not None
    return data


@pytest.fixture(scope="module")
def plate() -> bytes:
    """The same."""
    return saved()


def test_the_plate_is_offered_once_it_is_known_and_not_again_at_once(plate: bytes) -> None:
    """`plate()` gives a readable plate of the empty scene once; before it is settled, nothing."""
    measurer = Measurer(LIVE)
    offered = []
    for t, luma in film(WALK, BOOTSTRAP + 4, rate=2):
        measurer.frame(luma, t)
        data = measurer.plate()
        if data is not None:
            offered.append((t, data))
    ((t, data),) = offered
    assert t >= BOOTSTRAP - 1
    shown, bare = read_plate(data), read_plate(plate)
    assert np.abs(shown.mean - bare.mean).max() < 20


def test_a_saved_plate_lets_a_clip_speak_at_once(plate: bytes) -> None:
    """With its plate given, a clip is measured from its first frame on, without holding back."""
    measurer = Measurer(CLIP, plate=plate)
    late = walker((-3, 1), (7, 1), 1.2)
    counts = []
    for k, (t, luma) in enumerate(film(late, 8)):
        measurer.frame(luma, t)
        if k % 5 == 4:
            (one,) = said(measurer, (k + 1) / 5)
            counts.append(count_of(one))
    assert counts[1:6] == pytest.approx([1] * 5, abs=0.2)


def of_size(height: int, width: int) -> bytes:
    """A good plate of another size."""
    luma = np.full((height, width), 100, np.uint8)
    return Plate(luma, np.full(luma.shape, 2.0, np.float32)).to_bytes()


@pytest.mark.parametrize(
    "bad",
    [b"", b"garbage", of_size(90, 160), of_size(320, 180)],
    ids=["nothing", "garbage", "small", "turned"],
)
def test_a_plate_that_does_not_fit_is_ignored(bad: bytes) -> None:
    """A garbage plate, or one of another size, changes nothing."""
    frames = walked(12)
    plain = [encode(one) for one in readings(frames, Measurer(LIVE), LIVE)]
    given = [encode(one) for one in readings(frames, Measurer(LIVE, plate=bad), LIVE)]
    assert given == plain


def resized(luma: Luma, factor: int) -> Luma:
    """Each pixel `factor` times, as a camera of more pixels sends it."""
    return np.kron(luma, np.ones((factor, factor), np.uint8))


@pytest.mark.parametrize("spec", [CLIP, LIVE], ids=["clip", "live"])
@pytest.mark.parametrize("change", [1.0, 10.0, 32.0])
def test_a_change_of_resolution_loses_no_interval(spec: LensSpec, change: float) -> None:
    """Whenever the frames' size changes, also while a clip waits, each interval comes once."""
    frames = [(t, luma if t < change else resized(luma, 2)) for t, luma in walked(40, rate=2.5)]
    found = readings(frames, Measurer(spec), spec)
    assert ends(found) == [1000 * (k + 1) for k in range(40)]
    assert sum(one.frames for one in found) >= 0.9 * len(frames) - 3


def test_people_are_counted_after_a_change_of_resolution() -> None:
    """The other size is measured too, once its plate is known."""
    late = walker((-7, 1), (7, 1), 1.2, begin=20.0)
    frames = [(t, luma if t < 6 else resized(luma, 2)) for t, luma in film(late, 34)]
    found = readings(frames, Measurer(CLIP), CLIP)
    there = [count_of(one) for one in found]
    assert np.mean(there[23:28]) == pytest.approx(1, abs=0.2)
    assert max(there[:18]) < 0.3


@pytest.mark.parametrize("step", [-3600.0, -0.3, 0.0])
@pytest.mark.parametrize("spec", [CLIP, LIVE], ids=["clip", "live"])
def test_time_that_steps_back_is_survived(spec: LensSpec, step: float) -> None:
    """After a clock's step back, frames are measured on; nothing is lost or infinite."""
    measurer = Measurer(spec)
    found: list[Reading] = []
    for k, (t, luma) in enumerate(walked(36, rate=2.5)):
        measurer.frame(luma, t if k < 30 else t + step - 0.4)
        if k % 5 == 4:
            found += said(measurer, (k + 1) / 2.5, 2.0)
    found += [decode(data) for data in measurer.finish()]
    assert len(found) == 18
    assert sum(one.frames for one in found) >= 90 - 3
    assert max(count_of(one) for one in found) < 2


def test_time_that_leaps_ahead_is_survived() -> None:
    """After a gap of an hour people are not carried on, and the scene is measured as it is."""
    measurer = Measurer(LIVE)
    for t, luma in walked(8):
        measurer.frame(luma, t)
    measurer.interval(8000, 8000, dropped=0, health=())
    for t, luma in film(NOBODY, 12):
        measurer.frame(luma, t + 3600)
    measurer.interval(3_604_000, 1000, dropped=0, health=())
    for t, luma in film(NOBODY, 2):
        measurer.frame(luma, t + 3612)
    (reading,) = said(measurer, 3614)
    assert reading.count == 0


@pytest.mark.parametrize("shape", [(16, 16), (17, 400), (400, 17), (36, 64)])
@pytest.mark.parametrize("spec", [CLIP, LIVE], ids=["clip", "live"])
def test_frames_of_any_size_are_taken(spec: LensSpec, shape: tuple[int, int]) -> None:
    """A stream of tiny or odd frames gives Readings, not a crash."""
    generator = np.random.default_rng(3)
    frames = [(k / 5, generator.integers(0, 256, shape, np.uint8)) for k in range(20)]
    assert len(readings(frames, Measurer(spec), spec)) == 4


def test_noise_in_every_frame_is_measured_or_flagged_within_bounds() -> None:
    """Random pictures give Readings within their bytes, in order."""
    found = readings(NOISE, Measurer(LIVE), LIVE)
    assert ends(found) == [1000 * (k + 1) for k in range(8)]


@pytest.mark.parametrize("kind", ["covered", "dark", "sprayed"])
def test_a_camera_that_is_covered_never_reads_as_empty(kind: str) -> None:
    """Soon after it is covered, each Reading says so and claims nothing; before, all is well."""
    fault = Fault(kind, 12.0, 22.0)  # type: ignore[arg-type]
    renderer = Renderer(WORLD, CAMERA, NOBODY, OVERCAST, faults=(fault,), seed=1)
    frames = [(k / 2.5, grey(renderer.frame(k / 2.5))) for k in range(85)]
    for spec in (CLIP, LIVE):
        found = readings(frames, Measurer(spec), spec)
        assert all(one.health == () for one in found[3:11])
        for one in found[15:21]:
            assert one.health
            assert one.cells == ()
            assert one.high * COUNT_STEP > 100
        assert all(one.health == () for one in found[28:])
        assert max(count_of(one) for one in found[28:]) < 0.5


def test_a_cover_is_not_learned_before_it_is_told() -> None:
    """A hand that is gone again before it counts as a cover leaves no ghost in the plate."""
    rng, still, measurer = np.random.default_rng(2), scene(), Measurer(CLIP)
    hand = np.clip((0.42 * WIDTH - np.arange(WIDTH, dtype=np.float32)) / 30, 0, 1)
    plates = []
    for k in range(240):
        t = k / RATE
        covered = hand if 40 <= t < 44.5 else 0 * hand
        measurer.frame(noisy(still * (1 - covered) + 30 * covered, 1.5, rng), t)
        if k % round(RATE) == 0 and t >= 39:
            said(measurer, t)
            assert measurer._estimator is not None
            plates.append(measurer._estimator.plate.luma.copy())
    assert np.mean(cv2.absdiff(plates[-1], plates[0]) > 6) < 0.001


def test_what_the_lens_knows_of_its_packets_is_passed_on() -> None:
    """Flags and dropped packets of an interval are in its Reading, also when it was held back."""
    measurer = Measurer(CLIP)
    for t, luma in film(NOBODY, 2):
        measurer.frame(luma, t)
        if t in (0.8, 1.8):
            flags = (Health.LATE,) if t < 1 else ()
            measurer.interval(round(t * 1000) + 200, 1000, dropped=round(t * 10), health=flags)
    found = [decode(data) for data in measurer.finish()]
    assert [one.dropped for one in found] == [8, 18]
    assert [Health.LATE in one.health for one in found] == [True, False]


def test_the_frame_given_is_not_kept_or_changed() -> None:
    """The decoder may reuse its buffer: what was given is copied, and left as it was."""
    shared = np.zeros((180, 320), np.uint8)
    one, other = Measurer(CLIP), Measurer(CLIP)
    for t, luma in walked(6):
        shared[:] = luma
        one.frame(shared, t)
        assert np.array_equal(shared, luma)
        other.frame(luma.copy(), t)
    for measurer in (one, other):
        measurer.interval(6000, 6000, dropped=0, health=())
    assert one.finish() == other.finish()


def test_two_measurers_do_not_share_anything() -> None:
    """The same frames give the same Readings, whatever another camera sees meanwhile."""
    frames = list(film(side_by_side((0, -6), (0, 8), 1.2), 10))
    alone = [encode(one) for one in readings(frames, Measurer(LIVE), LIVE)]
    readings(NOISE, Measurer(LIVE), LIVE)
    again = [encode(one) for one in readings(frames, Measurer(LIVE), LIVE)]
    assert alone == again


PETS = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "pets2009-s2l1"


@pytest.fixture(scope="module")
def pets() -> tuple[LensSpec, list[Reading], Floats]:
    """The real clip as the lens measures it, and its truth: frame, x, y, vx, vy."""
    if not (PETS / "video.mp4").exists():
        pytest.skip("no recording pets2009-s2l1 in ../shared/data")
    camera = load_camera(PETS / "camera.toml")
    spec = LensSpec(view=camera.view, live=False)
    assert camera.frame_rate is not None
    with av.open(str(PETS / "video.mp4")) as container:
        pace = Pace(spec.rate)
        frames = [
            (k / camera.frame_rate, np.asarray(frame.to_ndarray(format="gray"), dtype=np.uint8))
            for k, frame in enumerate(container.decode(video=0))
            if pace.wants(k / camera.frame_rate)
        ]
    truth = np.loadtxt(PETS / "truth.csv", delimiter=",", skiprows=1)[:, :5]
    truth[:, 0] /= camera.frame_rate
    return spec, readings(frames, Measurer(spec), spec), truth


Pets = tuple[LensSpec, list[Reading], Floats]


def test_real_people_are_counted(pets: Pets) -> None:
    """PETS2009 S2.L1 at 1 Hz, the whole clip: mean absolute error at most 0.60 people."""
    spec, found, truth = pets
    inside = truth[contains_xy(Polygon(spec.view.polygon), truth[:, 1], truth[:, 2])]
    error = []
    for one in found[:-1]:
        start, end = one.t / 1000 - 1, one.t / 1000
        frames = np.ceil(end * 7 - 1e-6) - np.ceil(start * 7 - 1e-6)
        true = np.sum((inside[:, 0] >= start - 1e-6) & (inside[:, 0] < end - 1e-6)) / frames
        error.append(count_of(one) - true)
        assert one.health == ()
    assert len(error) > 110
    assert np.abs(error).mean() <= 0.60
    assert abs(np.mean(error)) <= 0.40


def test_the_budget_on_the_public_recording(pets: Pets) -> None:
    """As `evaluate` scores it: count in budget, interval honest, flow sensible, no false flag."""
    spec, found, _ = pets
    names = [line.name for line in spec.view.lines]
    lines = [
        header_line("pets", spec.view, 1.0, sealed=True),
        *(interval_json(one, spec.view.grid(), names, ()) for one in found),
    ]
    rate = load_camera(PETS / "camera.toml").frame_rate
    assert rate is not None
    truth = read_truth(PETS / "truth.csv", rate)
    scored = score(parse_measured(map(msgspec.json.encode, lines)), truth, spec.view)
    assert scored.counts.intervals == 114
    assert scored.counts.mae <= 0.60
    assert scored.counts.coverage >= 0.85
    assert scored.velocity.direction <= 20
    assert scored.velocity.speed <= 0.4
    assert scored.health.false == 0


def test_real_velocity_is_measured(pets: Pets) -> None:
    """Where someone truly walked, the cell's velocity is off by less than 0.25 m/s (median)."""
    spec, found, truth = pets
    (ox, oy), cell, _ = spec.view.grid()
    errors = []
    for one in found:
        said = {(c.ix, c.iy): (c.vx, c.vy) for c in unpack_cells(one) if c.density > 0.2}
        now = truth[np.abs(truth[:, 0] - (one.t / 1000 - 0.5)) < 0.08]
        for _, x, y, vx, vy in now[np.hypot(now[:, 3], now[:, 4]) > 0.3]:
            at = said.get((int((x - ox) // cell), int((y - oy) // cell)))
            if at is not None:
                errors.append(np.hypot(at[0] - vx, at[1] - vy))
    assert len(errors) > 200
    assert np.median(errors) < 0.25


def test_real_people_cross_the_line(pets: Pets) -> None:
    """Crossings of the path's line are within 2 of the truth in each direction."""
    spec, found, truth = pets
    (line,) = spec.view.lines
    along = np.subtract(line.end, line.start)
    before = truth[:, 1:3] - line.start
    after = before + truth[:, 3:5] / 7
    side, then = before @ line.normal(), after @ line.normal()
    on = (before @ along > 0) & (before @ along < along @ along)
    true = [np.sum(on & (side < 0) & (then >= 0)), np.sum(on & (side >= 0) & (then < 0))]
    assert min(true) >= 3, "the truth has people in both directions"
    said = np.sum([one.crossings[0] for one in found], axis=0) * CROSSING_STEP
    assert said == pytest.approx(true, abs=2)


def test_a_real_reading_is_small(pets: Pets) -> None:
    """The median Reading of the clip has at most 512 bytes, encoded."""
    _, found, _ = pets
    assert np.median([len(encode(one)) for one in found]) <= 512
