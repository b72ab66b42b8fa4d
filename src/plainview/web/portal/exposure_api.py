"""`/api/v1/exposure`: how much of a walk and of each district is seen, for everyone, as data."""

from typing import Annotated, Final, Literal

from litestar import get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from msgspec import Struct

from plainview.civic.exposure.journey import Assumptions, Journey
from plainview.civic.exposure.measure import DistrictExposure
from plainview.civic.exposure.service import Exposures, Occupied
from plainview.web.access.rules import PUBLIC
from plainview.web.portal.exposure import find_place
from plainview.web.portal.pages import Portal

_From = Annotated[
    str,
    QueryParameter(
        name="from", min_length=1, max_length=200, description="LAT,LON, or a name in the register."
    ),
]
_To = Annotated[
    str, QueryParameter(name="to", min_length=1, max_length=200, description="As `from`.")
]
_Every = Annotated[
    Literal["yes", "no"],
    QueryParameter(name="all", description="yes: avoid cameras that do not run now as well."),
]
_NO_STORE: Final = {"cache-control": "no-store"}


class WalkEdge(Struct, frozen=True):
    """Ways between two places."""

    register: str
    t: int
    """UTC milliseconds at which the register was made."""
    checkpoint: int
    assumptions: Assumptions
    journey: Journey


class DistrictsEdge(Struct, frozen=True):
    """How much of each district is seen."""

    register: str
    t: int
    checkpoint: int
    assumptions: Assumptions
    districts: tuple[DistrictExposure, ...]


def exposure_handlers(portal: Portal, exposures: Exposures) -> list[HTTPRouteHandler]:
    """Handlers over the register of `portal`. All public; nothing of who asks is kept."""

    @get(
        "/api/v1/exposure",
        opt=PUBLIC,
        tags=["exposure"],
        sync_to_thread=True,
        response_headers=_NO_STORE,
    )
    def walk(start: _From, end: _To, every: _Every = "no") -> WalkEdge:
        """How much of a walk is seen, and the least-seen way; nothing of the question is kept.

        Seconds are metres in a view at 1.34 m/s. A view that is not known is assumed, and says so.
        """
        lookup = portal.lookup()
        places = (find_place(start, lookup), find_place(end, lookup))
        try:
            found = exposures.walk(lookup.register, places, every=every == "yes")
        except Occupied as error:
            raise _busy(error) from error
        register = lookup.register
        return WalkEdge(
            register.name, register.t, register.checkpoint, Assumptions(), found.journey
        )

    @get(
        "/api/v1/exposure/districts",
        opt=PUBLIC,
        tags=["exposure"],
        sync_to_thread=True,
        response_headers=_NO_STORE,
    )
    def districts() -> DistrictsEdge:
        """How much of each of the city's districts is seen; empty where it supplied none."""
        register = portal.lookup().register
        try:
            found = exposures.districts(register)
        except Occupied as error:
            raise _busy(error) from error
        return DistrictsEdge(register.name, register.t, register.checkpoint, Assumptions(), found)

    return [walk, districts]


def _busy(error: Occupied) -> HTTPException:
    return HTTPException(error.line(), status_code=503, headers={"retry-after": "30"})
