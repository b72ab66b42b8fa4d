import os

import pytest
from tests.vault.conftest import HOUR, Custodians
from tests.vault.machine import DAYS, PACKET, Machine

from plainview.vault.age import NONCE, SEALED_CHUNK, unwrap
from plainview.vault.layout import day_of
from plainview.vault.recorder import FLUSH
from plainview.vault.ring import Ring
from plainview.vault.segment import Reader
from plainview.vault.stream import Label


def opened(machine: Machine, custodians: Custodians) -> dict[str, tuple[bool, list[bytes]]]:
    """Every recording: (complete, messages) by its path below data."""
    found = {}
    for folder in machine.layout.rings():
        ring = Ring(folder)
        private = custodians.private(ring)
        for _, slot in ring.live():
            camera = ring.cameras[slot.camera]
            path = machine.layout.recording(ring.name, camera, slot.hour, slot.part)
            label = Label(day_of(slot.hour), camera, slot.hour, slot.part)
            reader = Reader(path, unwrap(slot.wrapped, private, ring.words(slot)), label)
            name = str(path.relative_to(machine.layout.data))
            found[name] = (reader.complete, list(reader.messages()))
            reader.close()
        ring.close()
    return found


def test_each_hour_of_a_camera_is_a_file_with_a_key(
    machine: Machine, custodians: Custodians
) -> None:
    """Over an hour's end and over midnight, the day's key changes too; nothing is lost between."""
    machine.clock.advance((-HOUR) % DAYS + 23 * 3600 - 5)
    machine.frames("north", 2 * DAYS, 10)
    machine.hours(1)
    machine.clock.advance(-machine.clock.utc() % 3600 - 5)
    machine.frames("north", 2 * DAYS, 4)
    machine.clock.advance(1)
    machine.frames("north", 2 * DAYS, 5)
    machine.recorder.close()
    found = opened(machine, custodians)
    assert sorted(found) == [
        "2026-11-19/north/22-0.sealed",
        "2026-11-19/north/23-0.sealed",
        "2026-11-20/north/00-0.sealed",
        "2026-11-20/north/01-0.sealed",
    ]
    assert all(complete for complete, _ in found.values())
    assert sum(messages.count(PACKET) for _, messages in found.values()) == 19


def test_what_is_older_than_a_few_seconds_survives_a_kill(
    machine: Machine, custodians: Custodians
) -> None:
    """After a kill -9 all but the last seconds reads; the hour goes on with a key of its own."""
    machine.frames("north", DAYS, 31)
    recovered = machine.restart()
    assert recovered.cut == 1
    machine.frames("north", DAYS, 9)
    machine.recorder.close()
    first, second = sorted(opened(machine, custodians).items())
    assert not first[1][0]
    assert first[1][1].count(PACKET) >= 31 - FLUSH - 1
    assert second[1] == (True, second[1][1])
    assert second[1][1].count(PACKET) == 9


def test_a_full_disk_stops_recording_and_deletes_nothing(machine: Machine) -> None:
    """At the bound it stops, says why, and goes on when there is room again."""
    machine.bound = 3 * SEALED_CHUNK
    machine.recorder = machine._recorder()
    machine.frames("north", DAYS, 60)
    report = machine.recorder.reports()["north"]
    assert not report.recording
    assert "GB that they may" in report.why
    assert report.dropped
    (kept,) = machine.files()
    assert kept.stat().st_size > machine.bound
    kept.unlink()
    machine.clock.advance(60)
    machine.frames("north", DAYS, 5)
    assert machine.recorder.reports()["north"].recording


def test_a_disk_that_refuses_leaves_whole_chunks(machine: Machine, custodians: Custodians) -> None:
    """ENOSPC in the middle of a chunk: what was whole before is whole after, and is read."""
    machine.frames("north", DAYS, 30)
    one = machine.recorder._cameras["north"]
    assert one.writer is not None
    full = os.open("/dev/full", os.O_WRONLY)
    kept = os.dup(one.writer._fd)
    os.dup2(full, one.writer._fd)
    os.close(full)
    machine.frames("north", DAYS, 6)
    assert machine.why("north") == "the disk is full"
    os.close(kept)
    assert (machine.files()[0].stat().st_size - NONCE) % SEALED_CHUNK == 0
    machine.clock.advance(60)
    machine.frames("north", DAYS, 5)
    machine.recorder.close()
    found = opened(machine, custodians)
    assert sorted(complete for complete, _ in found.values()) == [False, True]


def test_without_keys_of_today_nothing_is_recorded(machine: Machine) -> None:
    """There is no other key to fall back to, and no file is begun."""
    machine.recorder.expect("north", DAYS)
    machine.recorder.put("north", b"start", None, entry=True)
    assert "keys of a day cannot be read" in machine.why("north")
    assert machine.files() == []


def test_a_recording_begins_where_decoding_can(machine: Machine) -> None:
    """What comes before the first entry is dropped and counted."""
    machine.ring()
    machine.recorder.expect("north", DAYS)
    machine.recorder.put("north", PACKET, None, entry=False)
    assert machine.recorder.reports()["north"].dropped == 1
    assert machine.files() == []


@pytest.mark.parametrize("term", [0.0, 7199.0])
def test_a_term_that_hours_cannot_keep_is_refused(machine: Machine, term: float) -> None:
    """Less than two hours: an hour would be due before it is over."""
    machine.frames("north", term, 2)
    assert "less than two hours" in machine.why("north")
    assert machine.files() == []


def test_a_camera_that_ends_is_closed(machine: Machine, custodians: Custodians) -> None:
    """Forgotten, or silent beyond its hour: its file is complete."""
    machine.frames("north", DAYS, 3)
    machine.frames("south", DAYS, 3)
    machine.recorder.forget("north")
    machine.hours(1.1)
    machine.recorder.turn()
    assert all(complete for complete, _ in opened(machine, custodians).values())
    assert "north" not in machine.recorder.reports()
