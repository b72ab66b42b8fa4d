"""The public register: what is permitted and what runs, in one frozen value that all pages share.

Nobody writes it. `registering.build_register` derives it from the ledger's standing and from the
documents that the ledger names, so that what is published cannot differ from what is running.
"""

from typing import Final

from msgspec import Struct

from plainview.governance.assessment import Assessment
from plainview.governance.places import LonLat
from plainview.governance.release_standing import FootageRelease
from plainview.schedule import Hours

VERSION: Final = "plainview.register/v1"

Said = dict[str, str]
"""One public text by language (BCP 47). `words.say` picks the reader's, or falls back."""

RUNNING, WAITING, SUSPENDED, STOPPED, OUTSIDE_HOURS = STATES = (
    "running",
    "waiting",
    "suspended",
    "stopped",
    "outside-hours",
)


class Contact(Struct, frozen=True):
    """Whom the public may ask, and who answers in law. Empty where nobody wrote it."""

    controller: str = ""
    address: str = ""
    email: str = ""
    telephone: str = ""
    website: str = ""
    privacy_officer: str = ""
    """Name or office of the privacy (data protection) officer."""
    privacy_email: str = ""
    complaints: Said = {}
    """How to complain."""
    complaints_to: str = ""
    """Where a complaint goes."""
    authority: str = ""
    """The outside authority to which one may turn as well."""
    language: str = ""
    """That of the texts here that are in one language alone (BCP 47); empty where nobody said."""
    simulated: bool = False
    """Of a demonstration: nobody can be reached."""


class Aim(Struct, frozen=True):
    """Why something is done."""

    id: str
    text: Said


class RegisterSite(Struct, frozen=True):
    """A place with cameras."""

    id: str
    name: str
    longitude: float | None = None
    latitude: float | None = None
    bearing: float = 0.0


class RegisterCapability(Struct, frozen=True):
    """One thing that a camera may do or does."""

    name: str
    """One of `capability.CAPABILITIES`."""
    permitted: bool
    running: bool
    aims: tuple[str, ...] = ()
    """Ids of the aims that it serves, among the camera's aims."""


class Scorecard(Struct, frozen=True):
    """How well one capability works on one camera, as measured."""

    capability: str
    text: Said


class RegisterNetwork(Struct, frozen=True):
    """A network of the site's own that looks for things there (docs/guide/detectors.md)."""

    sha256: str
    classes: dict[str, str]
    """The kind of event that each class of things speaks for."""


class RegisterCamera(Struct, frozen=True):
    """One camera, as the public is told of it."""

    id: str
    site: str
    name: str
    state: str
    """One of STATES."""
    why: str
    """The reason as somebody gave it, in their words; empty where none was given."""
    longitude: float | None = None
    """Of the camera itself; None where the configuration no longer names it."""
    latitude: float | None = None
    height: float | None = None
    """Metres above the ground."""
    direction: float | None = None
    """Compass degrees."""
    area: tuple[LonLat, ...] = ()
    """Corners of the ground that it measures."""
    view: tuple[LonLat, ...] = ()
    """Corners of all the ground in its picture on which a person can be told, by calibration."""
    capabilities: tuple[RegisterCapability, ...] = ()
    aims: tuple[Aim, ...] = ()
    legal_basis: str = ""
    """The basis's name as in the assessment, such as `public-task`."""
    law: str = ""
    """The law or clause that it rests on."""
    legal_text: Said = {}
    since: int | None = None
    """UTC milliseconds from which it is permitted; without a permit, when it was registered."""
    until: int | None = None
    """UTC milliseconds at which the permit ends."""
    hours: tuple[Hours, ...] = ()
    """When it may run; empty: always within the period."""
    timezone: str = "UTC"
    retention: dict[str, float] = {}
    """Seconds by kind of data."""
    contact: Contact = Contact()
    assessment: str = ""
    """`ID@REVISION`; empty without a permit."""
    permit: str = ""
    notice: Said = {}
    """The notice's own text, as assessed."""
    configured: bool = True
    """False: the ledger knows it, the configuration does not."""
    networks: tuple[RegisterNetwork, ...] = ()
    """As it is configured; the permit binds them."""
    sealed: bool | None = None
    """Whether the process that holds its pictures is sealed; None where nothing was heard."""
    connected: bool | None = None
    health: tuple[str, ...] = ()
    uptime_today: float | None = None
    """Share, 0 to 1, of today's time so far in which it measured."""
    scorecards: tuple[Scorecard, ...] = ()
    simulated: bool = False
    reason: str = ""
    """Why it does not run, as the key `reason.…` of the words; empty when running."""


class RegisterAssessment(Struct, frozen=True):
    """One approved assessment, live or past."""

    id: str
    revision: int
    title: Said
    digest: str
    permit: str
    """Id of the permit that it granted."""
    state: str
    """live, future, expired, superseded or revoked."""
    begins: int
    """UTC milliseconds."""
    ends: int
    approved: int | None = None
    """UTC milliseconds."""
    review: str = ""
    """ISO date on which it is looked at again."""
    simulated: bool = False
    document: Assessment | None = None
    """The assessment in full; None where the document cannot be read."""


class Change(Struct, frozen=True):
    """One entry of the ledger, in plain words."""

    index: int
    """Its place in the ledger."""
    t: int
    """UTC milliseconds."""
    kind: str
    subject: str
    text: Said
    """In every language that has its words."""


class Register(Struct, frozen=True):
    """All that the public is told, at one moment, from one ledger."""

    name: str
    """The city's or operator's."""
    t: int
    """UTC milliseconds at which this was generated."""
    origin: str
    """The ledger's name."""
    checkpoint: int
    """Number of entries that it is derived from."""
    software: str
    """Version that runs, as the ledger has it."""
    simulated: bool
    contact: Contact
    sites: tuple[RegisterSite, ...] = ()
    cameras: tuple[RegisterCamera, ...] = ()
    assessments: tuple[RegisterAssessment, ...] = ()
    changes: tuple[Change, ...] = ()
    """Newest first."""
    footage: tuple[FootageRelease, ...] = ()
    """Every release of sealed footage that was asked for, newest first."""
    v: str = VERSION

    def camera(self, name: str) -> RegisterCamera | None:
        """The camera of that id, if there is one."""
        return next((camera for camera in self.cameras if camera.id == name), None)

    def site(self, name: str) -> RegisterSite | None:
        """The site of that id, if there is one."""
        return next((site for site in self.sites if site.id == name), None)


class About(Struct, frozen=True):
    """Whose register it is."""

    name: str = "Plainview"
    """The city's or operator's."""
    origin: str = ""
    """The ledger's name."""
    simulated: bool = False
    """A demonstration as a whole."""


class Observed(Struct, frozen=True):
    """What the running program sees of one camera now."""

    sealed: bool | None = None
    connected: bool | None = None
    health: tuple[str, ...] = ()
    uptime_today: float | None = None
    scorecards: tuple[Scorecard, ...] = ()
