import asyncio
import io
import json
import sqlite3
from contextlib import ExitStack
from pathlib import Path

import nats
import pytest

from plainview.app.simulate import check_choice, simulate_city
from plainview.app.simulation.audit import audit, count
from plainview.app.simulation.gathered import Gathered
from plainview.app.simulation.job import Asked
from plainview.app.simulation.job import simulate_city as job
from plainview.app.simulation.lines import Kept, Spoken
from plainview.app.simulation.meter import Meter
from plainview.app.simulation.report import of_bins, per_camera_day
from plainview.app.simulation.servers import NATS, POSTGRES, Nats
from plainview.bus.streams import CENTRE, LEAF, centre_stream, ensure_stream, leaf_stream
from plainview.bus.wire import subject
from plainview.errors import InputError
from plainview.record import Stamped
from plainview.store import Retention, open_store
from plainview.synth.city.shape import City
from plainview.synth.city.voice import Voice

BASE = 1_700_000_000_000
SECONDS = 4


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A store that holds four seconds of seven cameras."""
    address = f"sqlite:{tmp_path / 'readings.db'}"
    store = open_store(address, Retention())
    voice = Voice(City(7, per_site=3), BASE)
    said = [
        Stamped(voice.names[camera], *voice.speak(camera, second)[:1])
        for second in range(SECONDS)
        for camera in range(7)
    ]
    store.append(said)
    store.roll_up(BASE)
    store.close()
    return address


def test_a_small_city_on_this_machine_loses_nothing() -> None:
    """One JSON object tells that all was stored, how fast, and at what cost."""
    out = io.StringIO()
    simulate_city(240, seconds=5, seed=3, bus=None, store=None, chaos=False, out=out)
    found = json.loads(out.getvalue())
    assert found["offered"] == found["stored"] == found["rolled_up"] == 240 * 5
    assert [found[k] for k in ("lost", "duplicated", "altered", "invented")] == [0, 0, 0, 0]
    assert found["refused"] == {}
    assert found["reading_to_store"]["n"] == 240 * 5
    assert found["reading_to_alert"]["person-down"]["n"] >= 2
    assert found["reading_to_alert"]["density"]["n"] >= 1
    assert found["cpu_seconds"]["plainview"] > 0
    assert found["disk_bytes_per_camera_day"] > 0


def test_every_wrong_in_a_store_is_found(url: str) -> None:
    """A Reading that is missing, changed or said by nobody: each is counted as what it is."""
    voice = Voice(City(7, per_site=3), BASE)
    whole = audit(url, voice, SECONDS)
    assert (whole.stored, whole.rolled_up) == (28, 28)
    assert (whole.lost, whole.duplicated, whole.altered, whole.invented) == (0, 0, 0, 0)
    with sqlite3.connect(url.removeprefix("sqlite:")) as raw:
        raw.execute("DELETE FROM reading WHERE t = (SELECT min(t) FROM reading)")
        raw.execute("UPDATE reading SET data = x'00' WHERE t = (SELECT max(t) FROM reading)")
        raw.execute("INSERT INTO reading VALUES (?, 1, x'00')", (BASE + 100_000,))
    raw.close()
    spoilt = audit(url, voice, SECONDS)
    assert (spoilt.stored, spoilt.lost, spoilt.altered, spoilt.invented) == (26, 1, 1, 1)
    assert count(url) == 28


@pytest.mark.parametrize("since", [-5000, 0, 1234])
def test_it_is_known_how_many_were_said(url: str, since: int) -> None:
    """Between any two moments, as the store counts them."""
    voice = Voice(City(7, per_site=3), BASE)
    for length in (1, 999, 2500):
        asked = BASE + since, min(BASE + since + length, BASE + 1000 * SECONDS - 1)
        assert voice.between(*asked) == count(url, *asked)


def test_what_a_broken_server_needs_is_said_in_one_line() -> None:
    """Servers of others are not killed, and a scene is not a city."""
    city = City(10)
    for bus, store, fault in (
        ("memory:", "", "broker killed"),
        ("nats://127.0.0.1:1", POSTGRES, "broker killed"),
        (NATS, "", "disk full"),
    ):
        with pytest.raises(InputError, match="simulation's own"):
            job(Asked(city, 1, bus, store, (fault,)), lambda _: None)
    for scene, cameras in ((None, None), ("plaza", 5)):
        with pytest.raises(InputError, match="SCENE"):
            check_choice(scene, cameras)


def test_a_bus_that_does_not_answer_is_told_at_once() -> None:
    """Before the city speaks: it would speak to nobody, and a minute later the store be wrong."""
    said: list[str] = []
    with pytest.raises(InputError, match=r"does not answer: nats://127\.0\.0\.1:1: ") as caught:
        job(Asked(City(10), 1, "nats://127.0.0.1:1"), said.append)
    assert caught.value.where == "--bus"
    assert said == []


def test_all_is_well_again_when_only_fresh_readings_come() -> None:
    """Old ones that are made up for, and lines of before the end, do not count."""
    gathered = Gathered()
    gathered.take(Kept(100.0, newest=99.5, worst=1.0, stored=5))
    gathered.take(Kept(104.0, newest=103.5, worst=4.0, stored=5))
    assert gathered.well_since(101.0) is None
    gathered.take(Kept(104.5, newest=104.2, worst=1.2, stored=5))
    assert gathered.well_since(101.0) == 104.5
    assert gathered.stored == 15
    gathered.take(Kept(105.0))
    gathered.take(Spoken(offered=15))
    assert gathered.quiet == 1


def test_quantiles_are_of_what_was_counted() -> None:
    """A bin stands for its upper end; nothing counted, nothing told."""
    told = of_bins({0: 98, 9: 1, 399: 1})
    assert (told.n, told.p50, told.p99, told.worst) == (100, 0.005, 0.05, 2.0)
    assert of_bins({}).p99 is None
    assert per_camera_day(50.0, 100) == 43_200
    assert per_camera_day(None, 100) is None


def test_a_killed_broker_and_forged_batches_lose_and_add_nothing() -> None:
    """Through a real NATS server: what is forged is not stored, what a killed broker had is,
    and each Reading once.
    """  # noqa: D205 - one sentence
    faults = "forged batches", "broker killed"
    report, whole = job(Asked(City(180), 1, NATS, "", faults), lambda _: None)
    assert whole
    assert report.offered == report.stored == report.rolled_up
    assert report.lost == report.duplicated == report.invented == 0
    assert [fault.fault for fault in report.faults] == [*faults]
    assert report.refused == {"foreign": 61}


def test_a_leaf_keeps_what_its_own_sites_say_and_nothing_else(tmp_path: Path) -> None:
    """What other sites send to the centre would be its backlog: it would all come to it again."""

    async def kept(centre: str, leaf: str) -> tuple[int, int]:
        there, here = await nats.connect(centre), await nats.connect(leaf)
        await ensure_stream(there, centre_stream(10**8, 1))
        await ensure_stream(here, leaf_stream(10**7))
        for _ in range(3):
            await there.publish(subject("d", "far"), b"x")
        said = 0
        while (await there.jsm().stream_info(CENTRE)).state.messages < 4:
            # Until the link between the two is up, only the leaf has it.
            await here.publish(subject("d", "near"), b"x")
            said += 1
            await asyncio.sleep(0.05)
        own = (await here.jsm().stream_info(LEAF)).state.messages
        for client in (there, here):
            await client.close()
        return said, own

    with ExitStack() as stack:
        meter = Meter()
        stack.callback(meter.close)
        centre = Nats(tmp_path / "centre", meter)
        stack.callback(centre.close)
        centre.start()
        leaf = Nats(tmp_path / "leaf", meter, name="leaf", centre=centre.leaves)
        stack.callback(leaf.close)
        leaf.start()
        said, own = asyncio.run(asyncio.wait_for(kept(centre.url, leaf.url), 20))
        assert said == own > 0
