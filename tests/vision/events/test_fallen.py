from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from plainview.vision.events.change import Change
from plainview.vision.events.extent import Extent
from plainview.vision.events.fallen import (
    LATELY,
    LONGER,
    OFTEN,
    SAT,
    WAITS,
    Down,
    Judged,
    fell,
    witness,
)
from plainview.vision.events.person_down import PATIENCE
from plainview.vision.events.stillness import Blob

PLACE = np.array([0.0, 5.0])
EXTENT = Extent(PLACE, 1.4, 0.6, 0.5, 1.0)
FALL = 1.1
"""Metres that somebody sank who surely fell, if he lies along the line of sight."""


def seen(
    lies: float, other: float, along: float = 1.0, side: int = 25, shaded: float = 0.0
) -> Judged:
    """One look at somebody of `side` x `side` pixels."""
    blob = Blob((0, 0), np.ones((side, side), np.uint8), 0.0)
    return Judged(blob, EXTENT, lies, other, PLACE, along, shaded)


def down(
    lies: float,
    other: float,
    *,
    even: float = 0.2,
    ratio: float = 0.6,
    darker: float = 0.3,
    stayed: float = 1.0,
    sank: float = 0.0,
    along: float = 1.0,
    side: int = 25,
    shaded: float = 0.0,
) -> Down:
    """Somebody who may be down, where somebody was upright before."""
    traits = SimpleNamespace(even=even, ratio=ratio, darker=darker, tinted=0.0)
    change = cast(Change, SimpleNamespace(traits=lambda: traits))
    return Down(
        seen(lies, other, along, side, shaded), change, 0.5, stayed, sank, upright_now=False, t=0.0
    )


def test_who_lies_clearly_is_told_and_who_sits_as_well_is_not() -> None:
    """Far more people sit than fall: what both explain as well, or neither well, is nobody down."""
    assert down(0.7, 0.6).confidence() > PATIENCE.least + 0.1
    for lies, other in ((0.72, 0.76), (0.55, 0.53), (0.8, 0.85), (0.82, 0.83)):
        assert down(lies, other).confidence() < PATIENCE.least


def test_few_pixels_do_not_tell_who_lies_straight_away() -> None:
    """Any outline fits so small a blob: it takes a posture that explains it better, or a fall."""
    assert down(0.7, 0.68).confidence() > PATIENCE.least
    assert down(0.7, 0.68, side=12).confidence() < PATIENCE.least - 0.05
    assert down(0.7, 0.58, side=12).confidence() == down(0.7, 0.58).confidence()
    assert down(0.7, 0.68, side=12, along=0.4).confidence() > PATIENCE.least
    assert down(0.7, 0.68, side=12, sank=1.25).confidence() > PATIENCE.least


def test_who_sits_beside_his_shadow_is_nobody_down() -> None:
    """What he and his shadow explain as well tells of nobody, nor does that he sat down fast."""
    assert down(0.8, 0.79, along=0.3).confidence() > PATIENCE.least
    assert down(0.8, 0.79, along=0.3, shaded=1.0).confidence() < PATIENCE.least
    fell_, sat = (down(0.65, 0.66, sank=1.05, shaded=shaded) for shaded in (0.0, 1.0))
    assert fell_.confidence() > PATIENCE.least > sat.confidence()
    # However he is lit, nobody sits that deep, and who is explained better by far lies.
    assert down(0.65, 0.66, sank=1.25, shaded=1.0).confidence() > PATIENCE.least
    assert down(0.8, 0.65, along=0.3, shaded=1.0).confidence() > PATIENCE.least + 0.1


def test_a_speck_tells_no_fall() -> None:
    """At the far end by night a metre is ten pixels: who crouched there seemed to have fallen."""
    assert down(0.72, 0.75, side=12, sank=1.25).confidence() > PATIENCE.least
    assert down(0.72, 0.75, side=8, sank=1.25).confidence() < PATIENCE.least


def test_what_any_posture_explains_well_is_nobody_down() -> None:
    """A compact outline is everybody's: sitting at 0.8 explains it, however well lying does."""
    assert down(0.82, 0.80).confidence() < PATIENCE.least - 0.05
    assert down(0.75, 0.73).confidence() > PATIENCE.least


def test_who_is_not_clear_after_half_a_minute_is_not_told_of_later() -> None:
    """Who fell has been told of by then; of one who sits some look would tell at last."""
    clear, unclear = down(0.75, 0.5), down(0.7, 0.68)
    sure, before = clear.confidence(), unclear.confidence()
    clear.again(seen(0.75, 0.5), 40.0, upright_now=False, t=1.0)
    unclear.again(seen(0.7, 0.68), 19.0, upright_now=False, t=1.0)
    assert clear.confidence() == sure
    assert unclear.confidence() == before > PATIENCE.least
    unclear.again(seen(0.7, 0.68), 40.0, upright_now=False, t=1.0)
    assert 0.3 < unclear.confidence() < PATIENCE.least - 0.1


def test_lamplight_is_nobody() -> None:
    """What is brighter evenly, or all over, is light, whatever its outline; clothes are not."""
    assert down(0.8, 0.5, even=0.03, ratio=1.3).confidence() < 0.3
    assert down(0.8, 0.5, even=0.1, ratio=1.3, darker=0.02).confidence() < 0.3
    assert down(0.8, 0.5, even=0.2, ratio=1.3).confidence() > 0.8


def test_lamplight_that_noise_hid_at_first_is_nobody() -> None:
    """By night the noise of one frame makes light uneven: the looks after it tell."""
    light, body = (down(0.75, 0.5, even=0.09, ratio=1.13, darker=0.23) for _ in range(2))
    assert light.confidence() > PATIENCE.least
    for k in range(4):
        light.again(seen(0.75, 0.5), 1.0 + k, upright_now=False, shines=True, t=1.0 + k)
        body.again(seen(0.75, 0.5), 1.0 + k, upright_now=False, shines=False, t=1.0 + k)
    assert light.confidence() < PATIENCE.least < body.confidence()


def test_no_light_sinks() -> None:
    """One in a coat brighter than the ground was taken for a lamp's light, though he fell."""
    assert down(0.8, 0.5, even=0.03, ratio=1.3, sank=0.8).confidence() < 0.3
    assert down(0.8, 0.5, even=0.03, ratio=1.3, sank=1.0).confidence() > 0.8
    # Where somebody was and went it ends lower by all of him: what shines there may be light.
    stays, went = (down(0.7, 0.66, even=0.03, ratio=1.3, sank=sank) for sank in (1.25, 1.7))
    assert stays.confidence() - went.confidence() > 0.25


def test_nobody_waits_for_as_long_as_a_cloud_stays() -> None:
    """What vanished there twice after ten minutes is outlasted within the minute, if it is sure."""
    one = down(0.8, 0.5)
    one.vanishes(1.0, 600.0)
    assert not one.asked(WAITS - 1.0)
    assert one.asked(WAITS + 1.0)
    assert one.confidence() > PATIENCE.least
    # And no fall speaks for what light may be.
    fallen = down(0.72, 0.73, sank=FALL)
    assert fallen.confidence() > PATIENCE.least
    fallen.vanishes(1.0, 5.0)
    assert fallen.confidence() < PATIENCE.least - 0.2


def test_of_few_pixels_light_may_seem_to_sink() -> None:
    """A lamp far away, lit as somebody passed it by night, was told as one who fell."""
    far, near = (down(0.8, 0.5, even=0.03, ratio=1.3, sank=1.2, side=side) for side in (8, 12))
    assert far.confidence() < 0.1
    assert near.confidence() > 0.8


def test_who_was_seen_to_fall_may_look_like_one_who_sits() -> None:
    """What one view cannot tell is told by how fast he sank; who surely sits is not down."""
    for lies, other in ((0.72, 0.73), (0.53, 0.55), (0.55, 0.62)):
        assert down(lies, other).confidence() < PATIENCE.least
        assert down(lies, other, sank=FALL).confidence() > PATIENCE.least
    assert down(0.6, 0.75, sank=FALL).confidence() < PATIENCE.least


def test_who_plainly_crouches_has_not_fallen_however_fast_he_bent_down() -> None:
    """Both explain who ties his shoe, one of them better; of who is seen dimly less is said."""
    assert down(0.74, 0.82, sank=1.05).confidence() < PATIENCE.least
    assert down(0.56, 0.64, sank=FALL).confidence() > PATIENCE.least - 0.05


def test_across_the_view_a_fall_tells_no_posture() -> None:
    """Legs stretched out fast are as long as who lies; that it is no shadow, a fall still tells."""
    assert down(0.61, 0.6, sank=FALL).confidence() > PATIENCE.least
    assert down(0.61, 0.6, sank=1.0, along=0.4).confidence() < PATIENCE.least
    assert down(0.8, 0.55, even=0.03, along=0.4).confidence() < PATIENCE.least
    assert down(0.8, 0.55, even=0.03, along=0.4, sank=FALL).confidence() > PATIENCE.least


def test_nobody_who_sits_sinks_as_deep_as_one_who_falls() -> None:
    """A head that was at 1.7 m and is below half a metre fell, whichever way he lies."""
    across = [down(0.53, 0.57, sank=metres, along=0.2).confidence() for metres in (1.0, 1.05, 1.3)]
    assert across[0] == across[1] < PATIENCE.least < across[2]


def test_nobody_sinks_lower_than_he_is_thick() -> None:
    """What is left where somebody went past sank deeper yet, and is no witness of a fall."""
    assert witness(1.22, 0.0) == pytest.approx(1.0)
    assert witness(1.5, 0.0) == pytest.approx(0.0)
    assert witness(1.5, 1.0) == pytest.approx(1.0), "as of any fall, where one view leaves doubt"


def test_one_who_fell_has_not_risen_where_he_looks_as_one_who_sits() -> None:
    """It takes more for one who was seen to fall than for one who was not, and is enough."""
    assert not down(0.7, 0.7).explains(seen(0.6, 0.72))
    assert down(0.7, 0.7, sank=FALL).explains(seen(0.6, 0.72))
    assert not down(0.7, 0.7, sank=FALL).explains(seen(0.5, 0.7))


def test_a_fall_lessens_the_doubt_that_it_is_a_shadow() -> None:
    """What is dark and even may be a shadow; what was upright and fell is hardly one."""
    assert down(0.65, 0.55, even=0.04).confidence() < PATIENCE.least
    assert down(0.65, 0.55, even=0.04, sank=FALL).confidence() > PATIENCE.least


def test_the_shadow_of_who_stands_there_has_not_fallen() -> None:
    """However fast it came: he walked up. Where nobody is upright any more, he may have fallen."""
    shadow, fallen = (
        down(0.63, 0.5, even=0.07, ratio=0.84, darker=0.97, sank=1.16) for _ in range(2)
    )
    for k in range(8):
        shadow.again(seen(0.63, 0.5), 1.0 + k, upright_now=True, t=1.0 + k)
        fallen.again(seen(0.63, 0.5), 1.0 + k, upright_now=False, t=1.0 + k)
    assert shadow.confidence() < PATIENCE.least < fallen.confidence()


def test_noise_makes_a_shadow_uneven_but_not_bright() -> None:
    """A long shadow by night has an outline like one who lies, and hardly the spread of a coat."""
    assert down(0.75, 0.5, even=0.2, darker=1.0).confidence() > PATIENCE.least + 0.2
    assert down(0.75, 0.5, even=0.087, darker=1.0).confidence() < PATIENCE.least
    between = down(0.75, 0.5, even=0.12, darker=1.0).confidence()
    assert PATIENCE.least < between < down(0.75, 0.5, even=0.14, darker=1.0).confidence()
    assert down(0.75, 0.5, even=0.087, darker=0.8).confidence() > PATIENCE.least + 0.2
    assert down(0.75, 0.5, even=0.05, darker=0.8).confidence() < PATIENCE.least
    fallen = down(0.75, 0.5, even=0.087, darker=1.0, sank=1.25).confidence()
    assert fallen > PATIENCE.least + 0.1


def test_who_helps_is_no_doubt_about_who_lies() -> None:
    """Somebody upright there may be he who is down; where another stands over him, he is not."""
    helped, sits = down(0.7, 0.6), down(0.7, 0.6)
    before = helped.confidence()
    helped.again(seen(0.7, 0.6), 2.0, upright_now=None, t=1.0)
    sits.again(seen(0.7, 0.6), 2.0, upright_now=True, t=1.0)
    assert helped.confidence() == pytest.approx(before)
    assert sits.confidence() < before - 0.1


def test_a_fall_is_surer_the_faster_he_sank() -> None:
    """As far as one sinks who sits down it is none; past a fall's depth it is one."""
    assert [fell(metres) for metres in (0.5, 0.9, 1.15)] == [0.0, 0.0, 1.0]
    assert 0 < fell(1.0) < fell(1.1) < 1


def test_one_look_that_errs_makes_nobody_fall() -> None:
    """In rain one look may show him sink by far more than the others do: the middle one counts."""
    sits = down(0.7, 0.69, sank=0.8)
    for metres in (0.85, 0.85, 1.28, 0.85):
        sits.sinks(metres)
    assert sits.sank == 0.85
    falls = down(0.7, 0.69, sank=0.3)
    for metres in (0.9, 1.25, 1.25, 1.2):
        falls.sinks(metres)
    assert falls.sank == 1.2


def test_who_may_as_well_crouch_is_looked_at_for_longer() -> None:
    """Who ties his shoe is up by then, and may seem to have fallen; who lies clearly need not wait.

    Nor need who fell, and whom lying explains better.
    """
    for lies, other, sank, at_once in (
        (0.7, 0.69, 0.0, False),
        (0.75, 0.5, 0.0, True),
        (0.7, 0.69, 1.2, False),
        (0.7, 0.58, 1.2, True),
    ):
        one = down(lies, other, sank=sank)
        assert one.asked(0.6) == at_once
        assert one.asked(LONGER + 0.1)
    # Once it was long enough it stays so, whatever one look says.
    one = down(0.75, 0.5)
    assert one.asked(0.6)
    for _ in range(9):
        one.again(seen(0.7, 0.69), 1.0, upright_now=False, t=1.0)
    assert one.asked(1.2)


def test_what_a_sitter_becomes_as_the_plate_takes_him_over_is_no_fall() -> None:
    """What is left after minutes speaks for nothing that did not before; in seconds it does."""
    soon, sits = down(0.7, 0.72), down(0.7, 0.72)
    before = sits.confidence()
    for k in range(20):
        soon.again(seen(0.8, 0.5), 1.0 + k, upright_now=False, t=1.0)
        sits.again(seen(0.8, 0.5), 40.0 + k, upright_now=False, t=1.0)
    assert soon.confidence() > 0.9
    assert sits.confidence() <= before


def test_who_has_been_there_for_long_must_lie_more_clearly() -> None:
    """Who is made out to lie only after half a minute at rest has more to prove, and can."""
    assert down(0.7, 0.6, stayed=40.0).confidence() < PATIENCE.least
    for other in (0.4, 0.45):
        late, early = down(0.75, other, stayed=40.0), down(0.75, other)
        assert early.confidence() - late.confidence() > 0.5 * SAT
        assert late.confidence() > PATIENCE.least


def test_what_lay_for_a_look_or_two_must_be_seen_to_lie_again() -> None:
    """Cars that pass far away differ for as long as one who lies, and at times look like him."""
    one = down(0.75, 0.5)
    assert one.shown(LATELY)
    assert not one.shown(LATELY + 0.1)
    one.again(seen(0.75, 0.5), 4.0, upright_now=False, t=4.0)
    assert one.shown(4.0 + LATELY)
    # Who has been seen to lie for long may be hidden by those who help him.
    for _ in range(OFTEN):
        one.again(seen(0.75, 0.5), 5.0, upright_now=False, t=5.0)
    assert one.shown(60.0)
