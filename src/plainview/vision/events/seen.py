"""What a detector of events is given: one analysed frame, as the measurement saw it."""

from typing import NamedTuple

from plainview.vision.bodies import Bodies
from plainview.vision.events.movers import Mover
from plainview.vision.plate import Image, Luma, Plate
from plainview.vision.shadow import Cast
from plainview.vision.tint import Colour


class Seen(NamedTuple):
    """One working frame and what the measurement already knows of it. Nothing here is copied."""

    t: float
    """Seconds on the measurement's clock (UTC of a live camera, from the start of a clip)."""
    dt: float
    """Seconds since the last one."""
    luma: Luma
    """(h, w) the working frame."""
    chroma: Colour | None
    """Its colour; None where it has none."""
    background: Luma
    """(h, w) the plate in this frame's light."""
    evidence: Image
    """(h, w) log-odds, -1 to 1, that a pixel shows something before the plate."""
    mask: Luma
    """(h, w) non-zero where bodies were found."""
    bodies: Bodies
    """The mixture of upright bodies, in ground metres and m/s."""
    plate: Plate
    """Learned and followed by the measurement: it must not be changed."""
    trusted: bool
    """False while the camera's health forbids believing what it shows."""
    hazy: bool = False
    """Whether it is not trusted for nothing but a loss of fine contrast, as fog takes it."""
    veil: float = 0.0
    """Part of the ground's luma that is that of fog or glare before it (see haze.py)."""
    tinted: Luma | None = None
    """(h, w) how much its colour says that something is there, 1 to tint.FULL; None: nowhere."""
    veiled: Image | None = None
    """(h, w) `evidence` with what is veiled given back (see keen.py); None: not looked at."""
    light: float = 0.0
    """Part of the ground over which patches of light run, as under broken clouds (see keen.py)."""
    cast: Cast | None = None
    """How dark shadows are thrown; None where none are, or nobody knows."""
    movers: tuple[Mover, ...] = ()
    """What moves around the zones that are for what moves (see movers.py)."""
