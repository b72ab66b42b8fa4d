"""What is told of a camera of many nodes: one story across its nodes, and one while it has none."""

from collections.abc import Mapping

from msgspec import structs

from plainview.clock import Clock
from plainview.fleet.roster import Place
from plainview.record import CameraStatus, LensState

_EVERY = 0.5
"""Seconds between statuses of a camera that runs nowhere, so that one comes each second."""
_LOOK = 0.1
"""Seconds between looks at which cameras run nowhere."""


class _Story:
    """Owns what was last told of one camera, and what its counts were before its present node."""

    def __init__(self) -> None:
        self.told: CameraStatus | None = None
        self.before: CameraStatus | None = None
        self.fence = -1
        self.at = float("-inf")
        self.why = ""


class Statuses:
    """Owns every camera's story. For use under its owner's lock."""

    def __init__(self, clock: Clock) -> None:
        """Nothing was told yet."""
        self._clock = clock
        self._stories: dict[str, _Story] = {}
        self._next = float("-inf")
        self._last: list[tuple[str, CameraStatus, int]] = []

    def take(self, place: Place, status: CameraStatus) -> CameraStatus:
        """`status`, that came of `place`, with its counts going on from the nodes before."""
        story = self._stories.setdefault(place.task.camera, _Story())
        if story.fence != place.fence:
            story.before, story.fence = story.told, place.fence
        before = story.before
        if before is not None:
            status = structs.replace(
                status,
                restarts=status.restarts + before.restarts,
                reconnects=status.reconnects + before.reconnects,
                late=status.late + before.late,
                refused=status.refused + before.refused,
            )
        story.told = status
        return status

    def stopped(self, camera: str) -> None:
        """A camera that ran nowhere was stopped for good."""
        story = self._stories.pop(camera, _Story())
        status = self._status(story, LensState.STOPPED, "")
        self._last.append((camera, status, max(story.fence, 0)))

    def forget(self, camera: str) -> None:
        """A camera was stopped for good."""
        self._stories.pop(camera, None)

    def due(self, places: Mapping[str, Place]) -> list[tuple[str, CameraStatus, int]]:
        """Camera, status and token of each camera that runs nowhere now, when it is time."""
        now = self._clock.monotonic()
        if now < self._next:
            return []
        self._next = now + _LOOK
        told, self._last = self._last, []
        for camera, place in places.items():
            story = self._stories.setdefault(camera, _Story())
            runs = place.node is not None and story.fence == place.fence
            if runs or (place.why == story.why and now - story.at < _EVERY):
                continue
            if story.why != place.why and place.moves and story.told is not None:
                restarts = story.told.restarts + (story.told.state is LensState.RUNNING)
                story.told = structs.replace(story.told, restarts=restarts)
            story.at, story.why = now, place.why
            state = LensState.RESTARTING if place.moves else LensState.STARTING
            if place.forbidden:
                state = LensState.STOPPED
            story.told = self._status(story, state, place.why)
            told.append((camera, story.told, place.fence))
        return told

    def _status(self, story: _Story, state: LensState, why: str) -> CameraStatus:
        told = story.told
        return CameraStatus(
            t=round(self._clock.utc() * 1000),
            state=state,
            sealed=False,
            connected=False,
            restarts=0 if told is None else told.restarts,
            reconnects=0 if told is None else told.reconnects,
            late=0 if told is None else told.late,
            refused=0 if told is None else told.refused,
            plate="learning" if told is None else told.plate,
            note=why[:200],
        )
