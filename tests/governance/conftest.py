"""A small city as the public is told of it: two sites, three cameras, one assessment."""

import datetime as dt

import pytest
from msgspec import structs

from plainview.geometry import Calibration, View
from plainview.governance.assessment import (
    Aim,
    AssessedCamera,
    AssessedCapability,
    Assessment,
    Complaints,
    Controller,
    Legal,
    Notice,
    PrivacyOfficer,
)
from plainview.governance.permit import Permit
from plainview.governance.places import Place
from plainview.governance.register import About, Observed, Register
from plainview.governance.registering import build_register
from plainview.governance.standing import Standing, fold
from plainview.ledger.entry import Entry, EntryKind

NOW = 1_780_000_000_000
HOUR = 3_600_000
VIEW = View(
    calibration=Calibration(
        image_size=(640, 480),
        # From 6 m up at (0, -10), looking north and 30 degrees down.
        projection=(
            (500.0, 160.0, -276.79, 3260.77),
            (0.0, -130.0, -553.01, 2018.08),
            (0.0, 0.866, -0.5, 11.66),
        ),
    ),
    polygon=((-5.0, 0.0), (5.0, 0.0), (5.0, 10.0), (-5.0, 10.0)),
)
PLACES = (
    Place("plaza-north", "plaza", "Plaza north", VIEW, "The Plaza", 114.17, 22.28, 30.0),
    Place("plaza-south", "plaza", "Plaza <south> & gate", VIEW, "The Plaza", 114.17, 22.28, 30.0),
)
FINGERPRINT = "a" * 64


class City:
    """A ledger's entries, the documents they name, and the register of both."""

    def __init__(self) -> None:
        """Assessed, approved, granted; one camera runs, one waits, one was never configured."""
        self.assessment = Assessment(
            id="plaza",
            revision=2,
            title={"en": "Crowd safety on the Plaza", "zh-Hant": "廣場人群安全"},
            summary={"en": "People are counted.", "zh-Hant": "點算人數。"},
            controller=Controller(
                name="City of Sampleton",
                capacity="public-authority",
                address="1 Plaza",
                email="plaza@city.example",
                telephone="+852 1234",
                website="https://city.example",
            ),
            privacy_officer=PrivacyOfficer(name="Office of Privacy", email="privacy@city.example"),
            aims=(
                Aim(
                    "safety",
                    {"en": "See when it gets too full.", "zh-Hant": "察覺過分擠迫。"},
                    "Two incidents in 2025.",
                ),
            ),
            legal=Legal("public-task", "Cap. 172, s. 3", {"en": "It keeps people safe."}),
            cameras=(AssessedCamera("plaza-north", "plaza", FINGERPRINT, sees="The Plaza"),),
            capabilities=(
                AssessedCapability("count", ("safety",)),
                AssessedCapability("flow", ("safety",)),
            ),
            notice=Notice(dt.date(2026, 1, 1), {"en": "Crowds are counted here."}),
            complaints=Complaints(
                {"en": "Write to us."}, "plaza@city.example", "Privacy Commissioner", 30
            ),
            software="0.2",
            review_date=dt.date(2026, 12, 1),
        )
        self.permit = Permit(
            id="plaza@2",
            assessment=self.assessment.digest(),
            aims=("safety",),
            capabilities={
                "count": ("plaza-north", "plaza-south"),
                "flow": ("plaza-north", "plaza-south"),
            },
            cameras={"plaza-north": FINGERPRINT, "plaza-south": FINGERPRINT},
            begins=NOW - 24 * HOUR,
            ends=NOW + 48 * HOUR,
            software="0.2",
            retention={"readings": 86_400.0, "minutes": 31 * 86_400.0, "footage": 0.0},
        )
        self.documents: dict[str, Assessment | Permit] = {
            "b" * 64: self.permit,
            self.assessment.digest(): self.assessment,
        }
        self.entries: list[Entry] = []
        self.tell(EntryKind.SOFTWARE_CHANGED, "city", software="0.2.1")
        for camera, site in (("plaza-north", "plaza"), ("plaza-south", "plaza"), ("old", "pier")):
            self.tell(
                EntryKind.CAMERA_REGISTERED,
                f"camera:{camera}",
                site=site,
                fingerprint=FINGERPRINT,
            )
        self.tell(
            EntryKind.PERMIT_GRANTED,
            "permit:plaza@2",
            permit="b" * 64,
            assessment=self.assessment.digest(),
            begins=self.permit.begins,
            ends=self.permit.ends,
        )
        self.start("plaza-north")
        self.seen = {"plaza-north": Observed(sealed=True, connected=True, uptime_today=0.93)}

    def tell(
        self, kind: EntryKind, subject: str, role: str = "system", **detail: str | int | list[str]
    ) -> None:
        """One more entry."""
        self.entries.append(Entry(NOW - HOUR, kind, subject, role, "", dict(detail)))

    def start(self, camera: str, capabilities: tuple[str, ...] = ("count", "flow")) -> None:
        """Record that `camera` started."""
        self.tell(
            EntryKind.CAMERA_STARTED,
            f"camera:{camera}",
            permit="b" * 64,
            fingerprint=FINGERPRINT,
            capabilities=list(capabilities),
            software="0.2.1",
        )

    def change_permit(self, **changes: object) -> None:
        """The same permit with other terms."""
        self.permit = structs.replace(self.permit, **changes)
        self.documents["b" * 64] = self.permit

    def standing(self) -> Standing:
        """What the entries amount to."""
        return fold(enumerate(self.entries))

    def register(self, now: int = NOW, places: tuple[Place, ...] = PLACES) -> Register:
        """The register of all that."""
        return build_register(
            self.standing(),
            self.documents,
            places,
            self.seen,
            now,
            about=About("Sampleton", "sampleton.example/ledger"),
            entries=list(enumerate(self.entries)),
        )


@pytest.fixture
def city() -> City:
    """A fresh one for each test."""
    return City()


@pytest.fixture(scope="session")
def published() -> Register:
    """The register of the city as it was founded."""
    return City().register()
