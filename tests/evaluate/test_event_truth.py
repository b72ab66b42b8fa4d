"""events.json: what is refused, and where something is between the moments that are written."""

import json
from pathlib import Path
from typing import Any

import pytest

from plainview.errors import InputError
from plainview.evaluate.event_truth import MAX_BYTES, TrueEvent, read_event_truth
from plainview.record import EventKind

GOOD: dict[str, Any] = {
    "seconds": 60.0,
    "judged": ["fire"],
    "conditions": [{"from": 0, "to": 30, "light": "sun"}],
    "events": [{"kind": "fire", "start": 5.0, "end": 20.0, "at": [1.0, 2.0]}],
}


def _written(folder: Path, **changes: object) -> Path:
    path = folder / "events.json"
    path.write_text(json.dumps(GOOD | changes), encoding="utf-8")
    return path


def test_a_truth_is_read(tmp_path: Path) -> None:
    """Where nobody wrote the light down, it is unknown."""
    truth = read_event_truth(_written(tmp_path))
    assert truth.events[0].kind is EventKind.FIRE
    assert truth.spell_at(10.0).light == "sun"
    assert truth.spell_at(50.0).light == "unknown"


@pytest.mark.parametrize(
    "changes",
    [
        {"events": [{"kind": "fire", "start": 5.0, "end": 2.0, "at": [1, 2]}]},
        {"events": [{"kind": "fire", "start": 70.0, "at": [1, 2]}]},
        {"events": [{"kind": "left-object", "start": 7.0, "at": [1, 2]}]},
        {"events": [{"kind": "riot", "start": 7.0, "at": [1, 2]}]},
        {"events": [{"kind": "fire", "start": -1, "at": [1, 2]}]},
        {"judged": []},
        {"conditions": [{"from": 30, "to": 0, "light": "sun"}]},
        {"conditions": [{"from": 0, "to": 90, "light": "sun"}]},
        {"conditions": [{"from": 0, "to": 60, "light": n} for n in ("sun", "night")]},
        {"people": 4},
    ],
)
def test_what_is_no_truth_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    """One line that names the file."""
    with pytest.raises(InputError, match=r"events\.json"):
        read_event_truth(_written(tmp_path, **changes))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """The path is named."""
    with pytest.raises(InputError, match="absent"):
        read_event_truth(tmp_path / "absent.json")


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/full"])
def test_a_device_is_no_truth(path: str) -> None:
    """It is not read until memory is full."""
    with pytest.raises(InputError, match=path):
        read_event_truth(Path(path))


def test_a_truth_larger_than_any_is_refused(tmp_path: Path) -> None:
    """It is not held whole."""
    large = tmp_path / "large.json"
    with large.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    with pytest.raises(InputError, match="larger than 16 MiB"):
        read_event_truth(large)


def test_something_that_moves_is_between_its_moments() -> None:
    """Linear on its path, at its ends before and after it."""
    path = ((10.0, 0.0, 0.0), (12.0, 4.0, 0.0), (13.0, 4.0, 1.0))
    event = TrueEvent(EventKind.WRONG_WAY, 10.0, (0.0, 0.0), path=path)
    places = [event.place(t) for t in (9.0, 11.0, 12.5, 99.0)]
    assert places == [(0.0, 0.0), (2.0, 0.0), (4.0, 0.5), (4.0, 1.0)]
