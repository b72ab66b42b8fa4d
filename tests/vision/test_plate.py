"""The plate is the empty scene, whoever stood in it, and its file is taken only if it is one."""

import struct
import zlib

import cv2
import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.vision.scenes import CAMERA, NOBODY, Luma, film

from plainview.errors import InputError
from plainview.synth.simulate import scripted
from plainview.vision.plate import (
    MAX_BYTES,
    NOISE_FLOOR,
    Plate,
    PlateFile,
    box,
    exposure,
    half_sample_mode,
    plate_png,
    read_plate,
    shrunk,
)
from plainview.vision.ranks import median

SHAPE = (60, 80)


def picture(seed: int = 3, shape: tuple[int, int] = SHAPE) -> NDArray[np.float64]:
    """A scene with structure, (h, w) luma from 50 to 200."""
    generator = np.random.default_rng(seed)
    blocks = generator.uniform(50, 200, (-(-shape[0] // 10), -(-shape[1] // 10)))
    return np.asarray(np.kron(blocks, np.ones((10, 10)))[: shape[0], : shape[1]], dtype=np.float64)


def shot(scene: NDArray[np.float64], generator: np.random.Generator, sigma: float = 1.5) -> Luma:
    """`scene` as a sensor sees it."""
    noise = generator.normal(0, sigma, scene.shape)
    return np.clip(np.rint(scene + noise), 0, 255).astype(np.uint8)


@settings(deadline=None, max_examples=30)
@given(
    share=st.floats(0, 0.45),
    frames=st.integers(20, 48),
    seed=st.integers(0, 2**31),
    who=st.sampled_from(["one", "many"]),
)
def test_the_mode_is_the_background_under_people(
    share: float, frames: int, seed: int, who: str
) -> None:
    """A place covered for up to 45 % of the time, by one who stands or by many, is recovered."""
    generator = np.random.default_rng(seed)
    scene = picture()
    stack = np.stack([shot(scene, generator) for _ in range(frames)])
    covered = np.argsort(generator.random(stack.shape), axis=0) < int(share * frames)
    coat = np.where(scene > 125, scene - 60, scene + 60)
    passing = generator.integers(0, 256, stack.shape)
    stack[covered] = (
        np.broadcast_to(coat, stack.shape)[covered] if who == "one" else passing[covered]
    )
    off = np.abs(half_sample_mode(stack).astype(float) - scene)
    assert (off <= 5).mean() > 0.97
    assert off.mean() < 3


@pytest.mark.parametrize("frames", [3, 4, 5, 7, 28, 48])
def test_any_number_of_frames_has_a_mode(frames: int) -> None:
    """Where all frames agree, the mode is what they agree on."""
    scene = shot(picture(), np.random.default_rng(0))
    assert np.array_equal(half_sample_mode(np.repeat(scene[None], frames, axis=0)), scene)


def test_people_who_stand_while_it_is_learned_are_not_in_the_plate() -> None:
    """Two who stand still for 40 % of the rendered time leave no trace in the plate."""
    walks = scripted(
        [
            ((0.0, -8.0, 1.0), (3.0, -2.0, 1.0), (14.0, -2.0, 1.0), (18.0, 8.0, 1.0)),
            ((8.0, 8.0, 3.0), (12.0, 2.0, 3.0), (23.0, 2.0, 3.0), (28.0, -8.0, 3.0)),
        ]
    )
    frames = [luma for _, luma in film(walks, 28, rate=1)]
    empty = [luma for _, luma in film(NOBODY, 28, rate=1)]
    learned, bare = Plate.learn(frames), Plate.learn(empty)
    assert np.abs(learned.mean - bare.mean).max() < 16
    assert np.abs(learned.mean - bare.mean).mean() < 1.0


@settings(deadline=None, max_examples=40)
@given(
    gain=st.floats(0.6, 1.6),
    covered=st.floats(0, 0.4),
    coat=st.integers(0, 255),
    seed=st.integers(0, 2**31),
)
def test_exposure_is_found_under_a_crowd(gain: float, covered: float, coat: int, seed: int) -> None:
    """The gain is right within 4 % with up to 40 % of the picture covered by one dark or bright."""
    generator = np.random.default_rng(seed)
    scene = np.clip(picture(seed=seed % 1000, shape=(180, 240)), 50, 150)
    luma = shot(scene * gain, generator)
    for j in range(0, 180, 30):
        luma[j : j + 30][:, : round(240 * covered)] = coat
    assert exposure(luma, shot(scene, generator), None) == pytest.approx(gain, rel=0.04)


def test_exposure_heeds_where_bodies_are_known() -> None:
    """With most of the picture covered, the gain is taken from what is not."""
    generator = np.random.default_rng(5)
    scene = np.clip(picture(shape=(180, 240)), 50, 150)
    luma = shot(scene * 1.2, generator)
    ignore = np.zeros(luma.shape, np.uint8)
    ignore[:, 60:] = 255
    luma[:, 60:] = 30
    assert exposure(luma, shot(scene, generator), ignore) == pytest.approx(1.2, rel=0.03)
    ignore[:] = 255
    assert exposure(luma, shot(scene, generator), ignore) == 1.0


@pytest.mark.parametrize("level", [0, 255])
def test_exposure_of_nothing_to_see_is_finite(level: int) -> None:
    """A black or a burnt-out picture has a gain all the same, within bounds."""
    flat = np.full((180, 240), level, np.uint8)
    for a, b in ((flat, shot(picture(shape=(180, 240)), np.random.default_rng(1))), (flat, flat)):
        assert 0.1 <= exposure(a, b, None) <= 10
        assert 0.1 <= exposure(b, a, None) <= 10


def test_learning_over_an_exposure_step_keeps_one_light() -> None:
    """Frames of two exposures make the plate of the last one's, not a mixture."""
    generator = np.random.default_rng(2)
    scene = np.clip(picture(shape=(180, 240)), 50, 150)
    frames = [shot(scene * (1.0 if k < 14 else 1.4), generator) for k in range(28)]
    plate = Plate.learn(frames)
    assert np.abs(plate.mean - scene * 1.4).mean() < 3
    assert np.median(plate.noise) < 5


def test_noise_is_measured() -> None:
    """The plate's noise grows with the sensor's, and never falls below its floor."""
    scene = np.full((180, 240), 120.0)
    found = [
        float(
            np.median(
                Plate.learn([shot(scene, np.random.default_rng(k), sigma) for k in range(28)]).noise
            )
        )
        for sigma in (0.0, 4.0, 8.0)
    ]
    assert found[0] == NOISE_FLOOR
    assert 2.4 < found[1] < 6.5
    assert found[1] < found[2] <= 12


def test_who_passes_half_of_the_time_is_no_noise() -> None:
    """Where people pass as often as not the background is as quiet as beside them.

    What moves by itself, as leaves do, stays noisier.
    """
    generator = np.random.default_rng(5)
    stack = np.stack([shot(picture(), generator) for _ in range(28)])
    passing = generator.random((28, 10)) < 0.5
    stack[:, :, 10:20] = np.where(
        passing[:, None], generator.integers(0, 40, (28, 60, 10)), stack[:, :, 10:20]
    )
    stack[:, :, 40:50] = np.clip(generator.normal(100, 8, (28, 60, 10)), 0, 255)
    noise = Plate.learn(list(stack)).noise
    assert noise[:, 12:18].mean() < 1.3 * noise[:, 60:].mean()
    assert noise[:, 42:48].mean() > 3.5


def test_following_moves_only_what_is_free() -> None:
    """A slow change is taken over by the given part where the place is free, nowhere else."""
    plate = Plate(np.full(SHAPE, 100, np.uint8), np.full(SHAPE, 2.0, np.float32))
    free = np.zeros(SHAPE, np.uint8)
    free[:, :40] = 255
    plate.follow(np.full(SHAPE, 120, np.uint8), free, 0.25)
    assert np.all(plate.luma[:, :40] == 105)
    assert np.all(plate.luma[:, 40:] == 100)


def real_plate() -> Plate:
    """The plate of the empty rendered scene."""
    return Plate.learn([luma for _, luma in film(NOBODY, 1.6)])


def test_a_plate_is_saved_and_restored() -> None:
    """Luma to the level, noise to a grey level; the second saving is byte for byte the first."""
    plate = real_plate()
    data = plate.to_bytes()
    again = read_plate(data)
    assert np.array_equal(again.luma, plate.luma)
    assert np.abs(again.noise - np.minimum(plate.noise, 31)).max() <= 1
    assert np.abs(again.sharpness / plate.sharpness - 1).max() < 0.6
    assert again.to_bytes() == data


@settings(deadline=None, max_examples=20)
@given(
    width=st.integers(16, 200),
    height=st.integers(16, 200),
    noise=st.floats(0, 80),
    seed=st.integers(0, 1000),
)
def test_any_plate_survives_its_file(width: int, height: int, noise: float, seed: int) -> None:
    """Pictures of any size and noise come back."""
    luma = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    plate = Plate(luma, np.full(luma.shape, noise, np.float32))
    again = read_plate(plate.to_bytes())
    assert np.array_equal(again.luma, luma)
    assert again.noise.min() >= NOISE_FLOOR


def test_the_largest_plate_is_within_its_bound() -> None:
    """Pure noise, which does not compress, at the largest working size still fits."""
    generator = np.random.default_rng(1)
    luma = generator.integers(0, 256, (480, 640), np.uint8)
    noise = generator.uniform(0, 32, luma.shape).astype(np.float32)
    data = Plate(luma, noise).to_bytes()
    assert len(data) <= MAX_BYTES
    assert np.array_equal(read_plate(data).luma, luma)


def file(**changes: object) -> bytes:
    """A good plate's file of 40 x 30 with `changes`."""
    plane = zlib.compress(bytes(1200))
    fields: dict[str, object] = {
        "version": 1,
        "width": 40,
        "height": 30,
        "luma": plane,
        "noise": plane,
    }
    return msgspec.msgpack.encode(fields | changes)


HOSTILE = {
    "nothing": b"",
    "text": b"hello",
    "a png": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "another version": file(version=2),
    "not square": file(width=41),
    "transposed too small": file(width=4, height=3),
    "negative": file(width=-40, height=-30),
    "zero": file(width=0, height=0),
    "huge claim": file(width=100_000, height=100_000),
    "larger than an integer": file(width=2**63, height=30),
    "short plane": file(luma=zlib.compress(bytes(1199))),
    "long plane": file(luma=zlib.compress(bytes(1201))),
    "not deflated": file(noise=bytes(1200)),
    "empty plane": file(noise=b""),
    "cut plane": file(luma=zlib.compress(np.random.default_rng(1).bytes(1200))[:600]),
    "text for bytes": file(luma="x"),
    "unknown field": file(more=1),
    "zip bomb": file(luma=zlib.compress(bytes(50_000_000), 1)),
    "too large": file() + bytes(MAX_BYTES),
    "trailing": file() + b"\x00",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plate_is_refused(name: str) -> None:
    """Each hostile file is one clear InputError, for reading and for drawing."""
    for use in (read_plate, plate_png):
        with pytest.raises(InputError) as caught:
            use(HOSTILE[name])
        assert "plate" in caught.value.line()
        assert "Learn it anew" in caught.value.mend


@settings(deadline=None, max_examples=60)
@given(at=st.integers(0, 10**6), value=st.integers(0, 255), how=st.sampled_from(["cut", "byte"]))
def test_a_damaged_plate_is_a_plate_or_refused(at: int, value: int, how: str) -> None:
    """One changed byte or a cut-off end never does anything but raise InputError."""
    data = bytearray(_DATA)
    at %= len(data)
    damaged = (
        bytes(data[:at]) if how == "cut" else bytes(data[:at] + bytes([value]) + data[at + 1 :])
    )
    try:
        plate = read_plate(damaged)
    except InputError:
        return
    assert how == "byte"
    assert plate.luma.dtype == np.uint8
    assert np.all(np.isfinite(plate.sharpness))


def test_the_plate_opens_as_a_picture() -> None:
    """plate_png is a PNG of the plate's size."""
    width, height = CAMERA.size
    png = plate_png(_DATA)
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", png[16:24]) == (width, height)


_DATA = real_plate().to_bytes()


def test_the_file_has_no_other_fields() -> None:
    """A saved plate is its size, luma and noise; nothing else of the scene is kept."""
    assert PlateFile.__struct_fields__ == ("version", "width", "height", "luma", "noise")


@given(values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=60))
def test_a_median_is_numpys(values: list[float]) -> None:
    """To the last bit: measurement must not hang on which of the two was asked."""
    one = np.array(values, dtype=np.float32)
    before = one.copy()
    assert median(one) == float(np.median(one))
    np.testing.assert_array_equal(one, before)


@pytest.mark.parametrize("side", [3, 5, 9])
def test_a_box_is_the_mean_around_each_pixel(side: int) -> None:
    """Up to its border, which goes on as it does for OpenCV."""
    one = picture().astype(np.float32)
    np.testing.assert_allclose(box(one, side), cv2.blur(one, (side, side)), atol=1e-3)


@pytest.mark.parametrize("each", [1, 2, 3, 4, 5, 7])
def test_a_shrunk_picture_is_made_of_means(each: int) -> None:
    """To the last bit as OpenCV makes it, whichever way is the faster."""
    one = np.random.default_rng(each).integers(0, 256, (each * 50, each * 31), dtype=np.uint8)
    usual = cv2.resize(one, (31, 50), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(shrunk(one, (31, 50)), usual)
    uneven = cv2.resize(one, (30, 49), interpolation=cv2.INTER_AREA)
    np.testing.assert_array_equal(shrunk(one, (30, 49)), uneven)
