import functools
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from plainview.record import Health
from plainview.vision.health import HealthMonitor

DATA = Path(__file__).resolve().parents[2] / ".." / "shared" / "data"
CLIPS = {
    "pets": ("pets2009-s2l1/video.mp4", 7.0),
    "people": ("clips/people-one-by-one.mp4", None),
    "cars": ("clips/cars.mp4", None),
    "cyclist": ("clips/cyclist-on-motorway.avi", None),
    "aisle": ("clips/store-aisle.mp4", None),
    "bicycle": ("clips/bicycle-and-car.mp4", None),
    "worker": ("clips/hi-vis-worker.mp4", None),
    "motorway": ("clips/motorway.avi", None),
}
WIDTH, HEIGHT, RATE = 480, 270, 5.0
START, STOP = 8.0, 16.0
"""Seconds between which a fault lasts."""

Luma = NDArray[np.uint8]
Frame = tuple[float, Luma, bool]
Fault = Callable[[Luma, np.random.Generator], Luma]


def noisy(luma: NDArray[np.generic], sigma: float, rng: np.random.Generator) -> Luma:
    """`luma` with sensor noise of `sigma` levels."""
    noise = rng.standard_normal(luma.shape, dtype=np.float32) * sigma
    return np.clip(luma.astype(np.float32) + noise, 0, 255).astype(np.uint8)


def scene(seed: int = 7) -> NDArray[np.float32]:
    """A square with buildings, paving and lamp posts, (HEIGHT, WIDTH)."""
    rng = np.random.default_rng(seed)
    picture = np.full((HEIGHT, WIDTH), 150, np.float32)
    for _ in range(140):
        x, y = int(rng.integers(0, WIDTH)), int(rng.integers(0, HEIGHT))
        w, h = (int(v) for v in rng.integers(6, 60, 2))
        cv2.rectangle(picture, (x, y), (x + w, y + h), float(rng.integers(50, 215)), -1)
    grain = cv2.GaussianBlur(rng.standard_normal((HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.0)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8) + 8 * grain, dtype=np.float32)


def walkers(picture: NDArray[np.float32], t: float, n: int, seed: int = 3) -> NDArray[np.float32]:
    """`picture` with `n` walking people painted over it at time `t`."""
    rng = np.random.default_rng(seed)
    out = picture.copy()
    for _ in range(n):
        x = (rng.uniform(0, WIDTH) + rng.uniform(-25, 25) * t) % WIDTH
        y = rng.uniform(0, HEIGHT)
        cv2.ellipse(
            out, (int(x), int(y)), (6, 17), 0, 0, 360, float(rng.integers(30, 230)), -1, cv2.LINE_AA
        )
    return out


def synthetic(seconds: float, people: int = 8) -> Iterator[Frame]:
    """Frames of a scene with some people walking."""
    rng = np.random.default_rng(11)
    still = scene()
    for k in range(int(seconds * RATE)):
        t = k / RATE
        yield t, noisy(walkers(still, t, people), 1.5, rng), k % 10 == 0


@functools.cache
def real(name: str, seconds: float = 24.0) -> list[Frame]:
    """The clip's analysed frames, at most 480 wide, RATE a second."""
    file, rate = CLIPS[name]
    path = DATA / file
    if not path.exists():
        pytest.skip(f"no recording {file} in ../shared/data")
    frames: list[Frame] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        rate = rate or float(stream.average_rate or RATE)
        key = False
        for k, frame in enumerate(container.decode(stream)):
            key |= frame.key_frame
            t = k / rate
            if t > seconds:
                break
            if t + 1e-9 < len(frames) / RATE:
                continue
            luma = frame.to_ndarray(format="gray")
            if luma.shape[1] > WIDTH:
                size = (WIDTH, luma.shape[0] * WIDTH // luma.shape[1])
                luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
            frames.append((t, np.ascontiguousarray(luma), key))
            key = False
    return frames


def median(frames: list[Frame]) -> NDArray[np.float32]:
    """The frames' median picture, as a plate."""
    middle = np.median(np.stack([luma for _, luma, _ in frames[::3]]), axis=0)
    return np.asarray(middle, dtype=np.float32)


def covered(luma: Luma, rng: np.random.Generator) -> Luma:
    """A bag over the lens."""
    return noisy(np.full(luma.shape, 90.0), 1.5, rng)


def mostly_covered(luma: Luma, rng: np.random.Generator) -> Luma:
    """Seventy per cent of the view behind a hand or a bag."""
    out = luma.copy()
    out[int(0.3 * luma.shape[0]) :] = 110
    return noisy(out, 1.5, rng)


def half_covered(luma: Luma, rng: np.random.Generator) -> Luma:
    """A hair more than half of the view behind something that hangs into it aslant."""
    down, right = np.mgrid[: luma.shape[0], : luma.shape[1]]
    hidden = right / luma.shape[1] + 0.2 * (down / luma.shape[0] - 0.5) < 0.52
    return noisy(np.where(hidden, 20, luma), 1.5, rng)


def sprayed(luma: Luma, rng: np.random.Generator) -> Luma:
    """Paint in blobs over most of the glass."""
    blobs = np.random.default_rng(3).standard_normal(luma.shape).astype(np.float32)
    blobs = np.asarray(cv2.GaussianBlur(blobs, (0, 0), luma.shape[1] / 20), dtype=np.float32)
    paint = np.clip((blobs - np.quantile(blobs, 0.2)) / (0.35 * blobs.std()), 0, 0.97)
    return noisy(luma * (1 - paint) + 150 * paint, 1.5, rng)


def painted(luma: Luma, level: float, share: float) -> NDArray[np.float32]:
    """Paint of `level` in blots over `share` of the glass; a little still comes through."""
    blots = np.random.default_rng(5).standard_normal((9, 13)).astype(np.float32)
    thick = cv2.resize(blots, (luma.shape[1], luma.shape[0]), interpolation=cv2.INTER_CUBIC)
    paint = np.clip((thick - np.quantile(thick, 1 - share)) * 4 + 0.5, 0, 1) * 0.92
    return np.asarray(luma * (1 - paint) + level * paint, dtype=np.float32)


def blackened(luma: Luma, rng: np.random.Generator) -> Luma:
    """Thin black paint over nine tenths: what is behind it still shows, faintly."""
    return noisy(painted(luma, 15, 0.9), 1.5, rng)


def whitened(luma: Luma, rng: np.random.Generator) -> Luma:
    """The same in white."""
    return noisy(painted(luma, 230, 0.9), 1.5, rng)


def blotted(luma: Luma, rng: np.random.Generator) -> Luma:
    """Two thirds of the glass under grey blots, sharp where they end."""
    return noisy(painted(luma, 90, 0.67), 1.5, rng)


def unlit(luma: Luma, rng: np.random.Generator) -> Luma:
    """Hardly any noise either: the last few levels still hold a picture."""
    return noisy(luma * 0.03, 0.3, rng)


def drowned(luma: Luma, rng: np.random.Generator) -> Luma:
    """A dying sensor, whose noise is more than the picture."""
    return noisy(luma * 0.3 + 70, 70, rng)


def warped(luma: Luma, matrix: NDArray[np.float64]) -> Luma:
    """`luma` resampled by a 2x3 matrix."""
    size = (luma.shape[1], luma.shape[0])
    out = cv2.warpAffine(luma, matrix, size, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(out, dtype=np.uint8)


def shifted(luma: Luma, rng: np.random.Generator) -> Luma:
    """The camera turned by five per cent of its view."""
    matrix = np.array([[1, 0, 0.05 * luma.shape[1]], [0, 1, 0.0]])
    return noisy(warped(luma, matrix), 1.0, rng)


def rotated(luma: Luma, rng: np.random.Generator) -> Luma:
    """The camera rolled by three degrees."""
    centre = (luma.shape[1] / 2, luma.shape[0] / 2)
    return noisy(warped(luma, np.asarray(cv2.getRotationMatrix2D(centre, 3, 1))), 1.0, rng)


def turned_away(luma: Luma, rng: np.random.Generator) -> Luma:
    """The camera looks at another scene altogether."""
    other = cv2.resize(scene(seed=99), (luma.shape[1], luma.shape[0]))
    return noisy(other, 1.5, rng)


def defocused(luma: Luma, rng: np.random.Generator) -> Luma:
    """The lens out of focus."""
    return noisy(cv2.GaussianBlur(luma, (0, 0), 4), 1.0, rng)


def darkened(luma: Luma, rng: np.random.Generator) -> Luma:
    """No light left but sensor noise."""
    return noisy(luma * 0.05 + 16, 6, rng)


def dimmed(luma: Luma, rng: np.random.Generator) -> Luma:
    """Half the light."""
    return noisy(luma * 0.5, 1.5, rng)


def overexposed(luma: Luma, rng: np.random.Generator) -> Luma:
    """An exposure step upwards."""
    return noisy(luma * 1.5 + 15, 1.5, rng)


def lit_night(luma: Luma, rng: np.random.Generator) -> Luma:
    """A street under lamps."""
    return noisy(luma * 0.25 + 16, 2, rng)


def hazy(luma: Luma, rng: np.random.Generator) -> Luma:
    """Low contrast, high brightness."""
    return noisy(luma * 0.35 + 120, 1.2, rng)


def shaken(luma: Luma, rng: np.random.Generator) -> Luma:
    """A mast in the wind: a pixel to and fro."""
    dx, dy = rng.normal(0, 1.0, 2)
    return warped(luma, np.array([[1, 0, dx], [0, 1, dy]]))


FAULTS: list[tuple[Fault, Health, float]] = [
    (covered, Health.BLIND, 2.0),
    (mostly_covered, Health.BLIND, 2.0),
    (sprayed, Health.BLIND, 2.0),
    (blackened, Health.BLIND, 2.0),
    (whitened, Health.BLIND, 2.0),
    (blotted, Health.BLIND, 6.5),
    (drowned, Health.BLIND, 3.0),
    (shifted, Health.MOVED, 3.5),
    (rotated, Health.MOVED, 3.5),
    (turned_away, Health.MOVED, 7.0),
    (defocused, Health.BLURRED, 3.5),
    (darkened, Health.DARK, 2.0),
    (unlit, Health.DARK, 2.0),
]
"""What is done to the picture, the flag it must raise, and within how many seconds."""

HARMLESS: list[Fault] = [dimmed, overexposed, lit_night, hazy, shaken]


def watch(
    frames: list[Frame], fault: Fault | None, plate: NDArray[np.float32] | None
) -> list[tuple[float, frozenset[Health]]]:
    """The flags after each frame, with `fault` between START and STOP."""
    rng = np.random.default_rng(5)
    monitor = HealthMonitor()
    seen = []
    for t, luma, key in frames:
        shown = fault(luma, rng) if fault and START <= t < STOP else luma
        monitor.update(np.ascontiguousarray(shown), t, plate, key=key)
        seen.append((t, monitor.flags()))
    return seen


def check_fault(seen: list[tuple[float, frozenset[Health]]], flag: Health, within: float) -> None:
    """Assert that `flag` came in time, stayed, and went, and that nothing came before."""
    before = {f for t, flags in seen if t < START for f in flags}
    assert not before, f"flags before anything was wrong: {before}"
    raised = [t for t, flags in seen if flag in flags and t < STOP]
    assert raised, f"{flag} was never raised"
    assert raised[0] - START <= within
    assert all(flag in flags for t, flags in seen if raised[0] <= t < STOP)
    assert not seen[-1][1], f"{seen[-1][1]} never cleared"


@pytest.mark.parametrize("with_plate", [True, False], ids=["plate", "own-history"])
@pytest.mark.parametrize(("fault", "flag", "within"), FAULTS)
def test_a_fault_on_a_busy_scene_is_told_and_clears(
    fault: Fault, flag: Health, within: float, *, with_plate: bool
) -> None:
    """Each fault raises its flag in time, holds it, and clears when the picture is back."""
    seen = watch(list(synthetic(24)), fault, scene() if with_plate else None)
    check_fault(seen, flag, within)


@pytest.mark.parametrize("fault", HARMLESS)
def test_light_and_shake_raise_nothing(fault: Fault) -> None:
    """Exposure steps, lamps, haze and a shaking mast are not faults of the camera."""
    assert not any(flags for _, flags in watch(list(synthetic(24)), fault, scene()))


def test_a_crowd_that_fills_the_view_raises_nothing() -> None:
    """Seven hundred people over all of the picture hide the plate, but the camera is well."""
    rng = np.random.default_rng(2)
    still, monitor = scene(), HealthMonitor()
    for k in range(100):
        t = k / RATE
        people = min(k * 15, 700)
        monitor.update(noisy(walkers(still, t, people), 1.5, rng), t, still)
        assert not monitor.flags()


def test_a_bus_over_half_the_view_raises_nothing() -> None:
    """A plain vehicle that covers half of the picture for four seconds is traffic."""
    rng = np.random.default_rng(2)
    still, monitor = scene(), HealthMonitor()
    for k in range(60):
        picture = still.copy()
        if 20 <= k < 40:
            picture[:, : WIDTH // 2] = 90
        monitor.update(noisy(picture, 1.5, rng), k / RATE, still)
        assert not monitor.flags()


def test_a_cover_over_half_is_told_as_soon_as_a_whole_one() -> None:
    """Something flat that hangs into the picture at once needs no more than half of it."""
    seen = watch(list(synthetic(24.0)), half_covered, scene())
    check_fault(seen, Health.BLIND, 2.5)


def test_a_plain_lorry_over_two_fifths_raises_nothing() -> None:
    """Its sides have no structure either, but do not lie all over the picture as paint does."""
    rng = np.random.default_rng(2)
    place = scene()
    monitor = HealthMonitor()
    for k in range(int(24 * RATE)):
        t = k / RATE
        luma = noisy(walkers(place, t, 6), 1.5, rng)
        front = int(np.clip((t - START) / 3, 0, 1) * 0.75 * WIDTH)
        back = max(front - int(0.7 * WIDTH), 0)
        luma[int(0.3 * HEIGHT) : int(0.88 * HEIGHT), back:front] = 190
        monitor.update(luma, t, place)
        assert not monitor.flags(), t


def test_a_cover_that_gives_a_little_of_the_picture_back_is_still_told() -> None:
    """A hand hides most of the picture, then half of it, which is too little to be called blind."""
    rng = np.random.default_rng(2)
    still, monitor = scene(), HealthMonitor()
    flags = []
    for k in range(70):
        t = k / RATE
        part = 0.0 if not 4 <= t < 10 else 0.66 if t < 6 else 0.47
        hand = np.clip((part * WIDTH - np.arange(WIDTH, dtype=np.float32)) / 30, 0, 1)
        picture = still * (1 - hand) + 30 * hand
        monitor.update(noisy(picture, 1.5, rng), t, still)
        flags.append(monitor.flags())
    raised = [k / RATE for k, flag in enumerate(flags) if Health.BLIND in flag]
    assert raised[0] <= 6.0
    assert max(np.diff(raised)) < 1.5 / RATE, "told without a break"
    assert 10.0 <= raised[-1] <= 12.5


@pytest.mark.parametrize("at_once", [True, False], ids=["cover", "dusk"])
def test_a_cover_over_a_part_is_told(*, at_once: bool) -> None:
    """A hand before the lens hides two fifths of the picture; a light that fades is no hand."""
    rng = np.random.default_rng(2)
    still, monitor = scene(), HealthMonitor()
    hand = np.clip((0.42 * WIDTH - np.arange(WIDTH, dtype=np.float32)) / 30, 0, 1)
    flags = []
    for k in range(75):
        t = k / RATE
        share = 1.0 if at_once else min(max(t - 4, 0) / 9, 1.0)
        covered = hand * share if 4 <= t < 12 or not at_once else hand * 0
        picture = still * (1 - covered) + 30 * covered
        monitor.update(noisy(picture, 1.5, rng), t, still)
        flags.append(monitor.flags())
    if not at_once:
        assert not any(flags)
        return
    raised = [k / RATE for k, flag in enumerate(flags) if Health.BLIND in flag]
    assert 9.5 <= raised[0] <= 10.5
    assert 12.0 <= raised[-1] <= 14.5
    assert frozenset().union(*flags) == {Health.BLIND}


def test_a_moved_camera_is_told_through_a_crowd() -> None:
    """A shift is found though people cover a good half of the scene, and is held until undone."""
    rng = np.random.default_rng(4)
    still, monitor = scene(), HealthMonitor()
    raised = []
    for k in range(100):
        t = k / RATE
        frame = noisy(walkers(still, t, 220), 1.5, rng)
        monitor.update(shifted(frame, rng) if k >= 40 else frame, t, still)
        if Health.MOVED in monitor.flags():
            raised.append(t)
    assert raised
    assert 8.0 < raised[0] <= 12.0
    assert raised[-1] == pytest.approx(99 / RATE)


def test_what_is_wrong_does_not_become_the_reference() -> None:
    """A plate that is learned anew from a moved camera does not clear the flag."""
    rng = np.random.default_rng(4)
    still, monitor = scene(), HealthMonitor()
    for k in range(200):
        frame = noisy(still, 1.5, rng)
        moved = k >= 40
        plate = shifted(still.astype(np.uint8), rng) if k >= 60 else still
        monitor.update(shifted(frame, rng) if moved else frame, k / RATE, plate)
    assert Health.MOVED in monitor.flags()


def encoded(pictures: Iterator[Luma], *, crf: int, gop: int) -> list[Frame]:
    """`pictures` at 25 a second through H.264; every fifth decoded frame as the lens sees it."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as container:
        options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        stream = container.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = WIDTH, HEIGHT, "yuv420p", gop
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
        container.mux(stream.encode(None))
    file.seek(0)
    frames: list[Frame] = []
    key = False
    with av.open(file, "r") as container:
        for k, frame in enumerate(container.decode(video=0)):
            key |= frame.key_frame
            if k % 5 == 0:
                luma = frame.to_ndarray(format="gray")
                frames.append((k / 25, np.ascontiguousarray(luma), key))
                key = False
    return frames


def test_a_stopped_sensor_behind_a_running_encoder_is_frozen() -> None:
    """The same picture encoded over and over is frozen, though key frames differ from the rest."""
    picture = noisy(scene(), 1.5, np.random.default_rng(1))
    frames = encoded(iter([picture] * 300), crf=26, gop=50)
    monitor = HealthMonitor()
    for t, luma, key in frames:
        monitor.update(luma, t, key=key)
    assert monitor.flags() == {Health.FROZEN}


def test_an_empty_scene_at_a_low_bit_rate_is_not_frozen() -> None:
    """A codec that skips all blocks between key frames does not make a camera frozen."""
    rng = np.random.default_rng(1)
    frames = encoded((noisy(scene(), 1.5, rng) for _ in range(300)), crf=40, gop=50)
    monitor = HealthMonitor()
    for t, luma, key in frames:
        monitor.update(luma, t, key=key)
        assert not monitor.flags()


def test_repeated_frames_freeze_and_thaw() -> None:
    """The very same frame for six seconds is frozen, not sooner than five; the next one clears."""
    monitor = HealthMonitor()
    frames = list(synthetic(4, people=0))
    for t, luma, key in frames:
        monitor.update(luma, t, key=key)
    last = frames[-1][1]
    times = [4 + k / RATE for k in range(35)]
    raised = []
    for k, t in enumerate(times):
        monitor.update(last, t, key=k % 10 == 0)
        if Health.FROZEN in monitor.flags():
            raised.append(t)
    assert 5.0 <= raised[0] - 3.8 <= 6.0
    for t, luma, key in synthetic(2, people=9):
        monitor.update(luma, 11.2 + t, key=key)
    assert not monitor.flags()
    assert monitor.interval_flags() == {Health.FROZEN}
    assert not monitor.interval_flags()


@pytest.mark.parametrize("people", [8, 1], ids=["all-stop-at-once", "the-only-one-is-gone"])
def test_what_all_stands_still_at_once_is_soon_frozen(people: int) -> None:
    """Walkers here and there do not stop together; one alone may have gone through a door."""
    monitor = HealthMonitor()
    frames = list(synthetic(4, people))
    for t, luma, key in frames:
        monitor.update(luma, t, key=key)
    last = frames[-1][1]
    times = [4 + k / RATE for k in range(20)]
    raised = []
    for t in times:
        monitor.update(last, t, key=None)
        if Health.FROZEN in monitor.flags():
            raised.append(t)
    assert bool(raised) == (people > 1)
    assert all(t >= 6.5 for t in raised[:1])
    assert all(t <= 7.0 for t in raised[:1])


def test_a_cover_is_no_standstill() -> None:
    """Behind a cover nothing moves either, and only the cover is told."""
    frames = list(synthetic(20))
    seen = watch(frames, lambda luma, rng: noisy(luma * 0 + 12.0, 0.3, rng), scene())
    flags = {flag for t, flags in seen for flag in flags if START <= t < STOP}
    assert Health.BLIND in flags
    assert Health.FROZEN not in flags


def test_a_change_of_size_or_of_time_starts_afresh() -> None:
    """Another frame size, a clock that jumps either way and a plate of another size are borne."""
    monitor = HealthMonitor()
    still = scene()
    for t, luma, _ in synthetic(3):
        monitor.update(luma, t, still)
    for t, luma, _ in synthetic(3):
        smaller = np.ascontiguousarray(cv2.resize(luma, (320, 240)), dtype=np.uint8)
        monitor.update(smaller, t - 1e6, still)
        monitor.update(smaller, t + 1e6, None)
    assert not monitor.flags()


def test_an_unlit_empty_start_is_dark_and_a_blank_one_blind() -> None:
    """Without plate or history a black picture is dark and a blank bright one is blind."""
    rng = np.random.default_rng(1)
    night, blank = HealthMonitor(), HealthMonitor()
    for k in range(15):
        night.update(noisy(np.full((HEIGHT, WIDTH), 18.0), 3, rng), k / RATE)
        blank.update(noisy(np.full((HEIGHT, WIDTH), 160.0), 1, rng), k / RATE)
    assert night.flags() == {Health.DARK}
    assert blank.flags() == {Health.BLIND}


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_frames_are_borne(data: st.DataObject) -> None:
    """No frame, however odd, makes the monitor fail, and flags are only those it may raise."""
    height, width = data.draw(st.integers(16, 200)), data.draw(st.integers(16, 300))
    seed = data.draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    monitor = HealthMonitor()
    t = 0.0
    for _ in range(12):
        t += data.draw(st.floats(-10, 10))
        low, high = sorted((int(rng.integers(0, 255)), int(rng.integers(1, 256))))
        luma = rng.integers(low, high + 1, (height, width)).clip(0, 255).astype(np.uint8)
        plate = luma.astype(np.float32) if data.draw(st.booleans()) else None
        foreground = rng.random(luma.shape) < 0.3 if data.draw(st.booleans()) else None
        monitor.update(luma, t, plate, foreground, key=data.draw(st.sampled_from([None, True])))
    assert monitor.interval_flags() <= {
        Health.BLIND,
        Health.MOVED,
        Health.BLURRED,
        Health.DARK,
        Health.FROZEN,
    }


@pytest.mark.parametrize("name", list(CLIPS))
def test_no_flag_on_a_real_recording(name: str) -> None:
    """Real cameras that are well raise nothing, with their plate and with none."""
    frames = real(name)
    for plate in (None, median(frames)):
        flagged = [(t, flags) for t, flags in watch(frames, None, plate) if flags]
        assert not flagged


@pytest.mark.parametrize("name", ["pets", "cyclist"])
@pytest.mark.parametrize(("fault", "flag", "within"), FAULTS)
def test_a_fault_on_a_real_recording_is_told(
    name: str, fault: Fault, flag: Health, within: float
) -> None:
    """Faults put over real frames are told in time, with nothing before and nothing left after."""
    frames = real(name)
    check_fault(watch(frames, fault, median(frames)), flag, within)
