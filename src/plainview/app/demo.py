"""The demonstration's videos and cameras, as the city that `run` is given when there is no file."""

import threading
from pathlib import Path
from typing import Self

from plainview.alerts.thresholds import Level, Quantity, threshold, watched
from plainview.clock import Clock
from plainview.config import CameraConfig, CityConfig, SiteConfig
from plainview.errors import PlainviewError
from plainview.synth.demo import SITE, Demonstration

PLACE = (0.0, 0.0)
"""Where the demonstration lies: nowhere (the Gulf of Guinea), as nobody in it exists."""
INFLOW = threshold(
    Quantity.INFLOW, Level.WARNING, 5.0, 3.0, "Set for this demonstration: its gate jams", clear=2.0
)
"""people/min. The demonstration's crowd is far from dangerous; its jam passes this."""
_WAIT = 120.0
_STEP = 0.2


class DemoSite:
    """Owns the rendering of the demonstration, and the city made of it."""

    def __init__(self, folder: Path) -> None:
        """Start rendering into `folder`, unless it is there. Raises PlainviewError."""
        self._demo = Demonstration(folder / "demonstration")
        self.growing = self._demo.done < 1.0
        """Whether its videos were still to be made, all or in part, when this began."""
        cameras = tuple(
            CameraConfig(
                id=camera.camera_id,
                view=camera.view,
                source=str(camera.source.absolute()),
                loop=True,
            )
            for camera in self._demo.cameras
        )
        site = SiteConfig(
            id="demonstration",
            name=SITE,
            location=PLACE,
            cameras=cameras,
            cell=cameras[0].view.cell,
            thresholds=watched((), (INFLOW,)),
        )
        self.city = CityConfig(name=SITE, sites=(site,), simulated=True)

    def wait(self, stop: threading.Event, until: float | None, clock: Clock) -> bool:
        """Wait until there is enough to play; False when told to stop before.

        Raises PlainviewError when rendering fails or takes too long.
        """
        late = clock.monotonic() + _WAIT
        while not stop.is_set():
            now = clock.monotonic()
            if until is not None and now >= until:
                return False
            try:
                self._demo.ready(_STEP)
            except PlainviewError:
                if self._demo.failure or now > late:
                    raise
            else:
                return True
        return False

    def scenes(self) -> dict[str, bytes]:
        """The empty scene of each camera, once there is enough to play."""
        return self._demo.scenes()

    def __enter__(self) -> Self:
        """The site itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the rendering."""
        self._demo.close()
