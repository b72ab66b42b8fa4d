"""Plates on disk: replaced whole, approved by a person, saved away from the watching thread."""

from pathlib import Path

import pytest

from plainview.app.keeper import PlateKeeper
from plainview.app.plates import APPROVED, LEARNED, Plates
from plainview.app.view_files import ViewPlates
from plainview.errors import InputError, PlainviewError
from plainview.vision.task import MAX_PLATE


def test_the_approved_plate_goes_before_the_learned(tmp_path: Path) -> None:
    """A lens starts from what a person approved, whatever was learned since."""
    plates = Plates(tmp_path)
    assert plates.read("yard") is None
    assert plates.state("yard") == "none"
    plates.save("yard", b"first")
    assert plates.read("yard") == b"first"
    assert plates.state("yard") == LEARNED
    plates.approve("yard")
    plates.save("yard", b"second")
    assert plates.read("yard") == b"first"
    assert plates.state("yard") == APPROVED
    (entry,) = plates.entries()
    assert (entry.camera, entry.state, entry.newer) == ("yard", APPROVED, True)
    plates.forget("yard")
    assert plates.entries() == []


def test_ids_with_dots_keep_apart(tmp_path: Path) -> None:
    """`a.learned` is a camera's id like any other."""
    plates = Plates(tmp_path)
    plates.save("a", b"1")
    plates.save("a.learned", b"2")
    assert [entry.camera for entry in plates.entries()] == ["a", "a.learned"]


@pytest.mark.parametrize("camera", ["", "..", "../x", "a/b", ".hidden", "a" * 65, "a\n"])
def test_no_other_file_can_be_named(camera: str, tmp_path: Path) -> None:
    """A camera's id never leads out of the folder."""
    for act in (Plates(tmp_path).approve, Plates(tmp_path).forget, Plates(tmp_path).read):
        with pytest.raises(InputError, match="not a camera's id"):
            act(camera)


def test_what_is_no_plate_is_not_given_to_a_lens(tmp_path: Path) -> None:
    """Empty and absurdly large files are passed over; the lens checks the rest."""
    plates = Plates(tmp_path)
    plates.save("a", b"")
    assert plates.read("a") is None
    plates.save("a", b"x" * (MAX_PLATE + 1))
    assert plates.read("a") is None


def test_missing_plates_are_wrong_input(tmp_path: Path) -> None:
    """The error names the cameras that have one."""
    plates = Plates(tmp_path)
    plates.save("yard", b"1")
    for act in (plates.approve, plates.forget):
        with pytest.raises(InputError, match="There are plates of: yard"):
            act("gate")


def test_the_keeper_saves_the_newest_and_counts_failures(tmp_path: Path) -> None:
    """Closing saves what waits; a disk that takes nothing is counted and stops nobody."""
    plates = Plates(tmp_path)
    keeper = PlateKeeper(plates, ViewPlates(tmp_path))
    for k in range(20):
        keeper.put("yard", b"%d" % k)
    assert keeper.state("yard") in {"learned", "approved"}
    keeper.close()
    assert plates.read("yard") == b"19"
    assert keeper.failed == 0
    (tmp_path / "file").touch()
    blocked = PlateKeeper(Plates(tmp_path / "file"), ViewPlates(tmp_path / "file"))
    blocked.put("yard", b"1")
    blocked.close()
    assert blocked.failed == 1
    with pytest.raises(PlainviewError, match="cannot be saved"):
        Plates(tmp_path / "file").save("yard", b"1")
