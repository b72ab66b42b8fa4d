"""Footpaths from files, and the ways through them."""

from pathlib import Path

import pytest
from tests.civic.exposure.cities import at, camera, geojson, metres, osm, register, streets

from plainview.civic.exposure.journey import Ground, straight_journey
from plainview.civic.exposure.network import Network, read_network
from plainview.civic.exposure.osm import read_osm
from plainview.errors import InputError

SEEN = register(
    camera("middle", 100, 0, view=(60, -20, 140, 20)),
    camera("north", 100, 200, view=(90, 190, 110, 210)),
    camera("off", 100, 100, view=(60, 80, 140, 120), running=False),
)


def network(folder: Path, data: bytes | str, name: str = "paths.geojson") -> Network:
    """The network in a file of that content."""
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return read_network(path)


def test_the_least_seen_way_goes_round_and_says_how_much_further(tmp_path: Path) -> None:
    """Straight on is seen; round the block is 200 m longer and not seen by what runs."""
    found = Ground(SEEN, network(tmp_path, streets())).journey((at(0, 0), at(200, 0)), detour=2.0)
    assert found.shortest.metres == pytest.approx(200, abs=0.5)
    assert found.shortest.running.camera_seconds == pytest.approx(80 / 1.34, abs=0.5)
    least = found.ways[-1]
    assert least.walk.name == "least seen"
    assert least.extra_metres == pytest.approx(200, abs=1)
    assert least.walk.running.camera_seconds == 0
    assert least.walk.registered.cameras == 1
    assert least.less_camera_seconds == found.shortest.running.camera_seconds
    every = Ground(SEEN, network(tmp_path, streets()), every=True)
    around = every.journey((at(0, 0), at(200, 0)), detour=2.0).ways[-1]
    assert around.extra_metres == pytest.approx(400, abs=1)
    assert around.walk.registered.camera_seconds == pytest.approx(20 / 1.34, abs=0.5)
    # A detour that is too long is not offered.
    assert every.journey((at(0, 0), at(200, 0)), detour=0.5).ways == ()


def test_each_way_is_longer_and_less_seen_than_the_one_before(tmp_path: Path) -> None:
    """Each street further off is 200 m longer and less seen: all up to twice as long are told."""
    cameras = [
        camera(f"c{i}{j}", i, j, view=(i * 100 + 2, j * 100 - 5, i * 100 + 2 + wide, j * 100 + 5))
        for i in range(6)
        for j, wide in enumerate((90, 50, 25, 10))
    ]
    ground = Ground(register(*cameras), network(tmp_path, streets(7, 7)))
    found = ground.journey((at(0, 0), at(600, 0)))
    walks = [found.shortest, *(way.walk for way in found.ways)]
    assert [walk.metres for walk in walks] == pytest.approx([600, 800, 1000, 1200], abs=1)
    seen = [walk.running.camera_seconds * 1.34 for walk in walks]
    assert seen == pytest.approx([540, 300, 150, 60], abs=2)
    assert metres(walks[0].path[0], at(0, 0)) < 0.1
    assert metres(walks[0].path[-1], at(600, 0)) < 0.1


def test_both_places_on_one_piece_of_path(tmp_path: Path) -> None:
    """The walk is the stretch between them, also backwards."""
    ground = Ground(register(), network(tmp_path, streets()))
    for places in ((at(20, 3), at(70, -3)), (at(70, 0), at(20, 0))):
        found = ground.journey(places)
        assert found.shortest.metres == pytest.approx(50, abs=0.2)
        assert found.ways == ()


def test_paths_that_do_not_join_and_places_off_them_are_refused(tmp_path: Path) -> None:
    """One clear line each; a place near a stray path goes to the large part if that is near too."""
    apart = geojson([(0, 0), (100, 0)], [(0, 900), (100, 900)], [(0, 0), (0, 50)])
    ground = Ground(register(), network(tmp_path, apart))
    with pytest.raises(InputError, match="do not join"):
        ground.journey((at(0, 0), at(50, 900)))
    with pytest.raises(InputError, match=r"--to: no footpath within 300 m .* 5\.0 km away"):
        ground.journey((at(0, 0), at(5100, 0)))
    stray = geojson([(0, 0), (100, 0), (200, 0)], [(90, 20), (110, 20)])
    found = Ground(register(), network(tmp_path, stray)).journey((at(0, 0), at(100, 20)))
    assert found.shortest.metres == pytest.approx(100, abs=0.5)


def test_without_footpaths_it_is_the_straight_line() -> None:
    """It says so, and two equal places are refused."""
    found = straight_journey(SEEN, (at(0, 0), at(200, 0)))
    assert found.straight
    assert found.shortest.metres == pytest.approx(200, abs=0.5)
    with pytest.raises(InputError, match="the same"):
        straight_journey(SEEN, (at(0, 0), at(0, 0)))


def test_openstreetmap_walks_only_where_people_may(tmp_path: Path) -> None:
    """Motorways, private ways and `foot=no` are left out, `foot=yes` is not; ends outside go."""
    nodes = {-1: (0.0, 0.0), 2: (100.0, 0.0), 3: (100.0, 100.0), 4: (0.0, 100.0)}
    ways = [
        ([-1, 2], {"highway": "footway"}),
        ([2, 3, 999], {"highway": "residential"}),
        ([3, 4], {"highway": "motorway"}),
        ([4, -1], {"highway": "service", "access": "private"}),
        ([-1, 3], {"highway": "path", "foot": "no"}),
        ([2, 4], {"highway": "trunk", "foot": "yes", "access": "no"}),
        ([-1, 2, 3], {"waterway": "river"}),
    ]
    found = network(tmp_path, osm(nodes, ways), "city.osm")
    assert sorted(found.lengths) == pytest.approx([100, 100, 141.4], abs=0.2)
    # A way that is mapped twice is one piece.
    twice = network(tmp_path, osm(nodes, [*ways, ways[0]]), "city.osm")
    assert len(twice.edges) == 3


BOMB = """<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>
<osm><node id="1" lat="&b;" lon="0"/></osm>"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BOMB, "document type"),
        ("<gpx/>", "no OpenStreetMap extract"),
        ("<osm><node id='1' lat='1' lon='nan'/></osm>", "lacks a number"),
        ("<osm><node id='1' lat='91' lon='0'/></osm>", "lacks a number"),
        ("<osm><node id='99999999999999999999' lat='1' lon='0'/></osm>", "lacks a number"),
        ("<osm><way id='1'><nd/></way></osm>", "lacks a number"),
        ("<osm>" + "<a>" * 50, "nesting"),
        ("<osm><node", "no XML"),
        ("", "no XML"),
    ],
)
def test_a_hostile_extract_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    """No entity is expanded, nothing nests deeply, no number is believed."""
    path = tmp_path / "city.osm"
    path.write_text(text)
    with pytest.raises(InputError, match=said):
        read_osm(path)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.geojson", "{", "no JSON"),
        ("x.geojson", "[]", "no GeoJSON"),
        ("x.geojson", '{"type":"FeatureCollection","features":[7]}', "no feature"),
        ("x.geojson", '{"type":"FeatureCollection","features":[]}', "no footpath"),
        ("x.geojson", '{"type":"LineString","coordinates":[["a",1]]}', "not two numbers"),
        ("x.geojson", '{"type":"LineString","coordinates":[[22,114],[22.1,114]]}', "swapped"),
        ("x.geojson", '{"type":"LineString","coordinates":[[0,0],[9,9]]}', "200 km"),
        ("x.osm.pbf", "", "osmium cat"),
        ("x.shp", "", "no file of footpaths"),
        ("x.osm", "<osm/>", "no footpath"),
    ],
)
def test_a_file_that_is_no_network_is_one_clear_line(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    """Each says what is wrong and where."""
    with pytest.raises(InputError, match=said):
        network(tmp_path, text, name)
    with pytest.raises(InputError, match="cannot be read"):
        read_network(tmp_path / "missing.osm")
