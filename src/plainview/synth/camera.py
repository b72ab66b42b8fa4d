"""A pinhole camera in the world: from where it hangs and where it looks to a Calibration."""

import math
from dataclasses import dataclass, replace

import numpy as np

from plainview.errors import InputError
from plainview.geometry import Calibration, Points

Place = tuple[float, float, float]


@dataclass(frozen=True)
class Camera:
    """An ideal camera: square pixels, principal point in the picture's middle, no distortion."""

    name: str
    position: Place
    """World metres, z up."""
    look_at: Place
    """World metres of a point in the picture's middle."""
    hfov: float
    """Horizontal field of view, degrees."""
    size: tuple[int, int] = (640, 360)
    """(width, height) pixels."""
    roll: float = 0.0
    """Degrees, clockwise as seen from behind the camera."""

    def axes(self) -> Points:
        """(3, 3): the camera's right, down and forward unit vectors as rows, in world metres."""
        forward = np.subtract(self.look_at, self.position).astype(np.float64)
        distance = float(np.linalg.norm(forward))
        if not distance > 1e-6:
            raise InputError(
                "the camera looks at its own place", where=self.name, mend="Move look_at"
            )
        forward /= distance
        up = np.array([0.0, 0.0, 1.0])
        if abs(forward[2]) > 0.9999:
            up = np.array([0.0, 1.0, 0.0])
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        down = np.cross(forward, right)
        turn = math.radians(self.roll)
        c, s = math.cos(turn), math.sin(turn)
        return np.vstack((c * right + s * down, c * down - s * right, forward))

    def focal(self) -> float:
        """Focal length in pixels."""
        if not 1 <= self.hfov <= 150:
            raise InputError(
                f"a field of view of {self.hfov:g} degrees", where=self.name, mend="Use 1 to 150"
            )
        return 0.5 * self.size[0] / math.tan(math.radians(self.hfov) / 2)

    def matrix(self) -> Points:
        """(3, 4) projection, world metres -> homogeneous pixels; w is the depth in metres."""
        focal = self.focal()
        middle = ((self.size[0] - 1) / 2, (self.size[1] - 1) / 2)
        inner = np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1.0]])
        axes = self.axes()
        return np.asarray(inner @ np.column_stack((axes, -axes @ np.array(self.position))))

    def calibration(self) -> Calibration:
        """What CAMERA.toml says of this camera (Hartley & Zisserman, 2nd ed., section 6.1)."""
        rows = tuple(tuple(float(v) for v in row) for row in self.matrix())
        return Calibration(image_size=self.size, projection=rows)  # type: ignore[arg-type]

    def sized(self, width: int, height: int) -> "Camera":
        """The same camera with another picture size and the same horizontal field of view."""
        return replace(self, size=(width, height))


def hung(
    name: str,
    *,
    at: tuple[float, float],
    height: float,
    towards: tuple[float, float],
    hfov: float,
    size: tuple[int, int] = (640, 360),
    aim: float = 0.9,
    roll: float = 0.0,
) -> Camera:
    """A camera on a mast at `at`, `height` metres up, that looks at `towards`, `aim` metres up."""
    return Camera(
        name=name,
        position=(at[0], at[1], height),
        look_at=(towards[0], towards[1], aim),
        hfov=hfov,
        size=size,
        roll=roll,
    )


def overhead(name: str, *, over: tuple[float, float], size: tuple[int, int] = (640, 360)) -> Camera:
    """Steep from 9 m, as on a station's gantry: 62 degrees down, about 14 m across."""
    return hung(
        name, at=(over[0], over[1] - 4.4), height=9.0, towards=over, hfov=76, size=size, aim=0.6
    )


def street(name: str, *, at: tuple[float, float], towards: tuple[float, float]) -> Camera:
    """Low on a wall, 3.5 m up, nearly level: people hide each other."""
    return hung(name, at=at, height=3.5, towards=towards, hfov=62, aim=1.2)


def mast(name: str, *, at: tuple[float, float], towards: tuple[float, float]) -> Camera:
    """On a lamp mast, 7 m up: the usual view over a square."""
    return hung(name, at=at, height=7.0, towards=towards, hfov=58)


def roof(name: str, *, at: tuple[float, float], towards: tuple[float, float]) -> Camera:
    """From a roof 16 m up, far away, with a long lens."""
    return hung(name, at=at, height=16.0, towards=towards, hfov=34)
