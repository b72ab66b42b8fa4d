import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec import structs

from plainview.governance.exports import EXPORTS
from plainview.governance.exports.openstreetmap import tags
from plainview.governance.register import Register

BASE = "https://portal.city.example"
HOSTILE = '"><script>alert(1)</script>&\x00\x1b]\ud83d\ude00 #{let x} \\u{7}'


def written(register: Register, name: str) -> Any:  # noqa: ANN401 - parsed JSON
    """One of the JSON exports, parsed."""
    return json.loads(EXPORTS[name].write(register, BASE))


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_every_export_has_every_running_camera_with_a_place(published: Register, name: str) -> None:
    """What runs is in each form of the register, whatever that form leaves out otherwise."""
    text = EXPORTS[name].write(published, BASE).decode()
    running = [camera.id for camera in published.cameras if camera.state == "running"]
    assert running == ["plaza-north"]
    if name == "atrs":
        assert "Video of 2 cameras" in text
    else:
        assert all(camera in text for camera in running)


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_the_same_register_gives_the_same_bytes(published: Register, name: str) -> None:
    """An export depends on the register alone, so that two copies can be compared."""
    assert EXPORTS[name].write(published, BASE) == EXPORTS[name].write(published, BASE)
    assert EXPORTS[name].follows
    assert re.fullmatch(r"[a-z.-]+", EXPORTS[name].file)


@pytest.mark.parametrize("name", sorted(EXPORTS))
def test_an_empty_register_can_be_written(name: str, published: Register) -> None:
    """A city without cameras has files without cameras, not errors."""
    empty = structs.replace(published, cameras=(), assessments=(), sites=(), changes=())
    assert EXPORTS[name].write(empty, BASE)


def test_geojson_has_the_fields_of_the_amsterdam_register(published: Register) -> None:
    """Every field of a device in that register's API is there, with its shape."""
    collection = written(published, "geojson")
    assert collection["type"] == "FeatureCollection"
    assert collection["ledger"] == {"origin": "sampleton.example/ledger", "size": 6}
    for feature in collection["features"]:
        assert feature["type"] == "Feature"
        assert set(feature["properties"]) == {
            "owner",
            "type",
            "regions",
            "location",
            "location_description",
            "datastream",
            "themes",
            "contains_pi_data",
            "observation_goals",
            "project_paths",
            "active_until",
            "reference",
            "plainview",
        }
        for goal in feature["properties"]["observation_goals"]:
            assert set(goal) == {"observation_goal", "privacy_declaration", "legal_ground"}
    north = next(f for f in collection["features"] if f["id"] == "plaza-north")
    assert north["geometry"]["type"] == "Point"
    longitude, latitude = north["geometry"]["coordinates"]
    assert abs(longitude - 114.17) < 0.001
    assert abs(latitude - 22.28) < 0.001
    properties = north["properties"]
    assert properties["owner"]["organisation"] == "City of Sampleton"
    assert properties["contains_pi_data"] is False
    assert properties["observation_goals"][0]["observation_goal"] == "See when it gets too full."
    assert properties["observation_goals"][0]["legal_ground"].endswith("Cap. 172, s. 3")
    assert properties["active_until"] == "2026-05-30"
    old = next(f for f in collection["features"] if f["id"] == "old")
    assert old["geometry"] is None


def test_recording_is_told_as_personal_data(published: Register) -> None:
    """Measurements name nobody; kept pictures might, and then the flag says so."""
    camera = next(c for c in published.cameras if c.id == "plaza-north")
    recording = structs.replace(
        camera, capabilities=(structs.replace(camera.capabilities[0], name="record"),)
    )
    feature = written(structs.replace(published, cameras=(recording,)), "geojson")["features"][0]
    assert feature["properties"]["contains_pi_data"] is True


def test_openstreetmap_nodes_carry_the_tags_of_surveillance(published: Register) -> None:
    """A node at the camera's own place with the wiki's tags; no empty tag, no positive id."""
    root = ET.fromstring(EXPORTS["openstreetmap"].write(published, BASE))  # noqa: S314 - our own
    assert (root.tag, root.get("version")) == ("osm", "0.6")
    assert root.get("upload") == "true"
    nodes = root.findall("node")
    assert [node.get("id") for node in nodes] == ["-1", "-2"]
    found = {tag.get("k"): tag.get("v") for tag in nodes[0].findall("tag")}
    assert found["man_made"] == "surveillance"
    assert found["surveillance"] == "public"
    assert found["surveillance:type"] == "camera"
    assert found["surveillance:zone"] == "town"
    assert found["camera:type"] == "fixed"
    assert found["camera:direction"] == "30"
    assert found["operator"] == "City of Sampleton"
    assert found["contact:email"] == "plaza@city.example"
    assert found["website"] == f"{BASE}/portal/en/cameras/plaza-north"
    assert found["ref"] == "plaza-north"
    assert all(value for value in found.values())


def test_a_demonstration_never_reaches_the_map(published: Register) -> None:
    """Cameras that do not exist are no nodes, and the file says that it is not to be uploaded."""
    cameras = tuple(structs.replace(camera, simulated=True) for camera in published.cameras)
    register = structs.replace(published, cameras=cameras, simulated=True)
    root = ET.fromstring(EXPORTS["openstreetmap"].write(register, BASE))  # noqa: S314 - our own
    assert root.findall("node") == []
    assert root.get("upload") == "never"


def test_hostile_texts_stay_texts(published: Register) -> None:
    """Whatever an assessment says, each export stays well formed and says it as plain text."""
    camera = next(c for c in published.cameras if c.id == "plaza-north")
    contact = structs.replace(camera.contact, controller=HOSTILE, email=HOSTILE * 9)
    hostile = structs.replace(camera, name=HOSTILE, contact=contact, law=HOSTILE)
    register = structs.replace(published, cameras=(hostile,), name="x\ud83d\ude00")
    for name in ("geojson", "dtpr", "atrs"):
        assert written(_sound(register), name)
    root = ET.fromstring(EXPORTS["openstreetmap"].write(_sound(register), BASE))  # noqa: S314
    assert all(len(tag.get("v", "")) <= 255 for tag in root.iter("tag"))
    assert "<script>" in tags(_sound(register).cameras[0], BASE)["operator"]


def _sound(register: Register) -> Register:
    """The same with the surrogate pairs joined, as any decoded document has them."""
    joined = HOSTILE.encode("utf-16", "surrogatepass").decode("utf-16")
    camera = register.cameras[0]
    contact = structs.replace(camera.contact, controller=joined, email=joined * 9)
    camera = structs.replace(camera, name=joined, contact=contact, law=joined)
    return structs.replace(register, cameras=(camera,), name=joined)


ELEMENTS = {
    "safety_security": ("purpose", set()),
    "fire_emergency": ("purpose", set()),
    "organization": ("accountable", {"title", "description"}),
    "perceptive_mode": ("functional_modes", set()),
    "civil_liberties_harm": ("risks_mitigation", {"mitigation"}),
    "right_access": ("rights", {"rights"}),
    "right_object": ("rights", {"rights"}),
    "right_algorithmic_transparency": ("rights", {"rights"}),
    "input_about_a_person": ("input_dataset", set()),
    "computer_vision": ("processing", set()),
    "output_about_a_measurement": ("output_dataset", {"additional_description"}),
    "available_to_the_accountable_organization": ("access", set()),
    "available_to_download": ("access", set()),
    "not_available_to_vendor": ("access", set()),
    "data_retained": ("retention", {"duration"}),
}
"""Element -> category and variables it must have, in DTPR's ai@2026-05-06-beta."""
CONTEXTS = {
    "accountable": {"vendor", "deployer"},
    "functional_modes": {"human_decides", "human_executes", "autonomous"},
    "input_dataset": {"de_identified", "pseudonymous", "identifiable"},
    "output_dataset": {"de_identified", "pseudonymous", "identifiable"},
}


def test_data_chains_fit_their_schema(published: Register) -> None:
    """Known elements only, with the variables and the context that their category asks for."""
    chains = written(published, "dtpr")
    assert [chain["id"] for chain in chains] == [
        "plainview-old",
        "plainview-plaza-north",
        "plainview-plaza-south",
    ]
    for chain in chains:
        assert chain["schema_version"] == "ai@2026-05-06-beta"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", chain["created_at"])
        present = set()
        for element in chain["elements"]:
            category, required = ELEMENTS[element["element_id"]]
            present.add(category)
            variables = {variable["id"]: variable["value"] for variable in element["variables"]}
            assert required <= set(variables)
            assert all(isinstance(value, str) and value for value in variables.values())
            if category in CONTEXTS:
                assert element["context_type_id"] in CONTEXTS[category]
            else:
                assert "context_type_id" not in element
        assert {"purpose", "accountable", "functional_modes"} <= present
    north = chains[1]["elements"]
    kept = [e for e in north if e["element_id"] == "data_retained"]
    assert [e["variables"][0]["value"] for e in kept] == ["1 day", "31 days"]


def test_atrs_records_have_both_tiers_and_say_what_nobody_answered(published: Register) -> None:
    """Every field of version 3.0 that applies is there; an unanswered one is null, not invented."""
    (record,) = written(published, "atrs")
    assert record["standard_version"] == "3.0"
    assert record["metadata"]["phase"] == "Production"
    assert list(record["tier_1"]) == ["1", "2", "3", "4"]
    assert record["tier_1"]["1"] == {"name": "Name", "value": "Crowd safety on the Plaza"}
    assert record["tier_1"]["3"]["value"] == f"{BASE}/portal/en/assessments/plaza@2"
    numbers = [number for section in record["tier_2"].values() for number in section]
    assert len(numbers) == len(set(numbers))
    for number in ("1.1", "1.3", "2.1", "2.4", "3.1", "3.6", "4.1.1", "4.2.6", "4.4.1", "5.1"):
        assert number in numbers
    owner = record["tier_2"]["owner_and_responsibility"]
    assert owner["1.1"]["value"] == "City of Sampleton"
    assert owner["1.2"]["value"] is None
    assert record["tier_2"]["decision_making_process"]["3.5"]["value"] is None


def test_an_assessment_whose_document_is_lost_still_has_its_record(city: Any) -> None:  # noqa: ANN401 - the fixture
    """The ledger knows of it, so the export says so, with what is known."""
    city.documents.clear()
    (record,) = written(city.register(), "atrs")
    assert record["tier_2"] is None
    assert record["metadata"]["reference"] == "plaza@2"
