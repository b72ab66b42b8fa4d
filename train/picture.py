"""What lies between a rendered crowd and what a camera sends: cloth, umbrellas, weather, coding.

All pictures are (h, w) uint8. The draws come from the generator that is given, so that a scene's
seed says everything.
"""

import math
from fractions import Fraction
from typing import NamedTuple

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from plainview.geometry import Points, project
from plainview.vision.plate import Luma

Floats = NDArray[np.float64]

CANOPY = 2.05
"""Metres above the ground at which an umbrella's rim is, by its bearer's height of 1.73 m."""
_ROUND = np.linspace(0, 2 * math.pi, 17)[:-1]


class Wire:
    """Codes one camera's pictures one after the other, and gives what arrives."""

    def __init__(self, g: np.random.Generator, size: tuple[int, int]) -> None:
        """H.264 of some quality for most cameras, JPEG for the others; `size` (width, height)."""
        self._g = g
        self._size = size
        self._quality = int(g.uniform(25, 95))
        self._blur = float(g.uniform(0, 1.2) * (g.random() < 0.35))
        self._coder: av.VideoCodecContext | None = None
        if g.random() < 0.6:
            coder = av.VideoCodecContext.create("libx264", "w")
            coder.width, coder.height = size
            coder.pix_fmt, coder.time_base = "yuv420p", Fraction(1, 5)
            coder.thread_count = 1
            coder.options = {
                "preset": "veryfast", "tune": "zerolatency", "crf": f"{g.uniform(17, 33):.1f}",
            }  # fmt: skip
            self._coder = coder
            self._decoder = av.VideoCodecContext.create("h264", "r")
            self._decoder.thread_count = 1

    def through(self, luma: Luma) -> Luma:
        """`luma` after the lens' blur, a flicker of exposure and the coding."""
        if self._blur > 0.3:
            luma = cv2.GaussianBlur(luma, (0, 0), self._blur)
        level = self._g.normal(1.0, 0.01)
        shown = np.clip(luma.astype(np.float32) * level, 0, 255).astype(np.uint8)
        if self._coder is None:
            coded = cv2.imencode(".jpg", shown, (cv2.IMWRITE_JPEG_QUALITY, self._quality))[1]
            return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        width, height = self._size
        grey = np.full((height // 2, width), 128, dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(np.concatenate((shown, grey)), format="yuv420p")
        for packet in self._coder.encode(frame):
            for got in self._decoder.decode(packet):
                return np.ascontiguousarray(got.to_ndarray()[:height])
        return shown  # the decoder holds a picture back at the start


def clothed(g: np.random.Generator, luma: Luma, empty: Luma, much: float) -> Luma:
    """`luma` with patterns on whatever is not the `empty` scene: cloth is not plain."""
    there = cv2.GaussianBlur((cv2.absdiff(luma, empty) > 8).astype(np.float32), (0, 0), 1.0)
    noise = g.standard_normal(luma.shape).astype(np.float32)
    pattern = cv2.GaussianBlur(noise, (0, 0), g.uniform(0.7, 2.5))
    pattern *= much / max(float(pattern.std()), 1e-6)
    return np.clip(luma * (1 + there * pattern), 0, 255).astype(np.uint8)


class Weather(NamedTuple):
    """What the air does to a camera's pictures."""

    umbrellas: float
    """Part of the people who hold one."""
    rain: float
    """Streaks per 1000 pixels."""
    fog: float
    """Part of the contrast that is lost."""


def weather(g: np.random.Generator) -> Weather:
    """Mostly fair; sometimes rain, with umbrellas or without; umbrellas in the sun; fog."""
    kind = g.random()
    if kind < 0.84:
        return Weather(0.0, 0.0, 0.0)
    umbrellas = float(g.uniform(0.05, 0.8)) if kind < 0.92 else 0.0
    rain = float(g.uniform(0.5, 6.0)) if 0.88 < kind < 0.96 else 0.0
    return Weather(umbrellas, rain, float(g.uniform(0, 0.7)) if kind > 0.91 else 0.0)


def weathered(
    g: np.random.Generator, luma: Luma, sky: Weather, matrix: Points, centre: Floats, places: Floats
) -> Luma:
    """`luma` with the umbrellas of some of the people at `places` (n, 2), with rain and fog.

    `matrix` (3, 4) is the camera's projection, `centre` (3,) its place.
    """
    seen = luma.copy()
    if sky.umbrellas > 0 and len(places):
        _umbrellas(g, seen, matrix, centre, places[g.random(len(places)) < sky.umbrellas])
    if sky.rain > 0:
        height, width = seen.shape
        streaks = np.zeros(seen.shape, dtype=np.uint8)
        slant = g.normal(0, 2)
        for x, y in g.uniform(0, 1, (int(sky.rain * seen.size / 1000), 2)) * (width, height):
            long = g.uniform(4, 14)
            end = (int(x + slant * long / 10), int(y + long))
            cv2.line(streaks, (int(x), int(y)), end, int(g.uniform(8, 40)))
        seen = cv2.add(seen, streaks)
    if sky.fog > 0:
        grey = float(np.mean(seen)) * 0.7 + 40
        seen = np.clip((1 - sky.fog) * seen + sky.fog * grey, 0, 255).astype(np.uint8)
    return np.asarray(seen, dtype=np.uint8)


def _umbrellas(
    g: np.random.Generator, luma: Luma, matrix: Points, centre: Floats, places: Floats
) -> None:
    """Draw an umbrella over each of `places`, far ones first: eight panels and a bright side."""
    uniform = g.random() < 0.3
    shade = g.uniform(15, 200)
    away = np.hypot(*(places - centre[:2]).T)
    for place in places[np.argsort(-away)] + g.normal(0, 0.12, places.shape):
        radius, rim = g.uniform(0.42, 0.62), CANOPY + g.normal(0, 0.1)
        ring = place + radius * np.stack((np.cos(_ROUND), np.sin(_ROUND)), axis=1)
        edge = np.column_stack((ring, np.full(len(ring), rim)))
        top = np.array([[*place, rim + 0.22]])
        pixels, depth = project(matrix, np.vstack((edge, top)))
        if depth.min() < 0.5 or np.abs(pixels).max() > 4000:
            continue
        tone = shade if uniform else g.uniform(10, 220)
        lit = g.uniform(0, 2 * math.pi)
        for k in range(0, len(_ROUND), 2):
            corners = [k, k + 1, (k + 2) % len(_ROUND), len(_ROUND)]
            panel = np.rint(pixels[corners] * 16).astype(np.int32)
            light = 1 + 0.25 * math.cos(_ROUND[k] - lit)
            cv2.fillConvexPoly(luma, panel, float(min(tone * light, 255)), cv2.LINE_AA, 4)
