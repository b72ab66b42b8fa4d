"""The empty scene of a rendered camera, as the plate that its redacted view is drawn over.

A real camera's is learned and voted on, since nobody knows when a place is empty. Here it is drawn
so: the plate holds nobody because nobody was put there.
"""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from plainview.redacted import LEAST_SPAN, RULES, ViewPlate, encode
from plainview.synth.render import Renderer

LOOKS = 4
"""Pictures whose mean it is: the sensor's noise is halved."""
_BEFORE = 3600.0
"""Seconds before the first walker comes."""


def empty_plate(renderer: Renderer) -> bytes:
    """An encoded `ViewPlate` of what `renderer` shows long before its time begins."""
    looks = [renderer.frame(k - _BEFORE).astype(np.float32) for k in range(LOOKS)]
    weights = np.array([0.299, 0.587, 0.114], dtype=np.float32)
    luma = np.rint(np.mean(looks, axis=0) @ weights)
    picture = np.clip(luma, 2, 255).astype(np.uint8)
    height, width = picture.shape
    return encode(ViewPlate(RULES, width, height, 0, LEAST_SPAN, 1, 1.0, grey_png(picture)))


def grey_png(picture: NDArray[np.uint8]) -> bytes:
    """A PNG (W3C, 3rd edition) of an 8-bit grey picture (h, w); rows by the filter Sub."""
    height, width = picture.shape
    rows = picture.astype(np.int16)
    rows[:, 1:] -= picture[:, :-1].astype(np.int16)
    filtered = np.empty((height, width + 1), dtype=np.uint8)
    filtered[:, 0] = 1
    filtered[:, 1:] = (rows & 255).astype(np.uint8)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), 9)
    chunks = ((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
