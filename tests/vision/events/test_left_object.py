import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.events.stage import AREA, Moment, Solid, Stage, box, limb, standing, walk

from plainview.geometry import View, Zone
from plainview.record import Event, Phase
from plainview.vision.events.left_object import PATIENCE, LeftObject
from plainview.vision.events.stillness import EVERY

STAGE = Stage()
BAG = box(0.4, 0.8, (0.5, 0.25, 0.4))
SMALL = box(0.4, 0.8, (0.35, 0.25, 0.35))
SITTER = box(0.4, 0.8, (0.6, 0.3, 0.7))
LAP = box(0.4, 0.8, (0.46, 0.3, 0.42))
DOWN = 6.0


def events(
    thing: Solid | None,
    *,
    gone: float = 1e9,
    leave: float = 7.0,
    seconds: float = 26.0,
    stage: Stage = STAGE,
    came: float = DOWN,
    zones: tuple[Zone, ...] = (),
) -> list[Event]:
    """What is told where `thing` stands from `came` to `gone`, and somebody leaves at `leave`."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, leave)
        there = [thing] if thing is not None and came <= t < gone else []
        return [*solids, *there], people

    view = View(calibration=stage.view.calibration, polygon=AREA, zones=zones)
    return stage.events(LeftObject(view, stage.optics), seconds, what)


def test_a_bag_that_is_left_is_told_once_until_it_is_taken() -> None:
    """Start within 30 s of being left alone, at its place; the end soon after it is taken."""
    start, end = events(BAG, gone=26.0, seconds=32.0)
    assert start.phase is Phase.START
    assert 7.0 + PATIENCE.rise <= start.t / 1000 <= 30.0
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6
    assert end.phase is Phase.END
    assert 26.0 <= end.t / 1000 <= 26.0 + PATIENCE.fall + 6 * EVERY
    assert (end.x, end.y) == (start.x, start.y)


@pytest.mark.parametrize(
    ("thing", "leave", "came"),
    [
        (None, 7.0, DOWN),
        (BAG, 60.0, DOWN),
        (BAG, 7.0, 0.0),
        (BAG, 7.0, 16.0),
        (box(0.4, 0.8, (1.9, 1.2, 1.3)), 7.0, DOWN),
        (box(0.4, 0.8, (0.06, 0.06, 0.05)), 7.0, DOWN),
    ],
    ids=["nothing", "attended", "there-before", "nobody-put-it-there", "large", "litter"],
)
def test_what_is_not_left_is_not_told(thing: Solid | None, leave: float, came: float) -> None:
    """Attended, there before anybody came, brought by nobody, or of another size: no event."""
    assert events(thing, leave=leave, came=came, seconds=24.0) == []


def test_a_thing_whose_owner_waits_beside_it_and_then_goes_is_told() -> None:
    """While somebody stands with it his outline hides it; what counts is that he then left."""
    (start,) = events(BAG, leave=20.0, seconds=36.0)
    assert 20.0 + PATIENCE.rise <= start.t / 1000 <= 36.0


def test_who_goes_while_its_outline_grows_is_not_forgotten_where_it_is_taken_for_a_body() -> None:
    """A body is laid into it that seems to stay, as he leaves: what he has gone by then counts."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        mistaken = [(0.4, 0.6, 0.0, 0.0)] if 7.0 <= t < 8.8 else []
        bag = BAG if t >= 8.0 else box(0.4, 0.8, (0.28, 0.28, 0.25))
        return [*solids, *([bag] if t >= DOWN else [])], [*people, *mistaken]

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)) == 1


@pytest.mark.parametrize(("nearest", "told"), [(1.8, 1), (1.2, 0)])
def test_who_comes_by_and_is_lost_takes_a_part_of_who_left(nearest: float, told: int) -> None:
    """Once nobody is about less of the balance is enough: not what who came nearly took along."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        x = -5.1 + 1.2 * (t - 5.5)
        if t >= 5.5 and x < 0.4 - nearest:
            solids, people = [*solids, *standing(x, 0.8)], [*people, (x, 0.8, 1.2, 0.0)]
        return [*solids, *([BAG] if t >= DOWN else [])], people

    stage = Stage()
    found = stage.events(LeftObject(stage.view, stage.optics), 34.0, what)
    assert len(found) == told


@pytest.mark.parametrize(
    ("nearer", "thing", "told"),
    [(2.0, SITTER, 0), (2.2, SITTER, 0), (2.2, LAP, 0), (2.2, BAG, 1)],
    ids=["near", "far", "a-part-of-him", "too-small-for-one-who-sits"],
)
def test_who_sits_down_and_is_taken_for_one_who_stands_before_it_has_not_left(
    nearer: float, thing: Solid, told: int
) -> None:
    """He seems to have come through half of the ring, and stays there: it may be he."""

    def what(t: float) -> Moment:
        if t < DOWN:
            return walk(t, 2.0, DOWN, 7.0)
        near = 0.8 - min(1.2 * (t - DOWN), nearer)
        return [thing], [(0.4, near, 0.0, -1.2 if near > 0.8 - nearer else 0.0)]

    stage = Stage()
    assert len(stage.events(LeftObject(stage.view, stage.optics), 34.0, what)) == told


def test_a_white_bag_does_not_stir_as_the_camera_dims_the_ground_alone() -> None:
    """Cameras show what is white nearly as before when they are set a third darker."""
    bag = box(0.4, 0.8, (0.5, 0.25, 0.4), shade=160)

    def dims(image: NDArray[np.float32], t: float) -> None:
        if t > 20 and t % 7 > 4:
            image *= 0.66

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        return [*solids, *([bag] if t >= DOWN else [])], people

    (start,) = STAGE.events(LeftObject(STAGE.view, STAGE.optics), 50, what, dims)
    assert start.t <= 30_000


def test_a_thing_that_its_plate_was_learned_with_is_told() -> None:
    """Left in a camera's first half minute it is a part of the plate; the first seconds tell."""
    (start,) = events(BAG, stage=Stage(began=[BAG]))
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6


@pytest.mark.parametrize("shade", [60, 85, 140])
def test_a_coloured_thing_that_its_plate_was_learned_with_is_told(shade: float) -> None:
    """The ground that was there before it has no colour beside the plate's, and is not darker."""
    red = BAG._replace(shade=shade, tint=45)
    (start,) = events(red, stage=Stage(began=[red], coloured=True))
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6


@pytest.mark.parametrize(("part", "whole"), [(0.28, BAG), (0.11, SMALL)], ids=["part", "speck"])
def test_a_thing_that_was_met_in_part_is_told_by_its_whole(part: float, whole: Solid) -> None:
    """Its outline is taken anew when more of it shows; a part of something larger is nothing."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        there = box(0.4, 0.8, (part, part, 0.9 * part)) if t < 14.0 else whole
        return [*solids, *([there] if t >= DOWN else [])], people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 32.0, what)) == 1


def test_a_thing_that_came_with_a_long_shadow_is_told_by_what_remains() -> None:
    """Who put it down stood there, his shadow beside it; what is left of that is no part of it."""
    shadow = [box(x, 0.8, (0.25, 0.25, 0.15)) for x in (0.77, 1.37)]
    spots = [box(x, 0.8, (0.3, 0.25, 0.15)) for x in (1.05, 1.65)]

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        there = [BAG, *spots, *(shadow if t < 11.0 else [])]
        return [*solids, *(there if t >= DOWN else [])], people

    (start,) = STAGE.events(LeftObject(STAGE.view, STAGE.optics), 30.0, what)
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6


def test_a_thing_whose_shadow_is_larger_and_lies_apart_is_told_where_it_stands() -> None:
    """Where its sides are as the ground is, its top and its shadow are two; that is the thing."""
    stage = Stage()
    cast = stage.spot(0.4, -0.5, (1.3, 0.75))
    top = box(0.4, 0.8, (0.5, 0.4, 0.35))

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        return [*solids, *([top] if t >= DOWN else [])], people

    def light(image: NDArray[np.float32], t: float) -> None:
        image *= 1 - 0.2 * cast * (t >= DOWN)

    (start,) = stage.events(LeftObject(stage.view, stage.optics), 30.0, what, light)
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6


def test_a_thing_that_showed_late_is_told_of_who_left_before() -> None:
    """What lay beside it hid how large it is; who walked away meanwhile has left it."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        beside = [box(1.25, 0.8, (1.1, 0.25, 0.4))] if t < 22.0 else []
        return [*solids, *([BAG, *beside] if t >= DOWN else [])], people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 40.0, what)) == 1


def test_who_came_as_it_seemed_to_lie_there_already_and_went_has_left_it() -> None:
    """When it came is not known to a second: his coming counts against his going, his stay not."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        beside = [box(1.25, 0.8, (1.1, 0.25, 0.4))] if t < 14.0 else []
        return [*solids, *([BAG, *beside] if t >= DOWN - 2.0 else [])], people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 34.0, what)) == 1


def test_a_thing_that_is_taken_for_a_head_is_told() -> None:
    """A case may be explained as the head and trunk of one who stands before it: nobody does."""
    case = box(0.4, 0.8, (0.3, 0.3, 0.7))

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        if t >= DOWN:
            solids, people = [*solids, case], [*people, (0.4, -0.8, 0.0, 0.0)]
        return solids, people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)) == 1


def test_who_is_beside_it_for_one_look_does_not_undo_that_somebody_left() -> None:
    """In one look a shadow or a passer-by may seem to stand there."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        if 8.3 < t < 8.5:
            solids, people = [*solids, *standing(1.1, 0.5)], [*people, (1.1, 0.5, 0.0, 0.0)]
        return [*solids, *([BAG] if t >= DOWN else [])], people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)) == 1


def test_who_is_too_dim_to_be_a_body_leaves_a_thing_as_well() -> None:
    """In fog the measurement finds nobody, yet somebody's figure comes, stands and goes."""

    def what(t: float) -> Moment:
        solids, _ = walk(t, 2.0, DOWN, 7.0)
        return [*solids, *([BAG] if t >= DOWN else [])], []

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)) == 1


def test_what_was_left_and_is_lost_for_a_while_is_still_left() -> None:
    """In fog and rain a thing comes and goes: met anew, it is what somebody walked away from."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        there = t >= DOWN and not 12.0 < t < 17.0
        return [*solids, *([BAG] if there else [])], people

    (start,) = STAGE.events(LeftObject(STAGE.view, STAGE.optics), 34.0, what)
    assert start.t / 1000 > 17.0 + PATIENCE.rise


def test_what_nobody_walked_away_from_is_not_told() -> None:
    """One who sits down is no body any more; that others stand beside does not make it a thing."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 60.0)
        other = (2.8, 1.6, 0.0, 0.0)
        if t >= DOWN:
            solids, people = [BAG], []
        return [*standing(*other[:2]), *solids], [other, *people]

    assert STAGE.events(LeftObject(STAGE.view, STAGE.optics), 24.0, what) == []


@pytest.mark.parametrize("about", ["nobody", "itself", "somebody", "in the dark"])
def test_who_is_lost_as_he_goes_has_left_it_where_nobody_is_about(about: str) -> None:
    """He is seen to go half of the way; where somebody is about, it may be he who stays.

    A thing with its shadow may be taken for a body itself: that is nobody who is about. Who stands
    beside it in the dark is, though he hardly differs from the ground.
    """

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        solids, people = (solids, people) if t < 9.3 else ([], [])
        if about == "itself" and t > 9.3:
            people = [(0.4, 0.3, 0.0, 0.0)]
        if about == "somebody":
            solids = [*solids, *standing(-2.4, 2.0)]
        if about in {"somebody", "in the dark"}:
            people = [*people, (-2.4, 2.0, 0.0, 0.0)]
        return [*solids, *([BAG] if t >= DOWN else [])], people

    told = STAGE.events(LeftObject(STAGE.view, STAGE.optics), 30.0, what)
    assert len(told) == (about in {"nobody", "itself"})


def test_furniture_that_is_taken_bit_by_bit_is_moved_too() -> None:
    """Who takes a chair hides it: a good part of it is as before, then all, and it stands there."""

    def what(t: float) -> Moment:
        solids, people = walk(t, 12.0, 15.0, 18.0)
        chair = [box(-1.6, 1.0, (0.5, 0.25, 0.4))] if 2.0 <= t < 13.6 else []
        if 13.6 <= t < 15.0:
            chair = [box(-1.75, 1.0, (0.2, 0.25, 0.4))]
        return [*solids, *chair, *([BAG] if t >= 15.0 else [])], people

    assert STAGE.events(LeftObject(STAGE.view, STAGE.optics), 36.0, what) == []


def test_furniture_that_was_moved_and_is_lost_for_a_while_is_still_moved() -> None:
    """In fog it comes and goes: met anew, it is what somebody set down elsewhere."""
    stage = Stage()
    detector = LeftObject(stage.view, stage.optics)

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        there = t >= DOWN and not 12.0 < t < 17.0
        return [*solids, *([BAG] if there else [])], people

    for seen in stage.seen(30.0, what):
        assert detector.look(seen) == []
        if seen.t < 11.0:
            for thing in detector.things:
                thing.moved = True
    assert [thing.moved for thing in detector.things] == [True]


def test_furniture_is_moved_by_who_stands_against_it_first() -> None:
    """It stood alone before, though it did not as it went."""

    def what(t: float) -> Moment:
        chair = box(1.8 if t < 14 else 0.4, 0.8, (0.5, 0.25, 0.4))._replace(tint=1)
        at = 5.0 - min(max(t - 8.4, 0.0), 3.2) if t < 14 else 1.0 + max(t - 16.0, 0.0)
        here = at < 5.0
        pace = 0.0 if 11.6 < t < 16.0 else -1.0 if t < 14 else 1.0
        solids = [*standing(at, 0.9), chair] if here else [chair]
        return solids, [(at, 0.9, pace, 0.0)] if here else []

    assert STAGE.events(LeftObject(STAGE.view, STAGE.optics), 40.0, what) == []


def test_a_vehicle_that_passes_before_it_is_nobody_who_leaves_it() -> None:
    """As somebody sits there: bodies are laid into a bus and its light, stand and run off."""

    def what(t: float) -> Moment:
        if t < DOWN:
            return walk(t, 2.0, DOWN, 60.0)
        if not 13.0 <= t < 15.0:
            return [BAG], []
        x, v = (0.4, 0.0) if t < 14.0 else (0.4 + 2.0 * (t - 14.0), 2.0)
        people = [(x + aside, 0.6, v, 0.0) for aside in (0.0, 0.4, 0.8)]
        return [BAG, box(0.4, -0.6, (9.0, 1.2, 0.8), 30)], people

    assert STAGE.events(LeftObject(STAGE.view, STAGE.optics), 30.0, what) == []


@pytest.mark.parametrize("head", [True, False], ids=["legs-and-head", "thing"])
def test_who_stands_in_clothes_like_the_ground_is_no_object(*, head: bool) -> None:
    """Legs alone look like a thing that a friend left there; the head above them tells."""
    legs = limb((0.4, 0.8, 0.05), (0.4, 0.8, 0.6), 0.12, 45)
    solids = [legs, limb((0.4, 0.8, 1.58), (0.4, 0.8, 1.64), 0.11, 30)] if head else [legs]

    def what(t: float) -> Moment:
        friends, people = walk(t, 2.0, DOWN, 7.0)
        if t < DOWN:
            return friends, people
        return [*friends, *solids], [*people, (0.4, 0.8, 0.0, 0.0)]

    told = STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)
    assert bool(told) is not head


@pytest.mark.parametrize("sits", [False, True])
def test_the_legs_of_who_sits_are_no_object_where_his_lap_is_like_the_ground(*, sits: bool) -> None:
    """What is seen above them came with them, and is no shadow."""
    legs = box(0.4, 0.8, (0.8, 0.3, 0.35))._replace(tint=1)
    trunk = limb((0.4, 1.0, 0.85), (0.4, 1.0, 1.2), 0.16, 30)

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        there = [legs, trunk] if sits else [legs]
        return [*solids, *(there if t >= DOWN else [])], people

    assert len(STAGE.events(LeftObject(STAGE.view, STAGE.optics), 26.0, what)) == (not sits)


def test_light_on_the_ground_is_no_object() -> None:
    """A shadow or a lamp's light that comes as somebody passes, and stays, is not told."""

    def what(t: float) -> Moment:
        return walk(t, 2.0, DOWN, 7.0)

    spot = STAGE.spot(0.4, 0.8, (0.7, 0.6))
    for factor in (0.6, 1.5):

        def light(image: NDArray[np.float32], t: float, factor: float = factor) -> None:
            if t >= DOWN:
                image *= 1 + (factor - 1) * spot

        assert STAGE.events(LeftObject(STAGE.view, STAGE.optics), 22.0, what, light) == []


def test_what_is_taken_or_moved_is_no_object() -> None:
    """A thing of the plate that is taken leaves a ghost; one that is moved was not left."""
    stage = Stage(began=[BAG])
    moved = box(1.5, 0.8, (0.5, 0.25, 0.4))
    for after in ([], [moved]):

        def what(t: float, after: list[Solid] = after) -> Moment:
            solids, people = walk(t, 2.0, DOWN, 7.0)
            return [*solids, *([BAG] if t < DOWN else after)], people

        assert stage.events(LeftObject(stage.view, stage.optics), 22.0, what) == []


def test_furniture_is_known_to_have_moved_before_it_is_told_however_often_somebody_passes() -> None:
    """The plate gives its ghost back at once; passers-by stand beside it for a moment."""
    chair = box(-1.6, 1.0, (0.4, 0.25, 0.25))
    stage, empty = Stage(began=[chair]), Stage()

    def what(t: float) -> Moment:
        solids, people = walk(t, 2.0, DOWN, 7.0)
        if t > DOWN:
            stage.plate.keep(empty.plate, np.ones(empty.plate.luma.shape, np.bool_))
        if t > 12.0 and t % 1.6 < 0.7:
            solids, people = [*solids, *standing(1.6, 1.8)], [*people, (1.6, 1.8, 0.0, 0.0)]
        return [*solids, *([BAG] if t >= DOWN else [chair])], people

    assert stage.events(LeftObject(stage.view, stage.optics), 36.0, what) == []


def test_a_zone_of_the_kind_bounds_where_it_is_looked_for() -> None:
    """With zones of the kind only they are watched, and the event names its own."""
    far: tuple[tuple[float, float], ...] = ((3, 3), (4, 3), (4, 4), (3, 4))
    near: tuple[tuple[float, float], ...] = ((-1, 0), (2, 0), (2, 2), (-1, 2))
    zones = tuple(
        Zone(name=name, kind="left-object", polygon=corners)
        for name, corners in (("far", far), ("near", near))
    )
    assert events(BAG, seconds=24.0, zones=zones[:1]) == []
    assert [event.zone for event in events(BAG, seconds=24.0, zones=zones)] == [1]


@pytest.mark.parametrize("shade", [104, 116], ids=["darker", "brighter"])
def test_a_bag_as_light_as_the_ground_is_told_by_its_colour(shade: float) -> None:
    """A red case on grey paving that grey levels hardly show."""
    red = BAG._replace(shade=shade, tint=45)
    assert events(red) == []
    (start, _) = events(red, gone=26.0, seconds=32.0, stage=Stage(coloured=True))
    assert start.phase is Phase.START
    assert np.hypot(start.x * 0.1 - 0.4, start.y * 0.1 - 0.8) < 0.6
