"""The redacted view of a camera as pages ask for it, and what may be said where there is none.

Pictures are drawn and encoded inside the lens; here they are bytes that are passed on, kept by
nobody. `app` gives an implementation of `Views`.
"""

import base64
from typing import Annotated, Final, Literal, NamedTuple, Protocol

from msgspec import Meta, Struct

from plainview.governance.person import Person
from plainview.record import EventKind, Health
from plainview.redacted import NEEDED_LOOKS, Masks, Picture, ViewState
from plainview.web.views import CameraView, SiteView

STALE: Final = 5.0
"""Seconds without a picture after which none is shown; three intervals where those are longer."""

State = Literal[
    "shown", "no-permit", "not-running", "no-plate", "unfit", "unhealthy", "starting", "stale"
]

DRAWN: Final = ("shown", "no-plate", "unfit")
"""States whose picture tells where people are, over a plate or over plain ground."""
_WHY: Final[dict[State, str]] = {
    "shown": "",
    "no-permit": "No view: no assessment in force lets this camera show one, or it was stopped",
    "no-plate": "Drawn from numbers alone: no picture of the empty scene has been admitted yet",
    "unfit": "Drawn from numbers alone: the admitted plate is of another picture size or older",
    "unhealthy": "No view: the camera cannot be believed now. This does not mean that it is empty",
    "starting": "No view yet: the camera is starting",
    "stale": "No view: the camera sends no pictures now. This does not mean that it is empty",
}
_WAITS: Final = ". One has been learned and waits for somebody to look at it"


class PlateFacts(NamedTuple):
    """A plate as it lies on disk."""

    digest: str
    """SHA-256 of the plate that was learned."""
    width: int
    height: int
    since: float
    """UTC seconds that it was learned from."""
    until: float
    votes: int
    settled: float
    masks: Masks = ()
    admitted: float | None = None
    """UTC seconds; None: nobody has."""


class LooksFacts(NamedTuple):
    """What a camera saw in the last day for its next plate."""

    taken: int
    """Looks, one every two hours."""
    since: float
    """UTC seconds of the first."""


class Plates(NamedTuple):
    """What there is of one camera."""

    learned: PlateFacts | None
    admitted: PlateFacts | None
    looks: LooksFacts | None = None


class Stands(NamedTuple):
    """Whether a camera may show a view now."""

    permitted: bool
    running: bool
    why: str
    """Why it does not run; empty while it does."""
    elsewhere: bool = False
    """It runs, but not from here: its pictures never come here."""


class Views(Protocol):
    """What the pages ask of the views. Thread-safe, and quick."""

    def stands(self, camera: str) -> Stands:
        """Whether `camera` may show a view, and runs."""
        ...

    def latest(self, camera: str) -> tuple[Picture, float] | None:
        """The newest picture of `camera` and its age in seconds; None: none has come."""
        ...

    def plates(self, camera: str) -> Plates:
        """The plates of `camera`; those of older rules are not there."""
        ...

    def learned_png(self, camera: str) -> tuple[str, bytes] | None:
        """The digest of the learned plate of `camera`, and its picture; None: there is none."""
        ...

    def admit(self, person: Person, camera: str, digest: str, masks: Masks) -> None:
        """Admit the learned plate `digest` with `masks`. It is in the ledger when this returns.

        Raises InputError where the learned plate is another by now, LedgerError.
        """
        ...

    def withdraw(self, person: Person, camera: str, why: str) -> None:
        """Show no view of `camera` any more. Raises InputError where there is none, LedgerError."""
        ...


class PlateEdge(Struct, frozen=True):
    """A picture of the empty scene that a camera learned."""

    digest: str
    width: int
    height: int
    since: Annotated[float, Meta(description="UTC seconds that it was learned from.")]
    until: float
    votes: Annotated[int, Meta(description="Looks that voted, two hours from each to the next.")]
    settled: Annotated[
        float, Meta(description="Share of the picture that they agreed on; the rest is flat.")
    ]
    masks: Masks
    admitted: Annotated[float | None, Meta(description="UTC seconds; null: by nobody yet.")]


class ViewEdge(Struct, frozen=True):
    """A camera's redacted view now: drawn from its plate and its Reading, never filmed."""

    camera: str
    site: str
    name: str
    simulated: bool
    state: State
    why: Annotated[str, Meta(description="Why there is no view; empty where there is.")]
    t: Annotated[float | None, Meta(description="UTC seconds of the Reading that is drawn.")]
    count: float | None
    low: float | None
    high: float | None
    marks: Annotated[list[EventKind], Meta(description="Kinds of the events that are marked.")]
    health: list[Health]
    picture: Annotated[
        str | None, Meta(description="JPEG, in base64. Grey where nothing may be shown.")
    ]


class LooksEdge(Struct, frozen=True):
    """How far a camera is with learning its next plate."""

    taken: Annotated[int, Meta(description="Looks of the last day, one every two hours.")]
    needed: Annotated[int, Meta(description="Looks before there can be a plate.")]
    since: Annotated[float, Meta(description="UTC seconds of the first.")]


class PlatesEdge(Struct, frozen=True):
    """What a person looks at who admits a plate."""

    camera: str
    site: str
    name: str
    learned: PlateEdge | None
    admitted: PlateEdge | None
    looks: LooksEdge | None


class Admission(Struct, frozen=True, forbid_unknown_fields=True):
    """A person's word on a learned plate."""

    digest: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    nobody: Annotated[bool, Meta(description="I looked at it, and nobody is in it.")]
    masks: Masks = ()


class Withdrawal(Struct, frozen=True, forbid_unknown_fields=True):
    """Why a view is not shown any more."""

    why: Annotated[str, Meta(min_length=3, max_length=300)]


def plate_edge(facts: PlateFacts | None) -> PlateEdge | None:
    """`facts` as the API tells them."""
    return None if facts is None else PlateEdge(*facts)


def looks_edge(facts: LooksFacts | None) -> LooksEdge | None:
    """`facts` as the API tells them."""
    return None if facts is None else LooksEdge(facts.taken, NEEDED_LOOKS, facts.since)


def view_now(views: Views, site: SiteView, camera: CameraView) -> ViewEdge:
    """The view of the `camera` of `site`."""
    state, why, picture = _told(views, camera.id, camera.every)
    if picture is None or state not in DRAWN:
        count = low = high = None
    else:
        count, low, high = picture.people
    return ViewEdge(
        camera=camera.id,
        site=site.id,
        name=camera.name or camera.id,
        simulated=site.simulated,
        state=state,
        why=why,
        t=None if picture is None else picture.t / 1000,
        count=count,
        low=low,
        high=high,
        marks=[] if picture is None or state not in DRAWN else list(picture.marks),
        health=[] if picture is None else list(picture.health),
        picture=None if picture is None else base64.b64encode(picture.jpeg).decode(),
    )


def _told(views: Views, camera: str, every: float) -> tuple[State, str, Picture | None]:
    """State, why, and the picture that may be passed on."""
    stands = views.stands(camera)
    if stands.elsewhere:
        return "not-running", f"No view here: {stands.why}", None
    if not stands.running:
        why = f": {stands.why}" if stands.why else ""
        return "not-running", f"No view: the camera does not run{why}", None
    if not stands.permitted:
        return "no-permit", _WHY["no-permit"], None
    latest = views.latest(camera)
    if latest is None:
        return "starting", _WHY["starting"], None
    picture, age = latest
    if age > max(STALE, 3 * every):
        return "stale", _WHY["stale"], None
    state: State = _STATES[picture.state]
    why = _WHY[state]
    if state == "unhealthy" and picture.health:
        why += f" ({', '.join(picture.health)})"
    if state in {"no-plate", "unfit"} and views.plates(camera).learned is not None:
        why += _WAITS
    return state, why, picture


_STATES: Final[dict[ViewState, State]] = {
    ViewState.SHOWN: "shown",
    ViewState.NO_PLATE: "no-plate",
    ViewState.UNFIT: "unfit",
    ViewState.UNHEALTHY: "unhealthy",
}
