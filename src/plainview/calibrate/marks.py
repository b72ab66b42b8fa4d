"""What a person marked on a picture: ground points, distances, standing people. From a file too."""

import csv
import io
import math
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
from msgspec import Meta, Struct

from plainview.document import Document, convert
from plainview.document.body import fault
from plainview.document.plainly import parted
from plainview.document.toml import read_text
from plainview.errors import CalibrationError, InputError
from plainview.geometry import BODY_HEIGHT

Pixel = tuple[float, float]
"""x to the right and y down, the centre of the top-left pixel at (0, 0)."""
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Metres = Annotated[float, Meta(gt=0, le=100_000)]


class GroundPoint(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A spot on the ground that can be found in the picture."""

    pixel: Pixel
    ground: tuple[float, float] | None = None
    """x, y in metres, where known."""
    name: Name | None = None
    """For `Distance.between`; by default its number, from 1."""


class Distance(Struct, frozen=True, forbid_unknown_fields=True):
    """A distance measured on the ground between two ground points."""

    between: tuple[Name, Name]
    metres: Metres


class Person(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody (or a post) who stands upright on the ground: foot and top, seen in the picture."""

    foot: Pixel
    """Between the feet."""
    head: Pixel
    """The top of the head."""
    height: Annotated[float, Meta(ge=0.3, le=30)] | None = None
    """Metres, where this one's height is known."""


class Marks(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All marks on one picture."""

    image_size: tuple[Annotated[int, Meta(ge=16, le=16384)], Annotated[int, Meta(ge=16, le=16384)]]
    """(width, height) of the picture in pixels."""
    points: Annotated[tuple[GroundPoint, ...], Meta(max_length=200)] = ()
    distances: Annotated[tuple[Distance, ...], Meta(max_length=1000)] = ()
    people: Annotated[tuple[Person, ...], Meta(max_length=500)] = ()
    height: Annotated[float, Meta(ge=0.5, le=2.5)] = BODY_HEIGHT
    """Metres: the average height of the people who were marked."""

    def names(self) -> list[str]:
        """The points' names, in order."""
        return [point.name or str(k + 1) for k, point in enumerate(self.points)]


class _File(Struct, forbid_unknown_fields=True):
    """A points file: marks, whose image size may come from elsewhere."""

    image_size: tuple[int, int] | None = None
    id: str | None = None
    points: tuple[GroundPoint, ...] = ()
    distances: tuple[Distance, ...] = ()
    people: tuple[Person, ...] = ()
    height: float = BODY_HEIGHT


EXAMPLE = """\
image_size = [768, 576]        # of the picture that the pixels refer to

[[points]]                     # four or more spots on the ground
name = "A"
pixel = [112, 498]             # x to the right, y down
ground = [0.0, 0.0]            # metres, where known ...
[[points]]
name = "B"
pixel = [655, 490]

[[distances]]                  # ... or distances by tape measure, as many as you can
between = ["A", "B"]
metres = 6.2

[[people]]                     # and, or instead: three (better six) or more standing people
foot = [301, 402]
head = [305, 291]
"""
"""A points file in little, for help texts."""


def _refuse(what: str, where: str, mend: str) -> NoReturn:
    raise InputError(what, where=where, mend=mend)


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        _refuse(f"{text[:40]!r} is not a number", where, "Write plain numbers with a decimal point")
    return value


def _from_csv(text: str, where: str) -> _File:
    """`u,v,x,y` (ground points) or `foot_u,foot_v,head_u,head_v[,height]` (people), with header."""
    try:
        rows = list(csv.DictReader(io.StringIO(text), skipinitialspace=True))
    except csv.Error as error:
        _refuse(f"this is not CSV ({error})", where, "Give a TOML or CSV file of points")
    columns = set(rows[0]) if rows else set()
    points, people = [], []
    for k, row in enumerate(rows, start=2):
        line = f"{where} line {k}"
        if None in row or None in row.values():
            _refuse("the row and the header differ in length", line, "Give each column a value")
        value = {key: _number(text, line) for key, text in row.items() if text.strip()}
        if columns == {"u", "v", "x", "y"} and len(value) == 4:
            points.append(
                GroundPoint(pixel=(value["u"], value["v"]), ground=(value["x"], value["y"]))
            )
        elif columns - {"height"} == {"foot_u", "foot_v", "head_u", "head_v"} and len(value) >= 4:
            foot, head = (value["foot_u"], value["foot_v"]), (value["head_u"], value["head_v"])
            people.append(Person(foot=foot, head=head, height=value.get("height")))
        else:
            _refuse(
                "the columns must be u,v,x,y or foot_u,foot_v,head_u,head_v with an optional "
                "height, and every row must fill them",
                line,
                "Or write a TOML file, which can hold distances as well",
            )
    return _File(points=tuple(points), people=tuple(people))


def read(path: Path, *, image_size: tuple[int, int] | None = None) -> tuple[Marks, str | None]:
    """The marks in a TOML or CSV file, and the camera's id if it names one.

    `image_size` is used where the file gives none. Raises InputError or CalibrationError.
    """
    where = str(path)
    text = read_text(path, "TOML or CSV")
    table = path.suffix.lower() == ".csv"
    if table:
        file = _from_csv(text, where)
    else:
        document = Document(path, text)
        file = convert(document, document.data, _File, (), guide="'plainview calibrate --help'")
    size = file.image_size or image_size
    if size is None:
        raise InputError(
            "the picture's size is not known",
            where=where,
            mend="A CSV file cannot tell it: give the video as well"
            if table
            else "Add a line such as image_size = [1920, 1080]",
        )
    fields = msgspec.structs.asdict(file)
    fields["image_size"] = size
    name = fields.pop("id")
    try:
        marks = msgspec.convert(fields, Marks, from_attributes=True)
    except msgspec.ValidationError as error:
        said, at = parted(str(error))
        raise InputError(
            fault(said, at, Marks).what, where=where + at.replace(".", ", ", 1), mend="Mend that"
        ) from error
    check(marks)
    return marks, name


def check(marks: Marks) -> None:
    """Raise CalibrationError, naming the mark, for what no picture can show."""
    names = marks.names()
    for name in names:
        if names.count(name) > 1:
            raise CalibrationError(
                f"two points are called {name!r}", where="points", mend="Give each its own name"
            )
    _check_pixels(marks, names)
    _check_distances(marks, names)
    for point in marks.points:
        if point.ground is not None and not all(abs(c) <= 1e8 for c in point.ground):
            raise CalibrationError(
                "a coordinate is not finite", where="points", mend="Give x and y in metres"
            )


def _check_pixels(marks: Marks, names: list[str]) -> None:
    width, height = marks.image_size
    spots = [(f"point {n}", p.pixel) for n, p in zip(names, marks.points, strict=True)]
    for k, person in enumerate(marks.people, start=1):
        spots += [
            (f"the foot of person {k}", person.foot),
            (f"the head of person {k}", person.head),
        ]
        if math.dist(person.foot, person.head) < 4:
            raise CalibrationError(
                f"foot and head of person {k} are in one place",
                where="people",
                mend="Mark people who are at least 20 pixels tall",
            )
    for what, (u, v) in spots:
        if not (-0.5 * width <= u <= 1.5 * width and -0.5 * height <= v <= 1.5 * height):
            raise CalibrationError(
                f"{what} is far outside the picture of {width} x {height} pixels",
                where="marks",
                mend="Check image_size and that pixels are [x, y]",
            )


def _check_distances(marks: Marks, names: list[str]) -> None:
    for distance in marks.distances:
        for name in distance.between:
            if name not in names:
                raise CalibrationError(
                    f"there is no point called {name!r}",
                    where="distances",
                    mend=f"The points are {', '.join(names)}",
                )
        if distance.between[0] == distance.between[1]:
            raise CalibrationError(
                f"a distance from {distance.between[0]!r} to itself",
                where="distances",
                mend="Name two points",
            )
