"""What a card is worth: it validates only this camera, as it is now, by this version."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from plainview.errors import InputError
from plainview.geometry import Line, View, Zone
from plainview.governance.scorecard import (
    FORMAT,
    Interval,
    KindCard,
    Scorecard,
    judgement,
    read_scorecard,
    seen_as,
)
from plainview.record import EventKind, EventStanding
from plainview.synth.camera import mast

VIEW = View(
    mast("m", at=(0.0, -12.0), towards=(0.0, 0.0)).calibration(),
    ((-3.0, -3.0), (3.0, -3.0), (0.0, 3.0)),
)
GOOD = KindCard(
    EventKind.FIRE, 20, 19, 1, 0, 0, Interval(0.95, 0.78, 1.0), Interval(0.95, 0.78, 1.0),
    Interval(0.9, 0.05, 4.0), 0, 0, Interval(0.95, 0.78, 1.0),
)  # fmt: skip
CARD = Scorecard(
    FORMAT, "plaza", seen_as(VIEW), "1.0", "2026-11-26", 26.0, {"sun": 14.0, "night": 12.0},
    {"dry": 26.0}, (GOOD,), 0.0,
)  # fmt: skip


def _ask(card: Scorecard | None, **changes: Any) -> tuple[EventStanding, str]:  # noqa: ANN401
    asked: dict[str, Any] = {
        "camera": "plaza", "view": VIEW, "kind": EventKind.FIRE, "version": "1.0",
    }  # fmt: skip
    found = judgement(card, **(asked | changes))
    return found.standing, found.why


def test_a_good_card_validates() -> None:
    """And it says what was measured, with the upper end of the false alarms."""
    standing, why = _ask(CARD)
    assert standing is EventStanding.VALIDATED
    assert "19 of 20" in why
    assert "4.0 a day" in why
    assert "believed" not in why


def test_events_of_doubted_hours_count_and_are_told() -> None:
    """What a covered camera missed is missed; whoever reads it is told that it was the camera."""
    some = structs.replace(GOOD, doubted=1)
    _, why = _ask(structs.replace(CARD, kinds=(some,)))
    assert why.endswith(
        "; 1 of 20 began while the camera could not be believed; found: 0 of these,"
        " 19 of the other 19"
    )
    missed = structs.replace(GOOD, hits=12, doubted=8, doubted_hits=1, recall=Interval(0.6, 0, 1))
    standing, why = _ask(structs.replace(CARD, kinds=(missed,)))
    assert standing is EventStanding.EXPERIMENTAL
    assert "12 of 20 true events were found; 90 % are needed; 8 of 20 began" in why
    assert why.endswith("found: 1 of these, 11 of the other 12")
    every = structs.replace(missed, hits=1, doubted=20)
    assert every.in_doubt().endswith("found: 1 of these")


@pytest.mark.parametrize(
    ("card", "changes", "why"),
    [
        (None, {}, "never measured"),
        (CARD, {"camera": "other"}, "of camera 'plaza'"),
        (CARD, {"version": "1.1"}, "version 1.0"),
        (CARD, {"kind": EventKind.LEFT_OBJECT}, "nothing of this kind"),
        (CARD, {"view": structs.replace(
            VIEW, zones=(Zone("z", "fire", ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))),)
        )}, "have changed"),
        (structs.replace(CARD, hours=23.0), {}, "23.0 hours were watched; 24"),
        (structs.replace(CARD, hours=23.0, left_out=9.5), {}, "and 9.5 more could not be believed"),
        (structs.replace(CARD, light={"sun": 25.5, "night": 0.5}), {}, "light"),
        (structs.replace(CARD, kinds=(structs.replace(GOOD, events=9),)), {}, "9 true events"),
        (structs.replace(CARD, kinds=(
            structs.replace(GOOD, recall=Interval(0.89, 0.7, 0.95)),)), {}, "events were found"),
        (structs.replace(CARD, kinds=(
            structs.replace(GOOD, precision=Interval(None, 0, 1)),)), {}, "were true; 90 %"),
        (structs.replace(CARD, kinds=(
            structs.replace(GOOD, false_per_day=Interval(1.1, 0, 9)),)), {}, "false alarms a day"),
    ],
)  # fmt: skip
def test_anything_less_is_experimental(
    card: Scorecard | None, changes: dict[str, Any], why: str
) -> None:
    """With the reason in plain words."""
    standing, said = _ask(card, **changes)
    assert standing is EventStanding.EXPERIMENTAL
    assert why in said


def test_lines_do_not_change_what_a_camera_sees() -> None:
    """No event depends on a line or on the grid, so that a card stays good."""
    other = structs.replace(VIEW, lines=(Line("l", (0.0, 0.0), (1.0, 0.0)),), cell=0.5)
    assert seen_as(other) == seen_as(VIEW)


def test_a_card_is_read_strictly(tmp_path: Path) -> None:
    """What was written is read; another format, unknown keys and absent files are refused."""
    path = tmp_path / "card.json"
    path.write_bytes(msgspec.json.encode(CARD))
    assert read_scorecard(path) == CARD
    path.write_bytes(msgspec.json.encode(structs.replace(CARD, format="other/v9")))
    with pytest.raises(InputError, match="other/v9"):
        read_scorecard(path)
    older = msgspec.to_builtins(CARD) | {"format": "plainview.scorecard/v1"}
    del older["left_out"]
    path.write_bytes(msgspec.json.encode(older))
    with pytest.raises(InputError, match="scorecard/v1"):
        read_scorecard(path)
    path.write_bytes(b'{"who": "somebody"}')
    with pytest.raises(InputError, match="not a scorecard"):
        read_scorecard(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_scorecard(tmp_path / "absent.json")
