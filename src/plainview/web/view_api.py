"""The API of the redacted view: now, live, and the plates that people admit to it.

No picture is kept: an answer carries the newest one, and nothing may store it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, PathParameter
from litestar.response import ServerSentEvent, ServerSentEventMessage

from plainview.errors import InputError
from plainview.redacted import check_masks
from plainview.web.access.gate import Gate
from plainview.web.access.rules import Action, person_of, rule
from plainview.web.live import LiveFull
from plainview.web.view import (
    Admission,
    PlatesEdge,
    ViewEdge,
    Views,
    Withdrawal,
    looks_edge,
    plate_edge,
    view_now,
)
from plainview.web.views import CameraView, SiteView

MOST_LIVE: Final = 32
"""Live views at once, of all pages together."""
LOOK: Final = 0.2
"""Seconds between two looks for a newer picture."""
AT_LEAST: Final = 2.0
"""Seconds after which the view is told although nothing changed: it grows stale by itself."""
_BYTES: Final = 200_000
"""Of an admission with all its masks."""

Asked = Request[Any, Any, Any]
Camera = Annotated[str, PathParameter(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


def view_handlers(
    views: Views, gate: Gate, sites: Mapping[str, SiteView], closing: Callable[[], bool]
) -> list[Any]:
    """The handlers below /api/v1/cameras/{camera}/view; live ones end when all is `closing`."""
    cameras = {camera.id: (site, camera) for site in sites.values() for camera in site.cameras}

    def known(camera: str) -> tuple[SiteView, CameraView]:
        try:
            return cameras[camera]
        except KeyError:
            raise NotFoundException(f"There is no camera {camera!r}") from None

    def now(camera: str) -> ViewEdge:
        return view_now(views, *known(camera))

    def plates(camera: str) -> PlatesEdge:
        site, view = known(camera)
        found = views.plates(camera)
        learned, admitted = plate_edge(found.learned), plate_edge(found.admitted)
        name, looks = view.name or camera, looks_edge(found.looks)
        return PlatesEdge(camera, site.id, name, learned, admitted, looks)

    return [*_showing(_Pages(now, closing), now, gate), *_admitting(views, plates)]


def _showing(pages: "_Pages", now: Callable[[str], ViewEdge], gate: Gate) -> list[Any]:
    watched = rule(Action.READ_NOW, of="camera")

    @get("/api/v1/cameras/{camera:str}/view", opt=watched, tags=["view"], sync_to_thread=True)
    def get_view(camera: Camera) -> ViewEdge:
        """The redacted view of a camera, or why there is none."""
        return now(camera)

    @get(
        "/api/v1/cameras/{camera:str}/view/live",
        opt=watched,
        tags=["view"],
        media_type="text/event-stream",
    )
    async def live_view(request: Asked, camera: Camera) -> ServerSentEvent:
        """Server-sent events: `view` is a ViewEdge, at each new picture, two a second at most."""
        now(camera)
        events = gate.watched(request, pages.join(camera))
        return ServerSentEvent(events, headers={"cache-control": "no-store"})

    return [get_view, live_view]


class _Pages:
    """Owns the number of live views."""

    def __init__(self, now: Callable[[str], ViewEdge], closing: Callable[[], bool]) -> None:
        self._now, self._closing = now, closing
        self._open = 0

    def join(self, camera: str) -> AsyncIterator[ServerSentEventMessage]:
        """The live events of `camera`. Raises LiveFull where as many are live as may be."""
        if self._open >= MOST_LIVE:
            raise LiveFull(
                f"{self._open} views are live, as many as may be",
                where="live",
                mend="Close some",
            )
        return self._events(camera)

    async def _events(self, camera: str) -> AsyncIterator[ServerSentEventMessage]:
        self._open += 1
        loop = asyncio.get_running_loop()
        told: tuple[object, ...] | None = None
        at = 0.0
        try:
            while not self._closing():
                view = await asyncio.to_thread(self._now, camera)
                seen = (view.state, view.why, view.t)
                if seen != told or loop.time() - at >= AT_LEAST:
                    told, at = seen, loop.time()
                    yield ServerSentEventMessage(
                        event="view", data=msgspec.json.encode(view).decode(), retry=1000
                    )
                await asyncio.sleep(LOOK)
        finally:
            self._open -= 1


def _admitting(views: Views, plates: Callable[[str], PlatesEdge]) -> list[Any]:
    admits = rule(Action.ADMIT_PLATE, of="camera")
    changes: dict[str, Any] = {
        "opt": admits,
        "tags": ["view"],
        "status_code": 200,
        "request_max_body_size": _BYTES,
        "sync_to_thread": True,
    }

    @get("/api/v1/cameras/{camera:str}/view/plates", opt=admits, tags=["view"], sync_to_thread=True)
    def get_plates(camera: Camera) -> PlatesEdge:
        """What the camera learned of its empty scene, and what was admitted to its view."""
        return plates(camera)

    @get(
        "/api/v1/cameras/{camera:str}/view/plates/learned",
        opt=admits,
        tags=["view"],
        sync_to_thread=True,
    )
    def get_learned(camera: Camera) -> Response[bytes]:
        """The learned plate as a PNG. Look for people in it. Black is what is not shown."""
        plates(camera)
        found = views.learned_png(camera)
        if found is None:
            raise NotFoundException(f"Camera {camera!r} has not learned a plate for its view yet")
        headers = {"cache-control": "no-store", "etag": f'"{found[0]}"'}
        return Response(found[1], media_type="image/png", headers=headers)

    @post("/api/v1/cameras/{camera:str}/view/plates/admit", **changes)
    def admit(request: Asked, camera: Camera, data: JSONBody[Admission]) -> PlatesEdge:
        """Admit the plate that was looked at, with masks over posters, windows and screens."""
        plates(camera)
        if not data.nobody:
            raise InputError(
                "a plate is admitted only by somebody who looked at it and saw nobody",
                where="nobody",
                mend="Look at it. Where somebody is in it, wait for the next one",
            )
        check_masks(data.masks)
        views.admit(person_of(request), camera, data.digest, data.masks)
        return plates(camera)

    @post("/api/v1/cameras/{camera:str}/view/plates/withdraw", **changes)
    def withdraw(request: Asked, camera: Camera, data: JSONBody[Withdrawal]) -> PlatesEdge:
        """Show no view of the camera until a plate is admitted anew."""
        plates(camera)
        views.withdraw(person_of(request), camera, data.why)
        return plates(camera)

    return [get_plates, get_learned, admit, withdraw]
