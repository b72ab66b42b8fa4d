"""Published figures as data: what was counted or measured, where that is written, what it lacks."""

import functools
import tomllib
from importlib import resources

import msgspec

from plainview.civic.proposal.formulas import Estimate, counted, per_comparison


class PresetGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One group of people in a published table."""

    name: str
    false_positive_rate: float


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One published measurement. None where its source does not say."""

    year: str
    citation: str
    links: tuple[str, ...]
    false_positive: tuple[int, int] | None = None
    """(1, k): one false positive in k faces, as published, without the counts behind it."""
    measured_list_size: int | None = None
    true_positive_rate: float | None = None
    faces: int | None = None
    alerts: int | None = None
    false_alerts: int | None = None
    retrospective: bool = False
    """A search with photographs, not of faces that pass a camera."""
    groups: tuple[PresetGroup, ...] = ()

    @property
    def per_face(self) -> Estimate | None:
        """False alerts per face of somebody not listed; None where the faces were not counted.

        Faces of true alerts are left out: they were listed. Those of listed people who were missed
        cannot be; they are few beside all faces.
        """
        if self.false_positive:
            hits, faces = self.false_positive
            return Estimate(hits / faces)
        if self.faces is None or self.alerts is None or self.false_alerts is None:
            return None
        return counted(self.false_alerts, self.faces - (self.alerts - self.false_alerts))

    @property
    def per_comparison(self) -> float | None:
        """The false-match rate behind it; None where the size of the list is not known."""
        if self.per_face is None or self.measured_list_size is None:
            return None
        return per_comparison(self.per_face.value, self.measured_list_size)

    @property
    def right(self) -> Estimate | None:
        """The share of the alerts that were right there and then; None where none were counted."""
        if self.alerts is None or self.false_alerts is None:
            return None
        return counted(self.alerts - self.false_alerts, self.alerts)


@functools.cache
def presets() -> dict[str, Preset]:
    """Every preset by its name, in the order of the file."""
    text = (resources.files(__package__) / "presets.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[str, Preset])


def why_not(name: str, preset: Preset) -> str:
    """Why `preset` says nothing about faces that pass a camera; empty where it does."""
    if preset.retrospective:
        return (
            f"{name!r} is a test of searches with photographs, at a list size that is not known: "
            "it says nothing about faces that pass a camera"
        )
    if preset.per_face is None:
        return f"{name!r} has no number of faces seen: its alerts cannot be scaled to a scheme"
    return ""
