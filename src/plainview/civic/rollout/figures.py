"""The measured figures that plans are made of; each names the script that prints it."""

import datetime as dt
import tomllib
from functools import cache
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

_Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Figure(Struct, frozen=True, forbid_unknown_fields=True):
    """One number that a benchmark printed."""

    id: _Text
    what: _Text
    value: Annotated[float, Meta(gt=0)]
    unit: _Text
    script: _Text
    """Path in the repository."""
    date: dt.date
    machine: _Text
    """A name in Figures.machines."""


class Figures(Struct, frozen=True, forbid_unknown_fields=True):
    """All of them, and the classes of machines that they were measured on."""

    machines: dict[str, _Text]
    figures: tuple[Figure, ...]

    def __getitem__(self, name: str) -> float:
        """The value of the figure `name`, which must be there."""
        return next(figure.value for figure in self.figures if figure.id == name)


@cache
def load_figures() -> Figures:
    """The committed figures of the package."""
    text = (resources.files(__package__) / "figures.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Figures)
