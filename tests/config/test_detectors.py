import re
from pathlib import Path

import pytest

from plainview.config import load_camera
from plainview.errors import BoundaryError, ConfigError
from plainview.governance.fingerprint import fingerprint

CAMERA = """
id = "gate"
[calibration]
image_size = [640, 360]
projection = [[500, 320, 0, 100], [0, 180, -500, 1600], [0, 1, 0, 8]]
[area]
polygon = [[-2, 0], [2, 0], [2, 6], [-2, 6]]
"""
DETECTOR = """
[[detectors]]
path = "things.onnx"
sha256 = "{sha}"
size = [640, 384]
classes = [
  {{ index = 0, name = "{name}", kind = "{kind}" }},
  {{ index = 3, name = "smoke", kind = "fire" }},
]
"""


def _written(folder: Path, **parts: str) -> Path:
    path = folder / "camera.toml"
    given = {"sha": "AB" * 32, "name": "knife", "kind": "weapon", **parts}
    path.write_text(CAMERA + DETECTOR.format(**given))
    return path


def test_a_network_is_read_with_its_hash_and_classes(tmp_path: Path) -> None:
    """Path beside the file, hash in small letters, classes with the kinds they speak for."""
    (network,) = load_camera(_written(tmp_path)).view.networks
    assert network.path == str(tmp_path / "things.onnx")
    assert network.sha256 == "ab" * 32
    assert [(one.index, one.kind) for one in network.classes] == [(0, "weapon"), (3, "fire")]


@pytest.mark.parametrize(
    "name",
    ["person", "bearded man", "womanWithBag", "face", "child-alone", "hijab", "licence plate",
     "angry", "gender_f", "black", "mAn", "pErSoN", "f a c e", "p_e_r_s_o_n", "face2", "pers0n",
     "per son", "number plate 7", "Gesicht", "visage", "plaque-immatriculation", "Kennzeichen",
     "femme", "Kinder", "cyclist", "head"],
)  # fmt: skip
def test_persons_and_their_traits_are_refused(tmp_path: Path, name: str) -> None:
    """A class that is a person, or tells one from another, is beyond the boundary."""
    with pytest.raises(BoundaryError, match=re.escape("classes[0].name")):
        load_camera(_written(tmp_path, name=name))


@pytest.mark.parametrize("name", ["p\u0435rson", "\uff46ace", "man\u200b", "\u4eba", " man"])
def test_a_name_that_only_looks_like_one_is_refused(tmp_path: Path, name: str) -> None:
    """Letters of another alphabet, and signs that nobody sees, would pass every list."""
    with pytest.raises(ConfigError, match="cannot be shown"):
        load_camera(_written(tmp_path, name=name))


@pytest.mark.parametrize(
    "name", ["gas bottle", "suit case 2", "AK47", "headlamp", "crowd barrier", "manhole", "velo"]
)
def test_things_are_taken(tmp_path: Path, name: str) -> None:
    """A word that holds another, or a number, makes no person of a thing."""
    (network,) = load_camera(_written(tmp_path, name=name)).view.networks
    assert network.classes[0].name == name


@pytest.mark.parametrize("kind", ["person-down", "crowd-movement", "knife", "weapons"])
def test_a_class_speaks_for_a_thing(tmp_path: Path, kind: str) -> None:
    """Only kinds of event that a thing can speak for, each known, are taken."""
    with pytest.raises(ConfigError, match="no thing in a scene"):
        load_camera(_written(tmp_path, kind=kind))


def test_another_network_needs_another_permit(tmp_path: Path) -> None:
    """The fingerprint that a permit binds changes with the hash and the classes, not the folder."""
    first = fingerprint("", load_camera(_written(tmp_path)).view)
    assert fingerprint("", load_camera(_written(tmp_path, sha="cd" * 32)).view) != first
    assert fingerprint("", load_camera(_written(tmp_path, name="axe")).view) != first
    (tmp_path / "moved").mkdir()
    assert fingerprint("", load_camera(_written(tmp_path / "moved")).view) == first
