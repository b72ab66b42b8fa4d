"""`plainview publish`: who is in it, what it costs, and that the ledger hears of it first."""

import contextlib
import csv
import fcntl
import json
import os
import shutil
import signal
from pathlib import Path

import msgspec
import pytest
from pyarrow import parquet
from tests.app.published import DAY, HOUR, PEOPLE, START, founded, morning_after
from tests.governance.offices import CONTROLLER, OPERATOR, SUPERVISOR

from plainview.app.cities import configured
from plainview.app.draw import Terms
from plainview.app.publish import account, publish, publish_with
from plainview.app.publishing import Permits
from plainview.civic.statistics.release import Release, decode_release
from plainview.civic.statistics.tables import FILES, FOLDER
from plainview.cli import execute
from plainview.config import load_city
from plainview.errors import InputError, PermitRefused, PlainviewError
from plainview.governance.documents import digest_of
from plainview.governance.office import Office
from plainview.governance.switch import Switch
from plainview.ledger.entry import Entry, EntryKind


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with a day of Readings; tests work on copies."""
    folder = tmp_path_factory.mktemp("published")
    founded(folder)
    return folder


@pytest.fixture
def place(origin: Path, tmp_path: Path) -> tuple[Path, Path]:
    """The city's file and a state folder of this test's own."""
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    return tmp_path / "city.toml", tmp_path / "state"


def told(state: Path) -> list[Entry]:
    """The entries about statistics."""
    with Office(state, morning_after()) as office:
        entries = [entry for _, entry in office.ledger.entries()]
    return [entry for entry in entries if entry.kind is EntryKind.STATISTICS_RELEASED]


def published(state: Path) -> Release:
    """What the portal serves of the day."""
    return decode_release((state / FOLDER / DAY / "statistics.json").read_bytes())


def test_a_day_is_recorded_and_published_in_every_form(
    place: tuple[Path, Path], tmp_path: Path
) -> None:
    """All files say the same, within what noise allows; nothing of a camera without leave."""
    city, state = place
    first, *_, last = publish(city, day=DAY, state=state, dry_run=True, clock=morning_after())
    assert first == f"{DAY}: 2 zones in 1 district, 24 hours, 4 directions of lines"
    assert "nothing was drawn" in last
    assert told(state) == []
    out = tmp_path / "out"
    publish(city, day=DAY, state=state, out=out, clock=morning_after())
    (entry,) = told(state)
    data = (state / FOLDER / DAY / "statistics.json").read_bytes()
    assert entry.detail["document"] == digest_of(data)
    assert entry.detail["epsilon_millionths"] == 6_000_000
    assert {name for name in FILES if (out / name).read_bytes()} == set(FILES)
    # Whatever is told of the yard is that it was left out.
    release = decode_release(data)
    assert [one.camera for one in release.left_out] == ["yard"]
    everything = b"".join((out / name).read_bytes() for name in FILES if "statistics" not in name)
    assert b"yard" not in everything
    assert {area.site for area in release.areas} == {"", "square"}
    zones = {area.id: area for area in release.areas if area.level == "zone"}
    deviation = release.guarantee.deviation["zone"]
    for name, zone in zones.items():
        mean = sum(figure or 0.0 for figure in zone.unbiased[:23]) / 23
        assert abs(mean - PEOPLE[name]) < 6 * deviation / 23**0.5
        assert all((figure or 0.0) >= 0 for figure in zone.occupancy)
    # The hour that was mostly blind says nothing, rather than that nobody was there.
    assert zones["south"].occupancy[23] is None
    assert release.areas[0].zones[23] == 1
    with (out / "occupancy.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 24 * len(release.areas)
    columns = parquet.read_table(out / "occupancy.parquet").to_pydict()
    assert [str(v) if v is not None else "" for v in columns["unbiased"]] == [
        row["unbiased"] for row in rows
    ]
    assert int(columns["hour"][0].timestamp() * 1000) == START
    counts = list(csv.DictReader((out / "crossings.csv").read_text().splitlines()))
    forward = [
        float(row["unbiased"])
        for row in counts
        if row["direction"] == "forward" and row["unbiased"]
    ]
    scale = release.crossing_guarantee.scale
    assert abs(sum(forward) / len(forward) - 6 * 7) < 6 * 2**0.5 * scale / len(forward) ** 0.5
    schema = json.loads((out / "statistics.schema.json").read_text())
    assert schema["$ref"] == "#/$defs/Release"


def test_a_day_is_spent_once(place: tuple[Path, Path]) -> None:
    """Again, nothing is drawn: the same bytes. Hours under another name are refused as spent."""
    city, state = place
    publish(city, day=DAY, state=state, clock=morning_after())
    before = (state / FOLDER / DAY / "statistics.json").read_bytes()
    shutil.rmtree(state / FOLDER / DAY)
    assert "nothing was drawn" in publish(city, day=DAY, state=state, clock=morning_after())[-1]
    assert (state / FOLDER / DAY / "statistics.json").read_bytes() == before
    text = city.read_text(encoding="utf-8")
    city.write_text(
        text.replace("location", 'timezone = "Europe/Paris"\nlocation'), encoding="utf-8"
    )
    with pytest.raises(InputError, match="released already"):
        publish(city, day=DAY, state=state, clock=morning_after())
    assert len(told(state)) == 1
    lines = account(state, clock=morning_after())
    assert lines[0].startswith(f"{DAY}: epsilon 6.000 of 6 at delta 1e-06")
    assert "1 released" in lines[1]


@pytest.mark.parametrize(
    ("day", "terms", "what"),
    [
        (DAY, Terms(epsilon=6.5), "6.5 is not in the account"),
        (DAY, Terms(epsilon=0.0), "0 is not in the account"),
        (DAY, Terms(epsilon=float("nan")), "nan is not in the account"),
        (DAY, Terms(crossing=1.5), "1.5 is not in the account"),
        (DAY, Terms(detections=float("inf")), "inf detections"),
        ("2026-11-17", Terms(), "not over yet"),
        ("2026-11-15", Terms(), "nothing that may be published"),
        ("yesterday", Terms(), "no date"),
        ("20261116", Terms(), "no date"),
        ("9999-12-31", Terms(), "no date"),
        (DAY, Terms(detections=0.5), "0.5 detections"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    origin: Path, day: str, terms: Terms, what: str
) -> None:
    """Nothing is recorded then."""
    city, state = origin / "city.toml", origin / "state"
    with pytest.raises(InputError, match=what):
        publish(city, day=day, terms=terms, state=state, clock=morning_after())
    assert told(state) == []


def test_the_command_says_what_it_needs_and_shows_the_account(
    origin: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a city and a day nothing is published; the account of nothing is nothing."""
    assert execute(["publish"]) == 2
    assert "Give CITY.toml and --day" in capsys.readouterr().err
    assert execute(["publish", "--account", "--state", str(origin / "state")]) == 0
    assert "nothing was released" in capsys.readouterr().out


def test_views_are_left_out_until_no_point_is_seen_twice(place: tuple[Path, Path]) -> None:
    """Then nobody is in two zones, and the noise is less by the root of two."""
    city, state = place
    assert publish(city, day=DAY, state=state, dry_run=True, clock=morning_after())
    publish(city, day=DAY, terms=Terms(overlap=1), state=state, clock=morning_after())
    release = published(state)
    assert release.guarantee.overlap == 1
    assert [area.id for area in release.areas if area.level == "zone"] == ["north"]
    assert "south" in {one.camera for one in release.left_out}


def test_a_stop_switch_keeps_one_camera_back_or_all(place: tuple[Path, Path]) -> None:
    """With publishing stopped as such, nothing is drawn; with one camera, it is left out."""
    city, state = place
    with (
        Office(state, morning_after()) as office,
        contextlib.closing(Switch(office, state)) as switch,
    ):
        for scope in ("capability:publish", "camera:north"):
            switch.press(OPERATOR, scope, "A court said so")
    with pytest.raises(PermitRefused, match="stop switch"):
        publish(city, day=DAY, state=state, clock=morning_after())
    assert told(state) == []
    with (
        Office(state, morning_after()) as office,
        contextlib.closing(Switch(office, state)) as switch,
    ):
        for person in (SUPERVISOR, CONTROLLER):
            switch.lift(person, "capability:publish", "The court said no more")
    publish(city, day=DAY, state=state, clock=morning_after())
    release = published(state)
    assert [area.id for area in release.areas if area.level == "zone"] == ["south"]
    assert "stop switch" in {one.camera: one.why for one in release.left_out}["north"]


class _Killed(Office):
    """An office whose process is killed at the entry: before it, or when it is durable."""

    after = False

    def record(self, *entries: Entry) -> list[int]:
        """Kill instead of going on."""
        if any(entry.kind is EntryKind.STATISTICS_RELEASED for entry in entries):
            if self.after:
                super().record(*entries)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().record(*entries)


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_step_nothing_is_out_without_its_entry_nor_spent_twice(
    place: tuple[Path, Path],
    after: bool,  # noqa: FBT001 - a case of the table
) -> None:
    """Before the entry all begins anew; after it the same draw is published, and no other."""
    city, state = place
    child = os.fork()
    if child == 0:
        _Killed.after = after
        with _Killed(state, morning_after()) as office:
            publish_with(office, state, load_city(city), day=DAY)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert not (state / FOLDER).exists()
    recorded = [str(entry.detail["document"]) for entry in told(state)]
    assert len(recorded) == after
    publish(city, day=DAY, state=state, clock=morning_after())
    (entry,) = told(state)
    assert recorded in ([], [entry.detail["document"]])
    data = (state / FOLDER / DAY / "statistics.json").read_bytes()
    assert digest_of(data) == entry.detail["document"]


def test_two_do_not_publish_at_once(origin: Path) -> None:
    """The second is told so, and nothing is drawn."""
    city, state = origin / "city.toml", origin / "state"
    with (state / "statistics.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(PlainviewError, match="publishing right now"):
            publish(city, day=DAY, state=state, clock=morning_after())


def test_hours_before_leave_was_given_are_in_no_release(place: tuple[Path, Path]) -> None:
    """A permit to publish reaches no data from before it: of the day, the hours after it count."""
    city, state = place
    found = load_city(city)
    with Office(state, morning_after()) as office:
        permits = Permits(office, office.standing())
        seen = configured(found)["north"].seen
        assert permits.granted("north", seen, START)
        assert not permits.granted("north", seen, START - 2 * HOUR)
        assert not permits.granted("yard", configured(found)["yard"].seen, START)
        changed = msgspec.structs.replace(seen, fingerprint="f" * 64)
        assert not permits.granted("north", changed, START)
        assert permits.refusal("north", changed)
